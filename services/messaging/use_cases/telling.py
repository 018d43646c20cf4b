"""What is told of a message, in one event: to whoever takes part, and if it calls for somebody to reminders as well."""

from collections.abc import Mapping
from datetime import datetime

from chassis import clock
from contracts import messaging as contract
from messaging.domain.conversations import Addressees
from messaging.storage import mentions as storage


def tell_posted(tx, message: Mapping, conversation_name: str | None, reached: Addressees) -> None:
    """`message` as it is shown, with `asked`, if it asks somebody."""
    told = dict(message) | {"conversation_name": conversation_name} | reached.told()
    if message["mentions"] or message.get("asked"):
        _tell_addressed(tx, told | {"change": "posted", "changed_at": None}, message["sent_at"])
    else:
        tx.emit(contract.message_posted, subject=told["conversation_id"], version=told["number"], data=told)


def tell_changed(
    tx, before: Mapping, message: Mapping, change: str, conversation_name: str | None, reached: Addressees,
    now: datetime,
) -> None:  # fmt: skip
    """Whom it named before, or asks, may be called for no more."""
    told = dict(message) | {"change": change, "changed_at": now, "conversation_name": conversation_name}
    told |= reached.told()
    if before["mentions"] or message["mentions"] or message.get("asked"):
        _tell_addressed(tx, told, now)
    else:
        tx.emit(contract.message_changed, subject=told["id"], version=told["version"], data=told)


def _tell_addressed(tx, told: dict, now: datetime) -> None:
    by_group = any(mention["kind"] in ("all", "unit") for mention in told["mentions"])
    muted = storage.muted(tx, told["conversation_id"], now) if by_group else []
    data = told | {"muted_person_ids": muted}
    tx.emit(contract.message_addressed, subject=told["id"], version=told["version"], data=data)


def tell_mentions_read(tx, person_id: str, conversation_id: str, message_ids: list[str], now: datetime) -> None:
    """Nobody need tell him any more that he is mentioned there."""
    data = {"person_id": person_id, "conversation_id": conversation_id, "message_ids": message_ids, "at": now}
    tx.emit(contract.mentions_read, subject=clock.new_id(), version=1, data=data)
