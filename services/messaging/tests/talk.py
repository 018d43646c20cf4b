"""Speaking in the conversations of orders, for tests."""

import itertools
from dataclasses import dataclass, field

import pytest

from contracts import messaging
from messaging.use_cases import cases
from tests.support.orders import issued
from tests.support.town import claims

HEAD, VICE, SUPPORT = claims("ward-1 head"), claims("committee vice_chairman"), claims("ward-2 head")


@dataclass
class Talk:
    here: object
    caller: object
    keys: object = field(default_factory=itertools.count)

    def open_case(self, name: str) -> str:
        with self.here.store.transaction() as tx:
            cases.open_case(tx, issued(name))
        listed = self.caller(messaging.list_conversations, {}, claims=VICE)["items"]
        return next(conversation["id"] for conversation in listed if conversation["name"] == name)

    def say(self, conversation_id: str, text: str, who: dict = VICE, key: str | None = None, **more) -> dict:
        request = {"conversation_id": conversation_id, "text": text, "idempotency_key": key or f"say-{next(self.keys)}"}
        return self.caller(messaging.post_message, request | more, claims=who)

    def act(self, procedure, message: dict, who: dict = VICE, version: int | None = None, **more) -> dict:
        request = {"id": message["id"], "version": version, "idempotency_key": f"act-{next(self.keys)}"}
        return self.caller(procedure, request | more, claims=who)

    def list(self, conversation_id: str, who: dict = HEAD, **more) -> list[dict]:
        asked = {"conversation_id": conversation_id} | more
        return self.caller(messaging.list_messages, asked, claims=who)["items"]

    def search(self, q: str, who: dict = HEAD, **more) -> dict:
        return self.caller(messaging.search_messages, {"q": q} | more, claims=who)


@pytest.fixture
def talk(here, caller) -> Talk:
    return Talk(here, caller)


@pytest.fixture
def case(talk) -> str:
    return talk.open_case("Diễn tập")
