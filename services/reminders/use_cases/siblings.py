"""What siblings say that waits for somebody here: heard in any order, placed as soon as it is known whose it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from marshmallow import ValidationError

from chassis.contract import schema
from chassis.inbox import Heard, Unacceptable
from contracts.fields import ORIGIN_ID
from contracts.inbound import WaitingItem
from kernel.directory_copy import heads_by_code, newest_version, people_with_posts, units_of_posts
from reminders.domain import items as rules
from reminders.storage import items as storage
from reminders.use_cases import watching
from reminders.use_cases.items import say, take

log = structlog.get_logger()

MOST_CHANGES = 2**31 - 1
MOST_UNPLACED = 5_000  # of a sibling
AT_ONCE = 100
WHOM = ("unit_code", "post_id", "person_id")
PLACES = ("unit", "post", "membership")  # the facts by which somebody is found


def follow_item(tx, event: Heard, now: datetime) -> None:
    """Something waits there, as it is now; it may have been closed since."""
    copy = newest_version(tx, PLACES)  # first: what comes while we look is looked for once more
    _understood(event)
    subject_id = rules.subject_of(event.origin, event.subject)
    [whom] = _whom(tx, [event.data], now)
    if whom is None:
        if storage.count_unplaced(tx, event.origin, subject_id, MOST_UNPLACED) >= MOST_UNPLACED:
            raise Unacceptable(f"{MOST_UNPLACED} wait already for posts that nobody knows")
        kept = rules.kept_of_sibling(event.origin, subject_id, event.version, now)
        item = kept | {"unplaced": schema(WaitingItem).dump(event.data), "tried": copy}
    else:
        item = rules.of_sibling(event.origin, subject_id, event.version, event.data, whom, now)
    _follow(tx, item, now)


def close_item(tx, event: Heard, now: datetime) -> None:
    """It waits there no longer; it keeps its place, so that what comes late does not open it."""
    _understood(event)
    subject_id = rules.subject_of(event.origin, event.subject)
    _follow(tx, rules.kept_of_sibling(event.origin, subject_id, event.version, now), now)


def place_some(tx, now: datetime) -> bool:
    """Some of what was said for posts that nobody knew: the directory has changed since. Whether there were any."""
    copy = newest_version(tx, PLACES)
    rows = storage.next_unplaced(tx, copy, AT_ONCE)
    if not rows:
        return False
    said = [_said(row) for row in rows]
    found, missing = [], []
    for row, data, whom in zip(rows, said, _whom(tx, said, now), strict=True):
        if whom is None:
            missing.append(row["id"])
        else:
            found.append(rules.of_sibling(row["origin"], row["subject_id"], row["version"], data, whom, now))
    storage.note_tried(tx, missing, copy)
    if found:
        opened = storage.change_all(tx, [item | {"nudge_at": now} for item in found])
        watching.follow_items(tx, opened, now)
        say(tx, opened, [], opened[0]["subject_id"], opened[0]["version"], now)
    return True


def _said(row: Mapping) -> Mapping:
    """What was kept. What is not understood any more is for nobody; the others' posts may be known now."""
    try:
        return schema(WaitingItem).load(row["unplaced"])
    except ValidationError:
        log.exception("what a sibling said is not understood any more", item=row["id"])
        return dict.fromkeys(WHOM)


def _understood(event: Heard) -> None:
    if not ORIGIN_ID.fullmatch(event.subject):
        raise Unacceptable("the subject is not an id")
    if not 1 <= event.version <= MOST_CHANGES:
        raise Unacceptable("the version is not one")


def _follow(tx, item: Mapping, now: datetime) -> None:
    taken = take(tx, [item])
    watching.follow_items(tx, taken.newer, now)
    say(tx, taken.raised, taken.closed, item["subject_id"], item["version"], now)


def _whom(tx, said: Sequence[Mapping], now: datetime) -> list[dict | None]:
    """For each the head of the unit, the post or the person; None where nobody here is known so."""
    named = {name: {data[name] for data in said if data[name]} for name in WHOM}
    heads = heads_by_code(tx, named["unit_code"], now) if named["unit_code"] else {}
    units = units_of_posts(tx, named["post_id"], now) if named["post_id"] else {}
    people = people_with_posts(tx, named["person_id"], now) if named["person_id"] else set()
    found = []
    for data in said:
        code, post_id, person_id = (data[name] for name in WHOM)
        if code in heads:
            found.append(dict(zip(("post_id", "unit_id"), heads[code], strict=True)))
        elif post_id in units:
            found.append({"post_id": post_id, "unit_id": units[post_id]})
        else:
            found.append({"person_id": person_id} if person_id in people else None)
    return found
