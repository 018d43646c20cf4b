"""Whoever is mentioned in a message is nudged, once, over what he wants to be told by of mentions."""

from collections.abc import Mapping
from datetime import datetime

from kernel.directory_copy import answering
from reminders.domain.items import link_to_message, title_of
from reminders.domain.occasions import MENTION, Occasion
from reminders.storage import mentions as storage
from reminders.use_cases import attention
from reminders.use_cases.reaching import MESSAGE_SCOPES


def follow(tx, message: Mapping, now: datetime) -> None:
    """A unit is its staff, a post whoever answers for it, and `all` whoever takes part: as they are now."""
    named: dict[str, set[str]] = {}
    for mention in message["mentions"]:
        named.setdefault(mention["kind"], set()).add(mention["id"])
    if not named:
        return
    if "all" in named:
        for kind in ("post", "person", "unit"):
            named.setdefault(kind, set()).update(message[f"participant_{kind}_ids"])
    posts, people = named.get("post", set()), set(named.get("person", ()))
    people.update(person for each in answering(tx, posts, MESSAGE_SCOPES, now).values() for person in each)
    people |= storage.staff(tx, named.get("unit", ()), now)
    people.discard(message["sender_person_id"])
    if people:
        attention.call_for(tx, [_mentioned(message, sorted(people))], now)


def forget(tx, message_id: str) -> None:
    """What was removed or withdrawn is told to nobody any more."""
    attention.stop(tx, [message_id])


def _mentioned(message: Mapping, people: list[str]) -> Occasion:
    return Occasion(
        subject_id=message["id"],
        rule=MENTION,
        rung="mentioned",
        deadline_version=1,
        title=title_of(message["conversation_name"] or message["sender_title"]),
        text=f"{message['sender_title']} nhắc đến anh/chị.",
        link=link_to_message(message["id"]),
        urgency="normal",
        people=people,
    )
