"""What posts must act on: kept by events, closed by events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chassis import clock
from contracts import reminders as contract
from kernel.directory_copy import holders, posts_of_kind, working_days
from kernel.directory_copy.facts import read_state
from reminders.domain.items import (
    BREAK_GLASS_USED,
    LOOK_AFTER_IT,
    TO_ACKNOWLEDGE,
    TO_RECEIVE,
    URGENCY_RANKS,
    link_of_break_glass,
    link_to,
    link_to_item,
    nudging_rank,
    of_break_glass,
    of_extension,
    of_piece,
    of_waiting,
)
from reminders.domain.ladders import in_words, next_morning, version_of
from reminders.domain.occasions import DIRECTIVE, EXPRESS, WAITING, Occasion
from reminders.domain.texts import KINDS, OTHER
from reminders.storage import items as storage
from reminders.use_cases import attention
from reminders.use_cases.reaching import ITEM_SCOPES, people_of, scopes_of

URGENCIES = {rank: urgency for urgency, rank in URGENCY_RANKS.items()}
AT_ONCE = 100  # of each urgency
SOON, YOUNG = timedelta(minutes=1), timedelta(minutes=10)


def raise_items(tx, order: Mapping, version: int) -> None:
    """An order was given: the head of every unit in it has something to receive, and no leader need issue it."""
    at = order["issued_at"]
    raised = _raise(tx, order)
    taken = take(tx, [of_waiting(order, one, at) for one in order["waiting"]])
    say(tx, raised, taken.closed, subject=order["task_id"], version=version, at=at)


def follow_document(tx, document: Mapping, subject: str, version: int) -> None:
    """A document waits for the Office, or does no longer; the orders that came out of it are all raised at once."""
    at = document["at"]
    raised = [item for order in document["orders"] for item in _raise(tx, order)]
    about = document | {"task_id": None}
    taken = take(tx, [of_waiting(about, one, at) for one in document["waiting"]])
    say(tx, [*raised, *taken.raised], taken.closed, subject, version, at)


def _raise(tx, order: Mapping) -> Sequence[Mapping]:
    shared = {
        "kind": TO_RECEIVE,
        "version": 1,
        "task_id": order["task_id"],
        "title": order["title"],
        "from_title": order["assigner_title"],
        "urgency_rank": URGENCY_RANKS[order["urgency"]],
        "raised_at": order["issued_at"],
    }
    each = [
        {
            "id": clock.new_id(),
            "subject_id": piece["id"],
            "post_id": piece["post_id"],
            "unit_id": piece["unit_id"],
            "due": piece["current_due"],
            "link": link_to(TO_RECEIVE, piece["id"], order["task_id"]),
        }
        for piece in order["assignments"]
    ]
    return storage.raise_all(tx, shared, each)


def follow_pieces(
    tx, act: Mapping, pieces: Sequence[Mapping], subject: str, version: int, nudging: bool = True
) -> None:  # fmt: skip
    """Pieces moved on: what waited no longer does, or waits for somebody else, who is nudged about it."""
    at = act["at"]
    known = [of_piece(piece, at) for piece in pieces]
    known += [of_extension(piece, piece["extension"], at) for piece in pieces if piece["extension"]]
    known += [of_waiting(piece, each, at) for piece in pieces for each in piece["waiting"]]
    _follow(tx, known, subject, version, at, nudging)


def raise_break_glass(tx, use: Mapping, version: int, now: datetime) -> None:
    """Somebody has signed in with the sealed account: every other administrator is nudged, each time anew, and has it
    before him until the account is sealed again.
    """
    account_id, at = use["account_id"], use["at"]
    if storage.break_glass_version(tx, account_id, version) > version:
        return  # it has been sealed since
    administrators = posts_of_kind(tx, "administrator", at, without=use["person_id"])
    known = [of_break_glass(account_id, version, post_id, unit_id, at) for post_id, unit_id in administrators]
    _kept(tx, known)
    say(tx, storage.change_all(tx, known), [], account_id, version, at)
    held = holders(tx, [post_id for post_id, _ in administrators], now)
    people = {person for each in held.values() for person in each} - {use["person_id"]}
    attention.call_for(tx, [_use_of_break_glass(account_id, at, sorted(people))], now)


def _use_of_break_glass(account_id: str, at: datetime, people: Sequence[str]) -> Occasion:
    return Occasion(
        subject_id=account_id,
        rule=BREAK_GLASS_USED,
        rung="used",
        deadline_version=version_of(at),
        title=LOOK_AFTER_IT,
        text=f"Tài khoản khẩn cấp được dùng lúc {in_words(at, EXPRESS)}.",
        link=link_of_break_glass(account_id),
        urgency=EXPRESS,
        people=people,
    )


def close_break_glass(tx, sealing: Mapping, version: int) -> None:
    """It has been sealed again."""
    account_id, at = sealing["account_id"], sealing["at"]
    if storage.break_glass_version(tx, account_id, version) == version:
        attention.stop(tx, [account_id])
    say(tx, [], storage.close_all(tx, BREAK_GLASS_USED, version, at), account_id, version, at)


def follow_extension(tx, change: Mapping) -> None:
    """More time was asked for, or that was decided."""
    known = [of_extension(change, change, change["at"])]
    known += [of_waiting(change, each, change["at"]) for each in change["waiting"]]
    _follow(tx, known, change["extension_id"], change["version"], change["at"])


def follow_waiting(tx, act: Mapping, subject: str, version: int) -> None:
    """Something else than a piece waits, or no longer does; a correction may have moved its piece as well."""
    at = act["at"]
    pieces = act.get("pieces", ())
    known = [of_piece(piece, at) for piece in pieces]
    known += [of_waiting(about, each, at) for about in (act, *pieces) for each in about["waiting"]]
    _follow(tx, known, subject, version, at)


def _follow(
    tx, known: Sequence[Mapping], subject: str, version: int, at: datetime, nudging: bool = True
) -> None:  # fmt: skip
    """Only whoever really gains or loses an item hears it."""
    taken = take(tx, known, nudging)
    say(tx, taken.raised, taken.closed, subject, version, at)


class Taken(NamedTuple):
    """The items that opened, those that closed, as they were before, and all of which something newer is known."""

    raised: Sequence[Mapping] = ()
    closed: Sequence[Mapping] = ()
    newer: Sequence[Mapping] = ()


def take(tx, known: Sequence[Mapping], nudging: bool = True) -> Taken:
    """Items as they are said to be; what is older than what is known already changes nothing."""
    if not known:
        return Taken()
    before = {row["subject_id"]: row for row in _kept(tx, known)}
    newer = [each for each in known if each["version"] > before[each["subject_id"]]["version"]]
    if not newer:
        return Taken()
    opens = {each["subject_id"] for each in newer if each["open"] and not _is_same(before[each["subject_id"]], each)}
    after = storage.change_all(tx, [
        each | {"nudge_at": each["raised_at"]} if nudging and each["subject_id"] in opens else each for each in newer
    ])  # fmt: skip
    raised = [row for row in after if row["subject_id"] in opens]
    earlier = [before[row["subject_id"]] for row in after if not row["open"] or row["subject_id"] in opens]
    closed = [row for row in earlier if row["open"]]
    if closed:
        attention.no_longer_waits(tx, [row["subject_id"] for row in closed])
    return Taken(raised, closed, after)


def _kept(tx, known: Sequence[Mapping]) -> list[Mapping]:
    return storage.keep_places(tx, [{**each, "id": clock.new_id()} for each in known])


def _is_same(before: Mapping, after: Mapping) -> bool:
    return before["open"] and all(before[name] == after.get(name) for name in ("kind", "post_id", "person_id"))


OF_EACH = ("kind", "task_id", "title", "from_title", "urgency")


def say(
    tx, raised: Sequence[Mapping], closed: Sequence[Mapping], subject: str, version: int, at: datetime
) -> None:  # fmt: skip
    if raised:
        each = [shown(row) for row in raised]
        shared = {name: each[0][name] for name in OF_EACH}
        own = [
            {name: value for name, value in row.items() if name not in OF_EACH or value != shared[name]} for row in each
        ]
        data = shared | {"raised_at": at, "items": own, "closed": closed}
        tx.emit(contract.action_items_raised, subject=subject, version=version, data=data)
    elif closed:
        data = {"closed_at": at, "items": closed}
        tx.emit(contract.action_items_closed, subject=subject, version=version, data=data)


def shown(row: Mapping) -> dict:
    return dict(row, urgency=URGENCIES[row["urgency_rank"]])


def nudge_some(tx, now: datetime) -> tuple[int, timedelta]:
    """Whoever answers for what has begun to wait is nudged, once. How many were looked at, and how late the latest."""
    rows = storage.claim_to_nudge(tx, now, AT_ONCE)
    if not rows or not read_state(tx).filled:
        return 0, timedelta()
    posts = defaultdict(set)
    for row in rows:
        if row["post_id"]:
            posts[_scopes(row)].add(row["post_id"])
    people = {scopes: people_of(tx, each, scopes, now) for scopes, each in posts.items()}

    def whom(row: Mapping) -> Sequence[str]:
        if row["person_id"]:
            return (row["person_id"],)
        return people[_scopes(row)].get(row["post_id"], ())

    reached = [row for row in rows if whom(row)]
    attention.call_for(tx, [_beginning(row, whom(row)) for row in reached], now)
    storage.nudge_next(tx, reached, None)
    if nobody := [row for row in rows if not whom(row)]:
        storage.nudge_next(tx, [row for row in nobody if _is_looked_for_soon(row, now)], now + SOON)
        later = [row for row in nobody if not _is_looked_for_soon(row, now)]
        storage.nudge_next(tx, later, next_morning(working_days(tx), now))
    return len(rows), max(now - row["nudge_at"] for row in rows)


def _is_looked_for_soon(row: Mapping, now: datetime) -> bool:
    """What was just heard may be about a post of which the copy of the directory hears a moment later."""
    return URGENCIES[nudging_rank(row)] == EXPRESS or now - row["raised_at"] < YOUNG


def _scopes(row: Mapping) -> tuple[str, ...]:
    return ITEM_SCOPES if row["origin"] else scopes_of(row["kind"])


def _beginning(row: Mapping, people: Sequence[str]) -> Occasion:
    is_directive = row["kind"] == TO_ACKNOWLEDGE
    urgency = URGENCIES[nudging_rank(row)]
    return Occasion(
        subject_id=row["subject_id"],
        rule=DIRECTIVE if is_directive else WAITING,
        rung="raised" if is_directive else "opened",
        deadline_version=row["version"],
        title=row["title"],
        text=_asked_by(row, urgency) if is_directive else KINDS.get(row["kind"], OTHER),
        link=link_to_item(row["id"]) if row["origin"] else row["link"],
        urgency=urgency,
        people=people,
    )


def _asked_by(row: Mapping, urgency: str) -> str:
    return f"{row['from_title']} yêu cầu xác nhận đến {in_words(row['due'], urgency)}."
