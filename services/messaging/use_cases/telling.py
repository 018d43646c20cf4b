"""What is told of a message, in one event: to whoever takes part, and if it names somebody to reminders as well."""

from collections.abc import Mapping, Sequence
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


def tell_read(tx, read: Mapping, named_in: Sequence[str]) -> None:
    """`named_in`: what he has read that mentions him: nobody need tell him any more."""
    if named_in:
        told = dict(read) | {"message_ids": named_in}
        tx.emit(contract.mentions_read, subject=clock.new_id(), version=1, data=told)
    else:
        tx.emit(contract.conversation_read, subject=clock.new_id(), version=1, data=dict(read))
