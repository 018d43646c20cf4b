"""Progress while the work goes on, and what stops it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from chassis import clock
from chassis.paging import a_number, an_id, page, position
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import head_posts, posts, units_of_kinds, working_days
from tasks import views
from tasks.domain import blocker as rules
from tasks.domain.assignment import CLOSED, Piece
from tasks.domain.blocker import permit_report
from tasks.domain.progress import REPORTED_IN, reports_owed
from tasks.storage import progress as storage
from tasks.storage.attachments import attach, with_files
from tasks.use_cases import moving
from tasks.use_cases.waiting import TO_UNBLOCK, done, waits

KIND_OF_LEVEL = {"office": "office", "city": "committee"}  # whose head decides


def report_progress(tx, claims: dict, request: dict, now: datetime, files: Sequence[Mapping] = ()) -> dict:
    """Báo cáo tiến độ: what is done so far, and what stops the rest."""
    return moving.once(tx, contract.report_progress, claims, request, now, partial(_report, files=files))


def raise_blocker(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Báo vướng mắc: and which level must decide."""
    return moving.once(tx, contract.raise_blocker, claims, request, now, _raise)


def answer_blocker(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trả lời vướng mắc."""
    return moving.once(tx, contract.answer_blocker, claims, request, now, _answer)


def list_progress(tx, claims: dict, request: dict, now: datetime) -> dict:
    """The newest first."""
    actor = actor_for(tx, contract.list_progress, claims, now)
    row, task, _ = views.visible_piece(tx, request["assignment_id"], actor)
    before = position(request["cursor"], a_number)
    rows = storage.reports_of(tx, row["id"], before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["number"]])
    period = "none" if row["role"] == "inform" else task["reporting"]
    standing = reports_owed(
        period, row["assigned_at"], storage.reported_at(tx, row["id"]),
        row["closed_at"] or row["submitted_at"] or row["suspended_at"] or now, working_days(tx),
        open_=row["state"] not in CLOSED,
    )  # fmt: skip
    return {
        "items": with_files(tx, rows), "next_cursor": next_cursor, "reporting": period, "missing": standing.missing,
        "next_due": standing.next_due,
    }  # fmt: skip


def get_blocker(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_blocker, claims, now)
    found, *_ = _of_piece(tx, request["id"], actor)
    return dict(found)


def list_blockers(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_blockers, claims, now)
    row, _, _ = views.visible_piece(tx, request["assignment_id"], actor)
    after = position(request["cursor"], an_id)
    rows = storage.blockers_of(tx, row["id"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def _report(tx, actor: Actor, request: dict, now: datetime, files: Sequence[Mapping]) -> dict:
    row, task, followers = views.visible_piece(tx, request["assignment_id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    permit_report(piece, actor, REPORTED_IN, "report_progress")
    blocker, waiting = None, []
    if request["blocker"]:
        permit_report(piece, actor, rules.RAISED_IN, "raise_blocker")
        blocker, waiting = _blocker(tx, actor, request["blocker"], row, task, piece, "blocker.level", now)
    report = storage.add_report(
        tx,
        {name: request[name] for name in ("result", "percent", "request")}
        | {
            "id": clock.new_id(),
            "task_id": task["id"],
            "assignment_id": row["id"],
            "blocker_id": blocker and blocker["id"],
            "reported_by_person_id": actor.person_id,
            "reported_by_post_id": actor.post_id,
            "reported_at": now,
        },
    )
    attach(tx, report["id"], row["id"], files)
    _for_the_head(tx, actor, row, "report_progress", report["id"])
    about = moving.of_piece(actor, row, task, followers, now, waiting, *_deciders(waiting))
    tx.emit(
        contract.progress_reported,
        subject=report["id"],
        version=1,
        data=about
        | {"report_id": report["id"], "file_ids": [file["id"] for file in files]}
        | {name: report[name] for name in ("number", "percent", "blocker_id")},
    )  # fmt: skip
    return dict(report) | {"files": files}


def _raise(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row, task, followers = views.visible_piece(tx, request["assignment_id"], actor, lock=True)
    piece = views.piece_of(tx, row, task)
    permit_report(piece, actor, rules.RAISED_IN, "raise_blocker")
    blocker, waiting = _blocker(tx, actor, request, row, task, piece, "level", now)
    _for_the_head(tx, actor, row, "raise_blocker", blocker["id"])
    _say(tx, contract.blocker_raised, actor, blocker, row, task, followers, waiting, now)
    return dict(blocker)


def _blocker(tx, actor: Actor, request: Mapping, row, task, piece, where: str, now: datetime):
    """What stops the work, and whom it waits for."""
    decides = rules.decider(request["level"], piece, _posts_of_levels(tx, request["level"], piece, now), where)
    due = rules.answer_due(now, working_days(tx))
    blocker = storage.add_blocker(
        tx,
        {
            "id": clock.new_id(),
            "task_id": task["id"],
            "assignment_id": row["id"],
            "version": 1,
            "text": request["text"],
            "level": request["level"],
            "decides_post_id": decides,
            "raised_by_person_id": actor.person_id,
            "raised_by_post_id": actor.post_id,
            "raised_at": now,
            "answer_due": due,
        },
    )
    known = posts(tx, {decides, row["post_id"]})
    unit_id = known[decides].unit_id if decides in known else row["unit_id"]
    title = moving.owner_title(row, known)
    return blocker, [waits(TO_UNBLOCK, blocker["id"], 1, decides, unit_id, from_title=title, due=due)]


def _posts_of_levels(tx, level: str, piece: Piece, now: datetime) -> dict[str, str | None]:
    if level == "lead":
        return {level: piece.approver_post_id}  # of a support only
    if level not in KIND_OF_LEVEL:
        return {}
    return {level: head_of_kind(tx, KIND_OF_LEVEL[level], now)}


def head_of_kind(tx, kind: str, now: datetime) -> str | None:
    """The post that heads the one unit of this kind."""
    heads = head_posts(tx, [unit.id for unit in units_of_kinds(tx, [kind], now)], now)
    return heads[0].post_id if heads else None


def _deciders(waiting: list[dict]) -> list[str]:
    return [each["post_id"] for each in waiting]


def _for_the_head(tx, actor: Actor, row: Mapping, act: str, subject: str) -> None:
    if actor.post_id != row["post_id"]:
        tx.audit(f"tasks.{act}", subject=subject, post_id=row["post_id"])


def _of_piece(tx, blocker_id: str, actor: Actor, *, lock: bool = False):
    """The blocker, under its piece's lock if wanted, with what it is about."""
    found = storage.find_blocker(tx, blocker_id)
    if found is None:
        raise views.not_found()
    row, task, followers = views.visible_piece(tx, found["assignment_id"], actor, lock=lock)
    return storage.find_blocker(tx, blocker_id) if lock else found, row, task, followers


def _answer(tx, actor: Actor, request: dict, now: datetime) -> dict:
    blocker, row, task, followers = _of_piece(tx, request["id"], actor, lock=True)
    rules.permit_answer(blocker, actor, request["version"])
    blocker = storage.change_blocker(
        tx, blocker["id"],
        version=blocker["version"] + 1, answer=request["text"], resolved_by_person_id=actor.person_id, resolved_at=now,
    )  # fmt: skip
    waiting = [done(TO_UNBLOCK, blocker["id"], blocker["version"], blocker["decides_post_id"], row["unit_id"])]
    _say(tx, contract.blocker_resolved, actor, blocker, row, task, followers, waiting, now, request["text"])
    return dict(blocker)


def _say(
    tx, event, actor: Actor, blocker: Mapping, row, task, followers, waiting: list[dict], now: datetime,
    reason: str | None = None,
) -> None:  # fmt: skip
    about = moving.of_piece(actor, row, task, followers, now, waiting, blocker["decides_post_id"], reason=reason)
    own = {name: blocker[name] for name in ("version", "level", "decides_post_id", "answer_due")}
    tx.emit(
        event, subject=blocker["id"], version=blocker["version"], data=about | own | {"blocker_id": blocker["id"]}
    )  # fmt: skip
