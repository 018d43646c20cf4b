"""Documents: entered by the Office or arrived by a sibling's event, received, assigned clause by clause, followed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from chassis import clock
from chassis.inbox import Unacceptable
from chassis.paging import an_id, page, position
from contracts import tasks as contract
from contracts.fields import ORIGIN_ID
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh, working_days
from kernel.errors import Refused
from kernel.working_time import today
from tasks import views
from tasks.domain import document as rules
from tasks.domain.document import Standing
from tasks.domain.extension import FROM_ABOVE
from tasks.domain.sight import Sight
from tasks.storage import documents as storage
from tasks.use_cases import moving
from tasks.use_cases.drafts import keep_draft
from tasks.use_cases.orders import place
from tasks.use_cases.waiting import TO_ANSWER_RECALL, TO_RECEIVE_DOCUMENT, done, the_office, waits

OWN = ("source", "number", "issued_on", "abstract", "signer", "urgency")
FIRST_TITLE = 300
SECRET = "state_secret"  # noqa: S105 - why it was refused


def enter_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Vào sổ văn bản đến: the city has received it."""
    return moving.once(tx, contract.enter_document, claims, request, now, _enter)


def receive_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Tiếp nhận văn bản that arrived by a sibling's event."""
    return moving.once(tx, contract.receive_document, claims, request, now, _receive)


def refuse_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Từ chối tiếp nhận: it is not for the city."""
    return moving.once(tx, contract.refuse_document, claims, request, now, _refuse)


def declare_no_task(tx, claims: dict, request: dict, now: datetime) -> dict:
    """A clause that asks nothing of the city."""
    return moving.once(tx, contract.declare_no_task, claims, request, now, _declare)


def answer_recall(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Đồng ý hoặc từ chối lấy lại văn bản."""
    return moving.once(tx, contract.answer_recall, claims, request, now, _answer_recall)


