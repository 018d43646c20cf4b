"""Upwards: what the superior is asked for, what he answered, and what is reported to him."""

from collections.abc import Mapping
from datetime import datetime, time

from chassis import clock
from chassis.paging import a_number, an_id, page, position
from contracts import tasks as contract
from contracts.tasks.superior import SaidAnswer
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh, working_days
from kernel.errors import Refused
from kernel.working_time import TZ, today
from tasks import views
from tasks.domain import extension
from tasks.domain import superior as rules
from tasks.domain.document import sees_documents
from tasks.storage import documents, extensions, orders
from tasks.storage import superior as storage
from tasks.use_cases import moving
from tasks.use_cases.documents import with_report_due
from tasks.use_cases.extensions import decide, extend

MOST_LINES = 5_000


def record_request_sent(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đã gửi văn bản xin gia hạn lên cấp trên."""
    return moving.once(tx, contract.record_request_sent, claims, request, now, _request_sent)


def record_superior_answer(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Ghi nhận trả lời của cấp trên: only now the date moves."""
    return moving.once(tx, contract.record_superior_answer, claims, request, now, _answer)


def draft_superior_report(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Lập báo cáo gửi cấp trên, from how the tasks stand now."""
    return moving.once(tx, contract.draft_superior_report, claims, request, now, _draft)


def approve_superior_report(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Duyệt báo cáo."""
    return moving.once(tx, contract.approve_superior_report, claims, request, now, _approve)


def return_superior_report(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Trả lại báo cáo: a new one is drafted."""
    return moving.once(tx, contract.return_superior_report, claims, request, now, _return)


def record_report_sent(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đã gửi: with number and date; what was owed by then is told."""
    return moving.once(tx, contract.record_report_sent, claims, request, now, _report_sent)


# requests


def get_superior_request(tx, claims: dict, request: dict, now: datetime) -> dict:
    return _shown(_seen_request(tx, actor_for(tx, contract.get_superior_request, claims, now), request["id"]))


def list_superior_requests(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_superior_requests, claims, now)
    if not sees_documents(actor):
        return {"items": [], "next_cursor": None}
    before = position(request["cursor"], an_id)
    rows = storage.list_requests(tx, request["state"], before[0] if before else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": [_shown(row) for row in rows], "next_cursor": next_cursor}


def _seen_request(tx, actor: Actor, request_id: str, *, lock: bool = False) -> Mapping:
    found = storage.find_request(tx, request_id, lock=lock) if sees_documents(actor) else None
    if found is None:
        raise views.not_found()
    return found


def _shown(row: Mapping) -> dict:
    def document(number: str | None, day) -> dict | None:
        return None if number is None else {"number": number, "issued_on": day}

    return dict(row) | {
        "sent": document(row["sent_number"], row["sent_on"]),
        "answer": document(row["answer_number"], row["answer_issued_on"]),
    }


def _request_sent(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    row = _seen_request(tx, actor, request["id"], lock=True)
    rules.permit_on_request(row, request["version"])
    _not_in_future(request["issued_on"], "issued_on", now)
    row = storage.change_request(
        tx, row["id"], version=row["version"] + 1, sent_number=request["number"], sent_on=request["issued_on"]
    )
    tx.audit("tasks.record_request_sent", subject=row["id"])
    return _shown(row)


def _not_in_future(day, where: str, now: datetime) -> None:
    if day > today(now):
        raise Refused("day_in_future", "This day is still to come.", field=where)


def _answer(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    found = _seen_request(tx, actor, request["id"])
    task = orders.find_task(tx, found["task_id"], lock=True)
    row, task, followers = views.visible_piece(tx, found["assignment_id"], actor, lock=True)
    asked = storage.find_request(tx, found["id"], lock=True)
    rules.permit_on_request(asked, request["version"])
    _not_in_future(request["document"]["issued_on"], "document.issued_on", now)
    more_time = extensions.find_extension(tx, found["id"])
    decision = {"state": "refused", "decision_reason": request["reason"]}
    due, told = None, {}
    if request["granted"]:
        piece = views.piece_of(tx, row, task)
        state, due = extension.granted(
            piece, more_time, request["due_on"], latest=None, days=working_days(tx), now=now
        )  # fmt: skip
        row, told = extend(tx, actor, more_time, row, task, piece, due, now)
        if task["superior_due"] is None or due > task["superior_due"]:
            task = orders.move_task(tx, task["id"], superior_due=due)
        decision = {"state": state, "granted_due": due}
    answered = storage.change_request(
        tx, asked["id"],
        version=asked["version"] + 1, state="granted" if request["granted"] else "refused", granted_due=due,
        answer_number=request["document"]["number"], answer_issued_on=request["document"]["issued_on"],
        answer_reason=request["reason"], answered_at=now, answered_by_person_id=actor.person_id,
    )  # fmt: skip
    tx.audit("tasks.record_superior_answer", subject=asked["id"], state=answered["state"])
    decide(tx, actor, more_time, row, task, followers, now, told, **decision)
    return _shown(answered)


def hear_answer(tx, event, now: datetime) -> None:
    """What a sibling says that the superior answered: noted beside the request, and it moves nothing."""
    asked = storage.find_request(tx, event.subject, lock=True)
    if asked is None:
        raise Refused("not_found", "Nobody asked for this.")
    if asked["state"] != "awaiting" or event.version <= (asked["said_version"] or 0):
        return
    said = SaidAnswer().dump(event.data)
    storage.change_request(tx, asked["id"], version=asked["version"] + 1, said=said, said_version=event.version)
    tx.audit("tasks.superior_answer_heard", subject=asked["id"], origin=event.origin)


# reports


def get_superior_report(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_superior_report, claims, now)
    return _report(_seen_report(tx, actor, request["id"]), actor)


def list_superior_reports(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_superior_reports, claims, now)
    if not sees_documents(actor):
        return {"items": [], "next_cursor": None}
    before = position(request["cursor"], an_id)
    rows = storage.list_reports(
        tx, request["source"], request["state"], before[0] if before else None, request["limit"] + 1
    )
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": [_report(row, actor) for row in rows], "next_cursor": next_cursor}


def list_report_lines(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_report_lines, claims, now)
    report = _seen_report(tx, actor, request["report_id"])
    after = position(request["cursor"], a_number)
    rows = storage.lines_of(tx, report["id"], request["report_class"], after[0] if after else 0, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["number"]])
    return {"items": rows, "next_cursor": next_cursor}


def _seen_report(tx, actor: Actor, report_id: str, *, lock: bool = False) -> Mapping:
    found = storage.find_report(tx, report_id, lock=lock) if sees_documents(actor) else None
    if found is None:
        raise views.not_found()
    return found


def _report(row: Mapping, actor: Actor) -> dict:
    sent = None if row["sent_number"] is None else {"number": row["sent_number"], "issued_on": row["sent_on"]}
    return dict(row) | {"sent": sent, "allowed": rules.allowed_on_report(row, actor)}


def _draft(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    document_id, since = request["document_id"], request["since"]
    if document_id is not None:
        document = documents.find_document(tx, document_id)
        if document is None or document["source"] != request["source"]:
            raise Refused("unknown_document", "No such document from this source.", field="document_id")
    done_since = since and datetime.combine(since, time.min, TZ)
    days = working_days(tx)
    tasks = storage.tasks_to_report(tx, request["source"], document_id, done_since, MOST_LINES + 1)
    if len(tasks) > MOST_LINES:
        raise Refused("report_too_long", "Too many tasks for one report.", field="since", most=MOST_LINES)
    named = ("title", "document_id", "document_number", "clause", "units", "superior_due", "done_at")
    lines = [
        {"number": number, "task_id": task["id"]}
        | {name: task[name] for name in named}
        | rules.line(task, now, days)
        for number, task in enumerate(tasks, 1)
    ]  # fmt: skip
    report = storage.add_report(
        tx,
        {
            "id": clock.new_id(),
            "version": 1,
            "state": "drafted",
            "source": request["source"],
            "document_id": document_id,
            "since": since,
            "as_of": now,
            "classes": rules.counted(line["report_class"] for line in lines),
            "drafted_by_person_id": actor.person_id,
            "drafted_by_post_id": actor.post_id,
        },
        lines,
    )
    tx.audit("tasks.draft_superior_report", subject=report["id"], lines=len(lines))
    return _report(report, actor)


def _approve(tx, actor: Actor, request: dict, now: datetime) -> dict:
    return _decide(tx, actor, "approve_superior_report", request, now, state="approved", return_reason=None)


def _return(tx, actor: Actor, request: dict, now: datetime) -> dict:
    return _decide(tx, actor, "return_superior_report", request, now, state="returned", return_reason=request["reason"])


def _decide(tx, actor: Actor, verb: str, request: dict, now: datetime, **decision) -> dict:
    report = _permitted(tx, actor, verb, request, now)
    report = storage.change_report(
        tx, report["id"],
        version=report["version"] + 1, decided_by_person_id=actor.person_id, decided_at=now, **decision,
    )  # fmt: skip
    tx.audit(f"tasks.{verb}", subject=report["id"])
    return _report(report, actor)


def _permitted(tx, actor: Actor, verb: str, request: dict, now: datetime) -> Mapping:
    require_fresh(tx, now)
    report = _seen_report(tx, actor, request["id"], lock=True)
    rules.permit_on_report(report, verb, actor, request["version"])
    return report


def _report_sent(tx, actor: Actor, request: dict, now: datetime) -> dict:
    report = _permitted(tx, actor, "record_report_sent", request, now)
    _not_in_future(request["issued_on"], "issued_on", now)
    report = storage.change_report(
        tx, report["id"],
        version=report["version"] + 1, state="sent", sent_number=request["number"], sent_on=request["issued_on"],
        sent_at=now,
    )  # fmt: skip
    for document in documents.owing_reports(tx, report["source"], report["document_id"]):
        with_report_due(tx, document)
    tx.audit("tasks.record_report_sent", subject=report["id"])
    return _report(report, actor)
