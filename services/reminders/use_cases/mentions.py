"""Whoever is mentioned in a message is nudged, once, over what he wants to be told by of mentions; many of them part by
part. Who has read it, or has muted the conversation and is not named himself, is not.
"""

from collections.abc import Mapping
from datetime import datetime

from reminders.domain.items import link_to_message, title_of
from reminders.domain.occasions import MENTION, Occasion
from reminders.storage import heeded, nudges
from reminders.storage import mentions as storage
from reminders.use_cases import attention
from reminders.use_cases.reaching import MESSAGE_SCOPES, people_of

AT_ONCE = 500


def follow(tx, message: Mapping, now: datetime) -> None:
    """As its newest version has it, in whatever order they are heard: who is new is told, who is gone is not."""
    if not storage.begin(tx, message["id"], message["version"], message["changed_at"] or message["sent_at"]):
        return
    meant = _meant(tx, message, now) if message["state"] == "said" else set()
    known = nudges.told_or_waiting(tx, message["id"], MENTION)
    if known - meant:
        nudges.drop_of(tx, message["id"], MENTION, known - meant)
    if new := sorted(meant - known):
        title = title_of(message["conversation_name"] or message["sender_title"])
        storage.tell_later(tx, message["id"], new, title, message["sender_title"])
        if len(new) <= AT_ONCE:
            tell_some(tx, now, message["id"])


def _meant(tx, message: Mapping, now: datetime) -> set[str]:
    """Of those who take part: a post is whoever answers for it; a unit its staff, or the posts of it that do."""
    named: dict[str, set[str]] = {}
    for mention in message["mentions"]:
        named.setdefault(mention["kind"], set()).add(mention["id"])
    units, posts = named.get("unit", set()), message["participant_post_ids"]
    whole = units.intersection(message["participant_unit_ids"])
    called_posts = set(storage.posts_in(tx, posts, units - whole)) if units - whole else set()
    called: set[str] = set()
    if "all" in named:
        whole, called_posts = set(message["participant_unit_ids"]), set(posts)
        called = set(message["participant_person_ids"])
    called |= storage.staff(tx, whole, now) if whole else set()
    called |= _answering(tx, called_posts, now)
    by_name = named.get("person", set()) | _answering(tx, named.get("post", set()), now)
    return (called.difference(message["muted_person_ids"]) | by_name) - {message["sender_person_id"]}


def _answering(tx, posts: set[str], now: datetime) -> set[str]:
    if not posts:
        return set()
    return {person for each in people_of(tx, posts, MESSAGE_SCOPES, now).values() for person in each}


def note_read(tx, read: Mapping) -> None:
    """In time nothing goes out to him any more, and nothing begins to."""
    heeded.note(tx, read["person_id"], read["message_ids"], read["at"])
    attention.has_read(tx, read["person_id"], read["message_ids"], read["at"])


def tell_some(tx, now: datetime, message_id: str | None = None, at_once: int = AT_ONCE) -> bool:
    """The next who are mentioned in one message, this or that which has waited longest; whether there was any."""
    message = storage.claim(tx, message_id)
    if message is None:
        return False
    part, left = message["to_tell"][:at_once], message["to_tell"][at_once:]
    people = sorted(set(part) - heeded.those_who_have(tx, message["message_id"], part))
    if people:
        attention.call_for(tx, [_mentioned(message, people)], now)
    storage.went_on(tx, message["message_id"], left)
    return True


def _mentioned(message: Mapping, people: list[str]) -> Occasion:
    """Each part is an occasion of its own."""
    return Occasion(
        subject_id=message["message_id"],
        rule=MENTION,
        rung="mentioned",
        deadline_version=message["part"],
        title=message["title"],
        text=f"{message['by_title']} nhắc đến anh/chị.",
        link=link_to_message(message["message_id"]),
        urgency="normal",
        people=people,
    )
