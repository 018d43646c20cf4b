"""Whoever is mentioned is told once, by the newest version of what was said, unless he has read it or wants no word."""

import itertools
from datetime import datetime, timedelta

import pytest

from chassis import clock
from chassis.contract import schema
from chassis.inbox import Heard
from contracts import messaging
from kernel.working_time import TZ
from reminders.service import Service
from reminders.tests.support import set_up
from reminders.use_cases import mentions
from tests.support.town import id_of, person, post, unit

MONDAY = datetime(2026, 3, 2, 9, tzinfo=TZ)
MESSAGE = id_of("message")
SENDER = person("committee vice_chairman")
HEADS = [post(f"ward-{number} head") for number in (1, 2, 3)]


def mention(kind: str, id_: str | None = None) -> dict:
    return {"kind": kind, "id": id_, "offset": 0, "length": 2}


def said(*mentions: dict, version: int = 1, change: str = "posted", **changes) -> dict:
    at = MONDAY + timedelta(minutes=version)
    message = {
        "id": MESSAGE, "conversation_id": id_of("conversation"), "number": 3, "kind": "text", "version": version,
        "state": "said", "text": "Báo cáo", "body": None, "mentions": list(mentions), "links": [], "files": [],
        "reply_to": None, "reply_to_number": None, "client_id": None, "sender_title": "Phó Chủ tịch",
        "sender_person_id": SENDER, "sender_post_id": post("committee vice_chairman"), "sent_at": MONDAY.isoformat(),
        "edited_at": None, "ended_at": None, "ended_by_person_id": None, "ended_reason": None, "expired_at": None,
        "conversation_name": "Diễn tập", "participant_post_ids": HEADS, "participant_person_ids": [],
        "participant_unit_ids": [], "change": change, "changed_at": at.isoformat() if version > 1 else None,
    }  # fmt: skip
    return message | changes


def removed(version: int) -> dict:
    return said(version=version, change="removed", state="removed", text="")


@pytest.fixture
def hear(here):
    def heard(data: dict, event=messaging.message_addressed) -> None:
        with here.store.transaction() as tx:
            handler = getattr(Service, f"on_{event.name}")
            handler(Service(), tx, Heard("", event.name, MESSAGE, 1, clock.now(), schema(event.data).load(data)))

    return heard


@pytest.fixture
def read(hear):
    def by(person_id: str) -> None:
        data = {"person_id": person_id, "conversation_id": id_of("conversation"), "number": 3, "seen": []}
        hear(data | {"message_ids": [MESSAGE], "at": MONDAY.isoformat()}, messaging.mentions_read)

    return by


def tick(here, at_once: int = 500) -> bool:
    with here.store.transaction() as tx:
        return mentions.tell_some(tx, MONDAY, at_once=at_once)


def waiting(here, channel: str = "in_app") -> list[str]:
    """Who is still to be told: each once."""
    rows = here.rows(
        "SELECT n.person_id::text AS person FROM occasions o JOIN nudges n ON n.occasion_id = o.id"
        " WHERE o.rule = 'mention' AND n.state = 'waiting' AND channel = :channel ORDER BY 1", channel=channel,
    )  # fmt: skip
    return [row["person"] for row in rows]


def people(*names: str) -> list[str]:
    return sorted(person(name) for name in names)


def test_whoever_is_mentioned_is_told_once_and_by_mail_only_if_he_wants(here, hear):
    set_up(here, "email")
    named = (mention("person", person("dept official")), mention("post", HEADS[0]), mention("person", SENDER))
    for _ in range(2):
        hear(said(*named))

    assert waiting(here) == people("dept official", "ward-1 head")
    assert waiting(here, "email") == []


def test_a_unit_of_which_only_a_post_takes_part_is_that_post(here, hear):
    hear(said(mention("unit", unit("ward-2"))))
    assert waiting(here) == people("ward-2 head")


def test_a_unit_that_takes_part_is_its_staff(here, hear):
    hear(said(mention("unit", unit("ward-2")), participant_unit_ids=[unit("ward-2")]))
    assert waiting(here) == people("ward-2 head", "ward-2 clerk", "ward-2 official")


def test_all_are_whoever_takes_part_and_nobody_for_a_vacant_post(here, hear):
    here.do("DELETE FROM copy_memberships WHERE post_id = :id", id=HEADS[2])
    hear(said(mention("all"), participant_person_ids=people("dept official")))
    assert waiting(here) == people("dept official", "ward-1 head", "ward-2 head")


def test_who_has_muted_it_is_told_only_if_he_himself_is_named(here, hear):
    muted = people("ward-1 head", "ward-2 head")
    hear(said(mention("all"), mention("post", HEADS[0]), muted_person_ids=muted))
    assert waiting(here) == people("ward-1 head", "ward-3 head")


FIRST = said(mention("post", HEADS[0]), mention("post", HEADS[1]))
EDITED = said(mention("post", HEADS[1]), mention("post", HEADS[2]), version=2, change="edited")


@pytest.mark.parametrize("order", list(itertools.permutations((FIRST, EDITED, EDITED))), ids=lambda order: "")
def test_an_edit_tells_who_is_new_and_no_more_who_is_gone(here, hear, order):
    for data in order:
        hear(data)
    assert waiting(here) == people("ward-2 head", "ward-3 head")


@pytest.mark.parametrize("order", list(itertools.permutations((FIRST, EDITED, removed(3)))), ids=lambda order: "")
def test_what_was_removed_is_told_to_nobody_in_whatever_order(here, hear, order):
    for data in order:
        hear(data)
    assert waiting(here) == [] and not tick(here)


@pytest.mark.parametrize("early", [False, True])
def test_who_has_read_it_is_not_told_and_an_edit_does_not_tell_him_either(here, hear, read, early):
    if early:
        read(person("ward-2 head"))
        hear(FIRST)
    else:
        hear(FIRST)
        read(person("ward-2 head"))
    assert waiting(here) == people("ward-1 head")
    hear(EDITED)
    assert waiting(here) == people("ward-3 head")


def test_many_are_told_part_by_part_and_what_is_removed_meanwhile_ends(here, hear, monkeypatch):
    monkeypatch.setattr(mentions, "AT_ONCE", 2)
    everybody = said(mention("unit", unit("ward-2")), participant_unit_ids=[unit("ward-2")])
    hear(everybody)
    assert waiting(here) == []
    assert tick(here, 2) and len(waiting(here)) == 2
    assert tick(here, 2) and len(set(waiting(here))) == 3
    assert not tick(here, 2)

    hear(everybody | {"id": id_of("another")})
    hear(removed(2) | {"id": id_of("another")})
    assert not tick(here) and len(waiting(here)) == 3
