"""More time: asked for by the owner of a piece, decided by whoever ordered it. Its own object, one open at a time."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.assignment import Piece, decides, owns
from tasks.domain.due import overdue_before
from tasks.domain.order import due_within, working_due

ASKED_IN = ("in_progress", "suspended")
FROM_ABOVE = frozenset({"government_office", "city_party_committee", "pc_party_committee"})


def may_request(piece: Piece, actor: Actor) -> bool:
    return owns(piece, actor) and piece.state in ASKED_IN and piece.current_due is not None


def requested(
    piece: Piece, actor: Actor, wanted: date, *, pending: bool, latest: datetime | None, days: WorkingDays,
    now: datetime,
) -> datetime:  # fmt: skip
    """The date asked for, or the rule that forbids to ask. `latest` is the parent's deadline, if there is a parent."""
    if not owns(piece, actor):
        raise Refused("not_authorised", "More time is for the head of the unit to ask for.", action="request_extension")
    if piece.state not in ASKED_IN:
        raise Refused("wrong_state", f"No extension in state {piece.state}.", state=piece.state)
    if piece.current_due is None:
        raise Refused("no_deadline", "There is no deadline to extend.")
    if pending:
        raise Refused("extension_pending", "One request at a time: the one before is not decided yet.")
    return later_due(piece, wanted, "requested_due_on", latest=latest, days=days, now=now)


def granted(
    piece: Piece, extension: Mapping, due_on: date | None, *, latest: datetime | None, days: WorkingDays, now: datetime
) -> tuple[str, datetime]:
    """State and date: what was asked for, or another date."""
    wanted = today(extension["requested_due"]) if due_on is None else due_on
    due = later_due(piece, wanted, "due_on", latest=latest, days=days, now=now)
    return ("granted" if today(due) == today(extension["requested_due"]) else "granted_partly"), due


def permit_decision(extension: Mapping, piece: Piece, verb: str, actor: Actor, version: int | None) -> None:
    """Raises the rule that forbids to grant, refuse or withdraw it."""
    who = owns if verb == "withdraw_extension" else decides
    if not who(piece, actor):
        raise Refused("not_authorised", f"{verb} is not for this post.", action=verb)
    if extension["state"] != "pending":
        raise Refused(
            "already_decided", "It was decided already.", state=extension["state"],
            at=extension["decided_at"].isoformat(), actor_person_id=extension["decided_by_person_id"],
        )  # fmt: skip
    if version is not None and version != extension["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=extension["version"])


def decided_above(task: Mapping, piece: Piece) -> bool:
    """Of what came from above only the superior moves the date; the city's own consent is a request to him."""
    return task["source"] in FROM_ABOVE and not piece.is_child


def resumed(
    piece: Piece, task: Mapping, due_on: date | None, *, stands: bool, latest: datetime | None,
    below: Iterable[datetime | None], days: WorkingDays, now: datetime,
) -> datetime | None:  # fmt: skip
    """The later date with which a suspended piece goes on, None for the one that it has: nothing comes back late unless
    somebody says so. `below` are the deadlines of what was passed on.
    """
    if due_on is None:
        if not stands and piece.current_due is not None and piece.current_due < overdue_before(task["urgency"], now):
            raise Refused("due_on_needed", "The deadline has passed: say another, or that it stands.", field="due_on")
        return None
    if decided_above(task, piece):
        raise Refused("superior_decides", "The superior who gave the task moves its date.")
    if piece.current_due is not None:
        return later_due(piece, due_on, "due_on", latest=latest, days=days, now=now)
    due = due_within(due_on, latest, days, now, "due_on", [], code="due_after_parent")
    if any(each is None or each > due for each in below):
        raise Refused("due_after_parent", "What was passed on from it would be due after it.", field="due_on")
    return due


def later_due(
    piece: Piece, wanted: date, where: str, *, latest: datetime | None, days: WorkingDays, now: datetime
) -> datetime:
    if wanted <= today(piece.current_due):
        raise Refused("extension_not_later", "Not later than the present deadline.", field=where)
    due = end_of_day(working_due(wanted, days, now, where, []))
    if due <= piece.current_due:
        raise Refused("extension_not_later", "Moved to a working day it is not later.", field=where)
    if latest is not None and due > latest:
        raise Refused("due_after_parent", "What is passed on is due with its parent at the latest.", field=where)
    return due
