"""What was heard, as rows of the live log: one for each thing that happened, however many may see it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import orjson

from chassis.http.streams import encode_event
from gateway import storage
from kernel.directory_copy import read_state

# rows that are not for clients: they end streams
ENDINGS = (SESSION_ENDED, CAPACITIES_CHANGED) = ("session_ended", "capacities_changed")
CAPACITY_FACTS = ("membership", "delegation", "post", "unit")


def key_of_post(post_id: str) -> str:
    return f"post:{post_id}"


def key_of_person(person_id: str) -> str:
    return f"person:{person_id}"


def key_of_session(session_id: str) -> str:
    return f"session:{session_id}"


def tell_items(tx, name: str, data: dict) -> None:
    """Items for many posts in one row; each stream gets what is common and its own."""
    own = defaultdict(list)
    for item in data.pop("items"):
        own[key_of_post(item["post_id"])].append(item)
    if own:
        storage.append_live(tx, name, list(own), data, own)


def tell_posts(tx, name: str, post_ids: list[str], data: dict) -> None:
    """The same for everyone whom it concerns."""
    if post_ids:
        storage.append_live(tx, name, [key_of_post(post_id) for post_id in dict.fromkeys(post_ids)], data, {})


def tell_sessions_ended(tx, session_ids: list[str]) -> None:
    storage.append_live(tx, SESSION_ENDED, [key_of_session(session_id) for session_id in session_ids], {}, {})


@contextmanager
def capacities_watched(tx, facts: Iterable[dict]) -> Iterator[None]:
    """Whoever gains or loses a capacity by facts that are taken meanwhile must hear what is his, and nothing else,
    from now on: his streams end, and come back with the posts that he serves then.
    """
    ids = [fact["id"] for fact in facts if fact["kind"] in CAPACITY_FACTS]
    if not ids or not read_state(tx).filled:  # before the first fill nobody is known, and nobody has a stream
        yield
        return
    before = storage.capacity_holders(tx, ids)
    yield
    if concerned := sorted(before | storage.capacity_holders(tx, ids)):
        storage.append_live(tx, CAPACITIES_CHANGED, [key_of_person(each) for each in concerned], {}, {})


def chunks_for(row, audience: frozenset[str]) -> list[bytes]:
    """A row as one of its recipients sees it: one event, or one for each part that is his own."""
    if row.type in ENDINGS:
        return []
    if not row.per_recipient:
        return [encode_event(row.type, orjson.dumps(row.common), row.id)]
    parts = [part for key in sorted(audience & row.per_recipient.keys()) for part in row.per_recipient[key]]
    return [encode_event(row.type, orjson.dumps(row.common | part), row.id) for part in parts]
