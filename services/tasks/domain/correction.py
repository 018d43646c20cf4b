"""Đính chính: a fact that was entered wrongly is put right, proposed by one and decided by another. A unit that
disputes how it was classified proposes one as well: the same way, the same log.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from itertools import permutations

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import end_of_day, today
from tasks.domain.assignment import OPEN, Piece, decides, owns, owns_or_serves
from tasks.domain.extension import decided_above
from tasks.domain.order import FARTHEST_DUE
from tasks.domain.sight import CITY_OFFICE

GRADES = ("not_met", "met", "good", "excellent")
DATES = ("original_due", "current_due", "done_on", "document_issued_on")
CLASSIFIES = frozenset({"grade", "done_on", "original_due", "current_due"})
OF_RESULT = frozenset({"document_number", "document_issued_on"})
DECIDE_DAYS = 2
CORRECTED_IN = OPEN | {"completed"}
ROLES = {  # from and to: the lead of joint work stays, and of an order somebody always leads
    "joint": {("support", "inform"), ("inform", "support")},
    "each": {("inform", "lead")},
}
INSIDE = set(permutations(("lead", "support", "inform"), 2))


def permit_proposal(piece: Piece, followers: Collection[str], actor: Actor, *, pending: bool) -> None:
    """Whoever has to do with it: the unit, whoever ordered or follows it, the Office."""
    in_office = actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE
    follows = not piece.is_child and actor.post_id in followers
    if not (owns_or_serves(piece, actor) or decides(piece, actor) or follows or in_office):
        raise Refused("not_authorised", "A correction is not for this post to propose.", action="propose_correction")
    if piece.state not in CORRECTED_IN:
        raise Refused("wrong_state", f"Nothing is corrected in state {piece.state}.", state=piece.state)
    if pending:
        raise Refused("correction_pending", "One at a time: the one before is not decided yet.")


def kind_of(piece: Piece, field: str, actor: Actor) -> str:
    """The owner of what is done disputes its classification; anything else is a slip of the pen."""
    return "dispute" if piece.state == "completed" and field in CLASSIFIES and owns(piece, actor) else "correction"


def decider(piece: Piece, actor: Actor, office: str | None) -> str:
    """Another than proposes: whoever ordered it; on what he proposes the Office decides, inside a unit the owner."""
    if not decides(piece, actor):
        return piece.assigner_post_id
    other = piece.post_id if piece.is_child else office
    if other is None:
        raise Refused("no_such_level", "There is nobody else to decide.", field="field")
    return other


def permit_decision(correction: Mapping, verb: str, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids to accept, refuse or withdraw it."""
    if verb == "withdraw_correction":
        if actor.post_id != correction["proposed_by_post_id"]:
            raise Refused("not_authorised", "Whoever proposed it withdraws it.", action=verb)
    elif actor.post_id != correction["decides_post_id"]:
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    elif actor.person_id == correction["proposed_by_person_id"]:
        raise Refused("own_correction", "Nobody decides on a correction that he himself proposed.")
    if correction["state"] != "pending":
        raise Refused(
            "already_decided", "It was decided already.", state=correction["state"],
            at=correction["decided_at"].isoformat(), actor_person_id=correction["decided_by_person_id"],
        )  # fmt: skip
    if version is not None and version != correction["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=correction["version"])


def present(field: str, row: Mapping, result: Mapping | None) -> str | None:
    """The fact as it stands, as it is written down."""
    if field in OF_RESULT:
        value = result and result[field]
    elif field == "done_on":
        value = row["done_at"] and today(row["done_at"])
    elif field in DATES:
        value = row[field] and today(row[field])
    else:
        value = row[field]
    return value.isoformat() if isinstance(value, date) else value


def still_so(correction: Mapping, now: str | None) -> None:
    """What is put right is the fact that was read, and not what it has become since."""
    if now != correction["was"]:
        raise Refused("fact_changed", "It has changed since this was proposed.", was=correction["was"], present=now)


def corrected(
    field: str, value: str, piece: Piece, row: Mapping, task: Mapping, result: Mapping | None,
    latest: datetime | None, below: datetime | None, now: datetime,
) -> Mapping:  # fmt: skip
    """What changes, of the piece or of its result, or the rule that forbids it. `latest` is its parent's deadline,
    `below` the last one of what was passed on from it and is open.
    """
    if value == present(field, row, result):
        raise Refused("nothing_changes", "It is so already.", field="value")
    if field in DATES:
        changes = _dated(field, _day(value), row, result, latest, now)
        if below is not None and changes.get("current_due", below) < below:
            raise Refused("due_after_parent", "What was passed on from it would be due after it.", field="value")
        if any(decided_above(task, piece, changes[name]) for name in changes.keys() & {"original_due", "current_due"}):
            raise Refused("superior_decides", "The superior who gave the task moves its date.", field="value")
        return changes
    if field == "document_number":
        _need(result)
        return {field: value}
    if field == "grade":
        if row["grade"] is None or value not in GRADES:
            raise Refused("correction_impossible", "No such grade, or nothing is graded yet.", field="value")
        return {field: value}
    return _role(value, row, task["mode"])


def _role(value: str, row: Mapping, mode: str) -> Mapping:
    """As the mode allows it, and only as long as nobody has received it."""
    possible = ROLES[mode] if row["parent_id"] is None else INSIDE
    if (row["role"], value) not in possible:
        raise Refused("role_not_in_mode", "No such role in this mode.", field="value")
    if row["state"] != "assigned":
        raise Refused("wrong_state", f"The role stands in state {row['state']}.", state=row["state"])
    return {"role": value}


def _dated(
    field: str, day: date, row: Mapping, result: Mapping | None, latest: datetime | None, now: datetime
) -> Mapping:
    if field == "document_issued_on":
        _need(result)
        if day > today(now):
            raise Refused("correction_impossible", "That day is yet to come.", field="value")
        return {field: day}
    if field == "done_on":
        if row["done_at"] is None or not today(row["assigned_at"]) <= day <= today(now):
            raise Refused("correction_impossible", "Not done, or on no possible day.", field="value")
        return {"done_at": end_of_day(day)}
    if row[field] is None:
        raise Refused("no_deadline", "There is no deadline to correct.")
    if day < today(row["assigned_at"]):
        raise Refused("correction_impossible", "Before it was given.", field="value")
    due = end_of_day(day)
    if latest is not None and due > latest:
        raise Refused("due_after_parent", "What is passed on is due with its parent at the latest.", field="value")
    if day > today(now) + FARTHEST_DUE:
        raise Refused("due_too_far", "The deadline is more than 20 years away.", field="value")
    moves_with_it = field == "original_due" and row["current_due"] == row["original_due"]  # nothing was granted yet
    return {field: due} | ({"current_due": due} if moves_with_it else {})


def _need(result: Mapping | None) -> None:
    if result is None:
        raise Refused("correction_impossible", "There is no result with a document.", field="field")


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused("correction_impossible", "Not a day.", field="value") from None
