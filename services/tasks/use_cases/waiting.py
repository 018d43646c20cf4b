"""What waits for somebody beside the pieces themselves, as events say it: requests to issue, blockers, urgings, and
corrections.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kernel.directory_copy import HeadPost, head_posts, units_of_kinds
from tasks.domain.assignment import CLOSED
from tasks.storage import corrections, progress, urgings

TO_ISSUE, TO_UNBLOCK, TO_ANSWER, TO_CORRECT = (
    "order_to_issue", "blocker_to_decide", "urging_to_answer", "correction_to_decide",
)  # fmt: skip
TO_RECEIVE_DOCUMENT, TO_ANSWER_RECALL, TO_RECORD_ANSWER = (
    "document_to_receive", "recall_to_answer", "superior_answer_to_record",
)  # fmt: skip
CORRECTIONS_END_IN = frozenset({"revoked", "archived"})


def waits(
    kind: str, subject_id: str, version: int, post_id: str, unit_id: str, *, from_title: str, due: datetime | None
) -> dict:
    awaits = {"kind": kind, "post_id": post_id, "unit_id": unit_id, "from_title": from_title, "due": due}
    return done(kind, subject_id, version, post_id, unit_id) | {"awaits": awaits}


def done(kind: str, subject_id: str, version: int, post_id: str, unit_id: str) -> dict:
    return {
        "kind": kind, "subject_id": subject_id, "version": version, "post_id": post_id, "unit_id": unit_id,
        "awaits": None,
    }  # fmt: skip


def after_moves(tx, changes: Iterable[tuple[Mapping, Mapping]], now: datetime) -> dict[str, list[dict]]:
    """By piece: what ends with it, and what its new owner has to answer; each piece as it was and as it is."""
    found: dict[str, list[dict]] = {}
    rows = {row["id"]: row for _, row in changes}
    closed = [row["id"] for before, row in changes if row["state"] in CLOSED and before["state"] not in CLOSED]
    ended = [row["id"] for _, row in changes if row["state"] in CORRECTIONS_END_IN]
    given = [row["id"] for before, row in changes if row["post_id"] != before["post_id"]]

    def note(kind: str, each: Mapping, post: str) -> None:
        row = rows[each["assignment_id"]]
        found.setdefault(row["id"], []).append(done(kind, each["id"], each["version"], each[post], row["unit_id"]))

    if closed:
        for each in urgings.end_urgings(tx, closed, now):
            note(TO_ANSWER, each, "to_post_id")
        for each in progress.end_blockers(tx, closed, now):
            note(TO_UNBLOCK, each, "decides_post_id")
    if ended:
        for each in corrections.end_corrections(tx, ended, now):
            note(TO_CORRECT, each, "decides_post_id")
    if given:
        for each in urgings.hand_over_urgings(tx, given):
            found.setdefault(each["assignment_id"], []).append(of_urging(each, rows[each["assignment_id"]]))
    return found


def of_urging(urging: Mapping, row: Mapping) -> dict:
    return waits(
        TO_ANSWER, urging["id"], urging["version"], urging["to_post_id"], row["unit_id"],
        from_title=urging["from_title"], due=urging["answer_due"],
    )  # fmt: skip


def the_office(tx, now: datetime) -> HeadPost | None:
    """The post that heads the city's Office."""
    heads = head_posts(tx, [unit.id for unit in units_of_kinds(tx, ["office"], now)], now)
    return heads[0] if heads else None