def issue_from_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Giao nhiều việc từ một văn bản: all of them in one transaction, said in one event."""
    return moving.once(tx, contract.issue_from_document, claims, request, now, _issue)


def draft_from_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    """The same, prepared for a leader who is to give them."""
    return moving.once(tx, contract.draft_from_document, claims, request, now, _draft)


# reading


def get_document(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_document, claims, now)
    return _shown(tx, _seen(tx, actor, request["id"]), actor)


def list_documents(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_documents, claims, now)
    if not rules.sees_documents(actor):
        return {"items": [], "next_cursor": None}
    by_day = request["box"] == "report_due"
    after = position(request["cursor"], *((_a_day, an_id) if by_day else (an_id,)))
    rows = storage.list_documents(tx, request["box"], request["source"], after, request["limit"] + 1)
    rows, next_cursor = page(
        rows, request["limit"], lambda row: [row["report_due_on"], row["id"]] if by_day else [row["id"]]
    )
    far = storage.standings(tx, [row["id"] for row in rows])
    return {"items": [_summary(row, far[row["id"]]) for row in rows], "next_cursor": next_cursor}


def list_document_tasks(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_document_tasks, claims, now)
    found = _seen(tx, actor, request["document_id"])
    after = position(request["cursor"], an_id)
    rows = storage.tasks_of(tx, found["id"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    sight = {row["id"]: Sight.WHOLE for row in rows}  # whoever sees the document sees what became of it
    return {"items": views.summaries(tx, rows, sight, actor, now), "next_cursor": next_cursor}


def _a_day(value: object) -> date:
    return date.fromisoformat(str(value))


def _seen(tx, actor: Actor, document_id: str, *, lock: bool = False) -> Mapping:
    found = storage.find_document(tx, document_id, lock=lock) if rules.sees_documents(actor) else None
    if found is None:
        raise views.not_found()
    return found


def _summary(row: Mapping, standing: Standing) -> dict:
    counts = {
        "clauses_total": standing.total,
        "clauses_assigned": standing.assigned,
        "clauses_without_task": standing.without_task,
    }
    return dict(row) | counts


def _shown(tx, row: Mapping, actor: Actor) -> dict:
    may = [verb for verb in rules.VERBS if policy.allows(f"tasks.{verb}", actor)]
    standing = storage.standings(tx, [row["id"]])[row["id"]]
    return _summary(row, standing) | {
        "clauses": [_clause(each) for each in storage.clauses_of(tx, row["id"])],
        "amended": row["amendment"] is not None,
        "allowed": rules.allowed(row, may),
    }


def _clause(row: Mapping) -> dict:
    if row["task_ids"]:
        state = "assigned"
    elif row["no_task_reason"] is not None:
        state = "no_task"
    else:
        state = "drafted" if row["drafted"] else "open"
    return dict(row) | {"state": state}


# the Office's acts


def _enter(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    rules.no_secret(request["secrecy"])
    received = rules.entered(request, now)
    named = [request[name] for name in ("source", "number", "issued_on")]
    storage.lock_entry(tx, *named)
    if known := storage.known_document(tx, *named):
        raise Refused("document_known", "It was entered already.", document_id=known["id"])
    row = storage.add_document(
        tx,
        {name: request[name] for name in OWN}
        | _at_first("received", rules.RECEIVED, now)
        | {"received_on": received, "entered_by_person_id": actor.person_id},
        request["clauses"],
    )
    row = with_report_due(tx, row)
    return _done(tx, actor, row, "entered", now)


def _at_first(state: str, code: str, now: datetime) -> dict:
    return {
        "id": clock.new_id(), "version": 1, "state": state, "reached": code, "code": code, "settled": False,
        "entered_at": now,
    }  # fmt: skip


def _receive(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row = _permitted(tx, actor, "receive_document", request, now)
    row = _move(tx, row, state="received", received_on=today(now), entered_by_person_id=actor.person_id)
    return _done(tx, actor, with_report_due(tx, row), "received", now)


def _refuse(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row = _permitted(tx, actor, "refuse_document", request, now)
    row = _move(tx, row, state="refused", refusal_reason=request["reason"])
    return _done(tx, actor, row, "refused", now, reason=request["reason"])


def _declare(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row = _permitted(tx, actor, "declare_no_task", request, now)
    there = {each["number"]: each for each in storage.clauses_of(tx, row["id"])}
    [clause] = rules.clauses_named([request["number"]], there, "number")
    if clause["task_ids"] or clause["drafted"]:
        raise Refused("clause_assigned", "It has become an order, or is drafted as one.", number=clause["number"])
    storage.change_clauses(
        tx, row["id"], [clause["number"]],
        no_task_reason=request["reason"], no_task_by_person_id=actor.person_id, no_task_at=now,
    )  # fmt: skip
    row = with_report_due(tx, _move(tx, row))
    return _done(tx, actor, row, "clause_settled", now, reason=request["reason"])


def _answer_recall(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row = _permitted(tx, actor, "answer_recall", request, now)
    if request["agreed"]:
        if storage.standings(tx, [row["id"]])[row["id"]].open_orders:
            raise Refused("orders_open", "Orders from it are open: they are revoked first.")
        if any(clause["drafted"] for clause in storage.clauses_of(tx, row["id"])):
            raise Refused("drafts_open", "Orders from it are drafted: the drafts are discarded first.")
        row = _move(tx, row, state="recalled", recall="agreed", report_due_on=None)
    else:
        row = _move(tx, row, recall="refused")
        storage.note_moved(tx, row["id"])  # what moved on meanwhile is told after this
    return _done(tx, actor, row, "recall_answered", now, reason=request["reason"])


def _permitted(tx, actor: Actor, verb: str, request: dict, now: datetime) -> Mapping:
    require_fresh(tx, now)
    row = _seen(tx, actor, request["id"], lock=True)
    rules.permit(row, verb, request["version"])
    return row


def _move(tx, row: Mapping, **changes) -> Mapping:
    """The document after an act, with the status that follows from how far it is now."""
    standing = storage.standings(tx, [row["id"]])[row["id"]]
    after = dict(row) | changes
    after |= rules.told(after, rules.status(after["state"], standing))
    changes |= {name: after[name] for name in ("reached", "code")}
    if row["state"] == "received" or after["state"] == "received":
        changes["settled"] = standing.settled
    return storage.change_document(tx, row["id"], version=row["version"] + 1, **changes)


def with_report_due(tx, row: Mapping) -> Mapping:
    """The day by which the superior is to be told next follows from the clauses and what was sent."""
    due = None
    if row["source"] in FROM_ABOVE and row["state"] == "received" and row["reached"] != rules.COMPLETED:
        clauses = storage.clauses_of(tx, row["id"])
        due = rules.report_due(clauses, row["received_on"], storage.reported_on(tx, row), working_days(tx))
    return row if due == row["report_due_on"] else storage.change_document(tx, row["id"], report_due_on=due)


def _done(
    tx, actor: Actor | None, row: Mapping, change: str, now: datetime, *, reason: str | None = None,
    orders: Sequence[dict] = (),
) -> dict:  # fmt: skip
    say(tx, actor, row, change, now, reason=reason, orders=orders)
    tx.audit(f"tasks.document_{change}", subject=row["id"], code=row["code"])
    return _shown(tx, row, actor)


def say(
    tx, actor: Actor | None, row: Mapping, change: str, now: datetime, *, reason: str | None = None,
    orders: Sequence[dict] = (), waiting: Sequence[dict] = (),
) -> None:  # fmt: skip
    by = {"actor_person_id": None, "acting_for": None} if actor is None else moving.act_of(actor, now, reason)
    tx.emit(
        contract.document_changed,
        subject=row["id"],
        version=row["version"],
        data=dict(row)
        | by
        | {
            "at": now,
            "reason": reason,
            "document_id": row["id"],
            "title": title_of(row),
            "change": change,
            "orders": orders,
            "waiting": [*waiting, *_waiting(tx, row, now)],
        },
    )


def title_of(row: Mapping) -> str:
    return f"{row['number']}: {row['abstract']}"[:FIRST_TITLE] if row["abstract"] else row["number"]


def _waiting(tx, row: Mapping, now: datetime) -> list[dict]:
    """What arrived, or is asked back, waits for the chief of the Office."""
    office = the_office(tx, now)
    if office is None:
        return []
    kind = TO_ANSWER_RECALL if row["recall"] == "asked" else TO_RECEIVE_DOCUMENT
    about = (kind, row["id"], row["version"], office.post_id, office.unit_id)
    if row["recall"] == "asked" or row["state"] == "arrived":
        return [waits(*about, from_title=SUPERIORS.get(row["source"], ""), due=None)]
    return [done(*about)]


SUPERIORS = {  # how action items call those from whom it comes
    "government_office": "Văn phòng Chính phủ",
    "city_party_committee": "Thành ủy",
    "pc_party_committee": "Đảng ủy UBND Thành phố",
    "city_pc": "UBND Thành phố",
}


# orders from it


def _issue(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row, wanted = _orders_wanted(tx, actor, "issue_from_document", request, now)
    placed = []
    for where, order, above, numbers in wanted:
        with _at(where):
            one = place(tx, actor, order, now, above=above)
        storage.point_at_clauses(tx, row["id"], one.task["id"], numbers)
        placed.append(one)
    _needed_after_all(tx, row, wanted)
    row = with_report_due(tx, _move(tx, row))
    said = [one.said | {"waiting": []} for one in placed]
    shown = _done(tx, actor, row, "assigned", now, orders=said)
    return _issued(tx, shown, [(one.task, one.warnings) for one in placed], actor, now)


def _draft(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row, wanted = _orders_wanted(tx, actor, "draft_from_document", request, now)
    kept = []
    for where, order, above, numbers in wanted:
        with _at(where):
            task, warnings = keep_draft(tx, actor, order, now, above=above)
        storage.point_at_clauses(tx, row["id"], task["id"], numbers)
        kept.append((task, warnings))
    _needed_after_all(tx, row, wanted)
    tx.audit("tasks.document_drafted", subject=row["id"], tasks_drafted=len(kept))
    return _issued(tx, _shown(tx, row, actor), kept, actor, now)


def _orders_wanted(tx, actor: Actor, verb: str, request: dict, now: datetime):
    """The document, locked, and each order as one is given: with the source, and the deadline of its clauses."""
    row = _permitted(tx, actor, verb, request, now)
    there = {each["number"]: each for each in storage.clauses_of(tx, row["id"])}
    days, wanted = working_days(tx), []
    for place_, asked in enumerate(request["orders"]):
        where = f"orders.{place_}"
        named = rules.clauses_named(asked["clauses"], there, f"{where}.clauses")
        order = {name: value for name, value in asked.items() if name != "clauses"} | {"source": row["source"]}
        due_on, superior_due = rules.due_of(named, row["source"], days)
        if order["due_on"] is None and order["due_at"] is None and not order["no_deadline"]:
            order |= {"due_on": due_on, "no_deadline": due_on is None}
        reporting = {each["reporting"] for each in named}
        order["reporting"] = order["reporting"] or next((each for each in rules.PERIODS if each in reporting), None)
        above = {
            "document_id": row["id"],
            "document_number": row["number"],
            "document_issued_on": row["issued_on"],
            "clause": "; ".join(each["label"] for each in named),
            "superior_due": superior_due,
        }
        wanted.append((where, order, above, [each["number"] for each in named]))
    return row, wanted


class _at:
    """A fault in one of many orders says in which."""

    def __init__(self, where: str):
        self._where = where

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _trace):
        if isinstance(error, Refused):
            field = error.details.get("field")
            error.details["field"] = f"{self._where}.{field}" if field else self._where


def _needed_after_all(tx, row: Mapping, wanted: Iterable) -> None:
    numbers = {number for *_, numbers in wanted for number in numbers}
    storage.change_clauses(tx, row["id"], numbers, no_task_reason=None, no_task_by_person_id=None, no_task_at=None)


def _issued(tx, document: dict, tasks: Sequence[tuple[Mapping, Sequence]], actor: Actor, now: datetime) -> dict:
    rows = [task for task, _ in tasks]
    sight = {task["id"]: Sight.WHOLE for task in rows}
    summaries = views.summaries(tx, rows, sight, actor, now)
    return {
        "version": document["version"],
        "document": document,
        "tasks": [one | {"warnings": list(each)} for one, (_, each) in zip(summaries, tasks, strict=True)],
    }


# what siblings say, and what follows from the work


def arrive(tx, event, now: datetime) -> None:
    """A superior's document by a sibling's event: whatever was heard before, the newest version stands."""
    if not ORIGIN_ID.fullmatch(event.subject):
        raise Unacceptable("the subject is not an id")
    row = storage.by_origin(tx, event.origin, event.subject)
    if row is not None and event.version <= row["origin_version"]:
        return
    said = {name: event.data[name] for name in OWN}
    clauses = event.data["clauses"]
    secret = event.data["secrecy"] != "none"
    if secret:  # nothing but its number is kept
        said |= {"abstract": None, "signer": None}
        clauses = []
    if row is None:
        _arrive_first(tx, event, said, clauses, secret, now)
    elif row["state"] == "arrived" and row["recall"] is None:
        storage.replace_clauses(tx, row["id"], clauses)
        state = {"state": "refused", "refusal_reason": SECRET} if secret else {}
        row = _move(tx, row, origin_version=event.version, **said, **state)
        say(tx, None, row, "refused" if secret else "amended", now)
    else:
        amendment = None if secret else event.data
        row = _move(tx, row, origin_version=event.version, amendment=amendment)
        say(tx, None, row, "amended", now)


def _arrive_first(tx, event, said: dict, clauses: Sequence[Mapping], secret: bool, now: datetime) -> None:
    origin = {"origin": event.origin, "origin_id": event.subject, "origin_version": event.version}
    named = [said[name] for name in ("source", "number", "issued_on")]
    storage.lock_entry(tx, *named)
    known = storage.known_document(tx, *named)
    if known is not None and known["origin"] is None and not secret:  # it came on paper before
        say(tx, None, _move(tx, known, **origin), "known", now)
        return
    state, code = ("refused", rules.REFUSED) if secret else ("arrived", rules.ARRIVED)
    first = _at_first(state, code, now) | {"received_on": today(now)}
    first["refusal_reason"] = SECRET if secret else None
    row = storage.add_document(tx, said | origin | first, clauses)
    tx.audit(f"tasks.document_{state}", subject=row["id"], origin=event.origin)
    say(tx, None, row, state, now)


def ask_back(tx, event, now: datetime) -> None:
    """The sender asks for it back. What has not arrived yet is waited for, in the queues of what is tried again."""
    row = storage.by_origin(tx, event.origin, event.subject)
    if row is None:
        raise Refused("not_found", "Nothing of this subject has arrived from there.")
    if event.version <= row["origin_version"]:
        return
    if row["state"] not in ("arrived", "received") or row["recall"] == "asked":
        storage.change_document(tx, row["id"], origin_version=event.version)
        return
    row = _move(tx, row, origin_version=event.version, recall="asked")
    tx.audit("tasks.document_recall_asked", subject=row["id"], origin=event.origin)
    say(tx, None, row, "recall_asked", now, reason=event.data["reason"])


def follow_one(tx, now: datetime) -> bool:
    """One document whose orders have moved on: if that settles it, or moves its status, it is said."""
    before = storage.next_moved(tx)
    if before is None:
        return False
    standing = storage.standings(tx, [before["id"]])[before["id"]]
    after = dict(before) | {"settled": standing.settled}
    after |= rules.told(after, rules.status(after["state"], standing))
    if before["state"] == "received" and any(after[name] != before[name] for name in ("settled", "reached", "code")):
        say(tx, None, with_report_due(tx, _move(tx, before)), "followed", now)
    return True
