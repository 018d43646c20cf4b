"""What was heard, as rows of the live log: one for each thing that happened, however many may see it."""

import itertools
import math
import re
from collections import defaultdict

import orjson

from chassis.http.streams import encode_event
from gateway import storage
from kernel.directory_copy import Address

# rows that are not for clients: they end streams
ENDINGS = (SESSION_ENDED, CAPACITIES_CHANGED) = ("session_ended", "capacities_changed")

# how far one has heard: a row, and in it the last part that was one's own; as an event id "17", or "17.2" when there
# are more parts to come
Position = tuple[int, float]
WHOLE = math.inf
EVENT_ID = r"^([0-9]{1,18})(?:\.([0-9]{1,9}))?$"

INSIDE = ("pieces", "awaits", "extension", "waiting", "concerns")


def said(position: Position) -> str:
    row, place = position
    return str(row) if place == WHOLE else f"{row}.{place}"


def heard(event_id: str) -> Position | None:
    """The position that an event id says; None: it says none."""
    found = re.fullmatch(EVENT_ID[1:-1], event_id)
    return found and (int(found[1]), int(found[2]) if found[2] else WHOLE)


def key_of_post(post_id: str) -> str:
    return f"post:{post_id}"


def key_of_person(person_id: str) -> str:
    return f"person:{person_id}"


def key_of_address(address: str) -> str:
    """Of all whom an address reaches: of a unit more than its own staff, so it is no `unit:` of a conversation."""
    return f"to:{address}"


def key_of_unit(unit_id: str) -> str:
    """Of a unit's staff."""
    return f"unit:{unit_id}"


def key_of_session(session_id: str) -> str:
    return f"session:{session_id}"


def tell_items(tx, name: str, data: dict) -> None:
    """Items for many posts and people in one row; each stream gets what is common and its own."""
    own = defaultdict(list)
    for item in data.pop("items"):
        key = key_of_post(item["post_id"]) if item["post_id"] else key_of_person(item["person_id"])
        own[key].append(item)
    if own:
        storage.append_live(tx, name, list(own), data, own)


def tell_person(tx, name: str, person_id: str, data: dict) -> None:
    _tell(tx, name, [key_of_person(person_id)], data)


def tell_people(tx, name: str, data: dict, part: str) -> None:
    """To each of many people what he alone is told in this part of an event, in one row."""
    own = defaultdict(list)
    for told in data.pop(part):
        own[key_of_person(told.pop("person_id"))].append(told)
    storage.append_live(tx, name, list(own), data, own)


def tell_posts(tx, name: str, post_ids: list[str], data: dict) -> None:
    """The same for everyone whom it concerns."""
    if post_ids:
        storage.append_live(tx, name, [key_of_post(post_id) for post_id in dict.fromkeys(post_ids)], data, {})


def tell_addressed(tx, name: str, to: list[dict], data: dict) -> None:
    """To whoever these addresses reach: one row, be it a person or the city."""
    storage.append_live(tx, name, [key_of_address(str(Address(each["kind"], each["id"]))) for each in to], data, {})


def tell_taking_part(tx, name: str, data: dict) -> None:
    """The same for everyone who takes part in a conversation: by post, in person, as one of a unit's staff."""
    told = [data.pop(f"participant_{kind}_ids") for kind in ("post", "person", "unit")]
    _tell(tx, name, _keys(*told), data)


def tell_concerned(tx, name: str, data: dict) -> None:
    """The same for everyone whom a receipt concerns."""
    told = [data.pop(each) for each in ("concerns", "concerned_person_ids", "concerned_unit_ids")]
    _tell(tx, name, _keys(*told), data)


def tell_parts(tx, data: dict) -> None:
    """To each what became of his own part in a conversation."""
    own = defaultdict(list)
    for part in data.pop("changed"):
        for each in part["participants"]:
            [key] = _keys(*([each[name]] if each[name] else [] for name in ("post_id", "person_id", "unit_id")))
            own[key].append(part | {"participants": [each]})
    common = data | {"actor_person_id": None, "acting_for": None}
    storage.append_live(tx, "conversation_changed", list(own), common, own)


def _keys(post_ids: list[str], person_ids: list[str], unit_ids: list[str]) -> list[str]:
    return [*map(key_of_post, post_ids), *map(key_of_person, person_ids), *map(key_of_unit, unit_ids)]


def _tell(tx, name: str, keys: list[str], data: dict) -> None:
    if keys:
        storage.append_live(tx, name, keys, data, {})


def tell_pieces(tx, act: dict, pieces: list[dict]) -> None:
    """To each owner what became of his piece by an act that was about something else."""
    own = defaultdict(list)
    for piece in pieces:
        if piece["change"] != "issued":  # he hears that once, as something to receive
            own[key_of_post(piece["post_id"])].append(shown(piece))
    if own:
        common = {name: act[name] for name in ("at", "actor_person_id", "acting_for", "reason")} | {"result_id": None}
        storage.append_live(tx, "assignment_changed", list(own), common, own)


def shown(change: dict) -> dict:
    """A change without what only services need."""
    return {name: value for name, value in change.items() if name not in INSIDE}


def tell_sessions_ended(tx, session_ids: list[str]) -> None:
    storage.append_live(tx, SESSION_ENDED, [key_of_session(session_id) for session_id in session_ids], {}, {})


def tell_capacities_changed(tx, person_ids: list[str]) -> None:
    storage.append_live(tx, CAPACITIES_CHANGED, [key_of_person(each) for each in person_ids], {}, {})


def parts_of(row) -> dict[str, list[tuple[int, dict]]]:
    """What a row tells each alone, every part with its place among all of the row's."""
    places = itertools.count()
    own = row.per_recipient
    return {key: [(next(places), part) for part in own[key]] for key in sorted(own)}


def chunks_for(row, parts: dict, audience: frozenset[str], after: Position) -> list[bytes]:
    """A row as one of its recipients sees it after a position: one event, or one for each part that is his own."""
    if row.type in ENDINGS:
        return []
    if not row.per_recipient:
        return [encode_event(row.type, orjson.dumps(row.common), row.id)] if (row.id, 0) > after else []
    own = [each for key in sorted(audience & parts.keys()) for each in parts[key]]
    return [
        encode_event(row.type, orjson.dumps(row.common | part), said((row.id, WHOLE if number == len(own) else place)))
        for number, (place, part) in enumerate(own, 1)
        if (row.id, place) > after
    ]
