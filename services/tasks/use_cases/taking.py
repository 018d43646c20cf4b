"""Taking tasks over from a file: what is here under their codes, and writing what the file says of them."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import NamedTuple

import orjson

from chassis import clock
from contracts import tasks as contract
from kernel.columns import Value
from kernel.directory_copy import head_posts, posts, unit_audiences, units_of_kinds, working_days
from kernel.folding import fold
from kernel.working_time import TZ, end_of_day
from tasks import views
from tasks.domain.assignment import CLOSED, MOMENTS, Piece, imported
from tasks.domain.extension import FROM_ABOVE
from tasks.domain.incoming import OF_ORDER, OF_PIECE, OF_PROGRESS, OF_UNITS, Difference, FindUnits, Order, Present, Unit
from tasks.domain.instructions.reading import Reading
from tasks.domain.instructions.units import mentions_of
from tasks.domain.lines import code_of, values_of
from tasks.domain.order import DIRECTLY_BELOW, title_key
from tasks.domain.progress import period_of
from tasks.storage import history, pieces
from tasks.storage import imports as storage
from tasks.use_cases import moving
from tasks.use_cases.proposals import vocabulary

BEGIN_OF_WORK = time(7, 30)
IS_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
BETWEEN = re.compile(r"(?:[\s;,.&+]|\bvà\b|\bcùng\b|\bvới\b)*").fullmatch


class By(NamedTuple):
    """Who brings the tasks in."""

    person_id: str
    post_id: str
    acting_for: str | None


def same_of(number: int, cells: Mapping[str, str]) -> str:
    """By what a line is known when it comes again: its code and unit, else all that it says."""
    known = [cells[name] for name in ("code", "lead") if cells.get(name)]
    if "code" not in cells:
        known = [str(number), orjson.dumps(cells, option=orjson.OPT_SORT_KEYS).decode()]
    return hashlib.sha256("\n".join(map(fold, known)).encode()).hexdigest()


def find_units_in(tx, now: datetime) -> FindUnits:
    """The units that a cell names: by code or name, one after another, or as an instruction would name them."""
    units = units_of_kinds(tx, DIRECTLY_BELOW, now)
    heads = {head.unit_id: head for head in head_posts(tx, [unit.id for unit in units], now)}
    names = vocabulary(tuple(units), tuple(unit_audiences(tx)))
    by_name: dict[str, set[str]] = {}
    for unit in units:
        for name in (unit.code, unit.full_name):
            by_name.setdefault(fold(name), set()).add(unit.id)
    known: dict[str, Sequence[Unit] | str] = {}

    def find(text: str) -> Sequence[Unit] | str:
        if text not in known:
            ids = _listed(text, by_name) or _mentioned(text, names)
            known[text] = ids if isinstance(ids, str) else _with_heads(ids, heads)
        return known[text]

    return find


def _listed(text: str, by_name: Mapping[str, set[str]]) -> list[str] | None:
    found = [by_name.get(fold(part), ()) for part in text.split(";") if part.strip()]
    return [id_ for (id_,) in found] if all(len(ids) == 1 for ids in found) else None


def _mentioned(text: str, names) -> list[str] | str:
    reading = Reading(text)
    found, rest, at = [], [], 0
    for mention in mentions_of(reading, names):
        if mention.kind != "unit":
            return "unknown_unit"
        if len(mention.candidates) != 1:
            return "ambiguous_unit"
        found.append(mention.candidates[0].unit_id)
        rest.append(reading.letters[at : mention.start])
        at = mention.end
    rest.append(reading.letters[at:])
    return found if found and all(map(BETWEEN, rest)) else "unknown_unit"


def _with_heads(ids: Iterable[str], heads: Mapping) -> Sequence[Unit] | str:
    found = [heads.get(id_) for id_ in dict.fromkeys(ids)]
    if None in found:
        return "unit_without_head"
    return tuple(Unit(head.unit_id, head.unit_code, head.unit_name, head.post_id) for head in found)


def orders_here(tx, codes: Iterable[str], *, lock: bool = False) -> dict[str, Order]:
    """What stands here under these codes; locked so that nobody moves it meanwhile."""
    codes = set(codes)
    tasks = storage.orders_of(tx, codes, [code for code in codes if IS_ID(code)], lock=lock)
    ids = [task["id"] for task in tasks]
    rows = storage.pieces_of_all(tx, ids, lock=lock)
    piece_ids = [row["id"] for row in rows]
    results, reports = storage.last_results(tx, piece_ids), storage.last_reports(tx, piece_ids)
    moved = storage.moved_here(tx, piece_ids)
    found = {}
    for task in tasks:
        own = [row for row in rows if row["task_id"] == task["id"]]
        others = {
            name: frozenset(row["unit_id"] for row in own if row["role"] == name and row["state"] != "revoked")
            for name in OF_UNITS
        }  # fmt: skip
        found[code_of(task)] = Order(
            task["id"], task["mode"], task["imported_at"] is not None,
            {
                row["unit_id"]: Present(
                    task["id"], row["id"], values_of(task, row, results.get(row["id"]), reports.get(row["id"])), others
                )
                for row in own if row["role"] == "lead"
            },
            frozenset(row["unit_id"] for row in own if row["id"] in moved),
        )  # fmt: skip
    return found


class Taking:
    """One transaction of taking over: orders, pieces, results, reports, history, and one event."""

    def __init__(self, tx, by: By, job, now: datetime):
        self.tx, self.by, self.job, self.now = tx, by, job, now
        self.days = working_days(tx)
        self.assigner = posts(tx, [job.assigner_post_id])[job.assigner_post_id]
        self.tasks: dict[str, Mapping] = {}
        self.orders: list[dict] = []
        self.happened: list[dict] = []
        self.changed: list[tuple[Mapping | None, Mapping, Piece]] = []

    def take(self, differences: Sequence[Difference], orders: Mapping[str, Order]) -> list[str]:
        """Writes what is new and what has changed; gives the ids of the orders concerned."""
        new: dict[str, list[Difference]] = {}
        changed: dict[str, list[Difference]] = {}
        for each in differences:
            if each.kind in ("new", "changed"):
                (new if each.kind == "new" else changed).setdefault(each.code, []).append(each)
        if not new and not changed:
            return []
        self._add(new, orders)
        self._change(changed)
        history.record_all(self.tx, self.happened)
        self._say()
        return list(self.tasks)

    # what is new here

    def _add(self, new: Mapping[str, Sequence[Difference]], orders: Mapping[str, Order]) -> None:
        known = {row["code"]: row for row in storage.orders_of(self.tx, new.keys() & orders.keys(), [], lock=True)}
        fresh = [self._order(code, each) for code, each in new.items() if code not in orders]
        known |= {row["code"]: row for row in storage.add_orders(self.tx, fresh)}
        rows, lines = [], {}
        for code, each in new.items():
            task = self.tasks[known[code]["id"]] = known[code]
            for one in each:
                lead = self._piece(task, one.units["lead"][0], "lead", one.values)
                rows.append(lead)
                lines[lead["id"]] = one
                for role in OF_UNITS:
                    given = [self._piece(task, unit, role, one.values) for unit in one.units.get(role, ())]
                    rows += given
                    lines |= {row["id"]: one for row in given}
            if code not in orders:
                self._happen(task, None, task["version"], each[0], {})
        added = pieces.add_pieces(self.tx, rows) if rows else []
        for row in added:
            one, task = lines[row["id"]], self.tasks[row["task_id"]]
            self._happen(
                task, row["id"], row["version"], one, _facts(row) | {"since": pieces.moment(row["assigned_at"])}
            )  # fmt: skip
            self.changed.append((None, row, views.plain_piece(row)))
        leads = [(row, lines[row["id"]]) for row in added if row["role"] == "lead"]
        storage.add_results(self.tx, [self._result(row, one, 1) for row, one in leads if _delivered(one)])
        reported = [(row, one) for row, one in leads if any(one.values[name] is not None for name in OF_PROGRESS)]
        storage.add_reports(self.tx, [self._report(row, one, 1) for row, one in reported])
        for task in (known[code] for code in new if code not in orders):
            self._tell(task, [row for row in added if row["task_id"] == task["id"]])

    def _order(self, code: str, lines: Sequence[Difference]) -> dict:
        values = lines[0].values
        due, given = _last(values["original_due_on"]), self._begin(values["assigned_on"])
        is_open = any(line.values["state"] not in CLOSED for line in lines)
        return self._texts(values) | {
            "id": clock.new_id(),
            "code": code,
            "state": "issued",
            "version": 1,
            "mode": "each" if lines[0].each else "joint",
            "reporting": period_of(values["urgency"], due, self.now, self.days) if is_open else "none",
            "original_due": due,
            "superior_due": _superior_due(values, (_last(line.values["original_due_on"]) for line in lines)),
            "received_on": values["assigned_on"],
            "assigner_post_id": self.assigner.id,
            "assigner_person_id": None,
            "assigner_title": self.assigner.title,
            "leader_post_ids": [],
            "issued_at": given,
            "imported_at": self.now,
        }

    def _texts(self, values: Mapping[str, Value]) -> dict:
        said = {name: values[name] for name in OF_ORDER}
        return said | {
            "title_key": title_key(values["title"]),
            "content": values["content"] or values["title"],
            "expected_result": values["expected_result"] or "",
        }

    def _piece(self, task: Mapping, unit: Unit, role: str, values: Mapping[str, Value]) -> dict:
        state = _state_of(role, values["state"])
        new = Piece(role, unit.post_id, task["assigner_post_id"])
        due = _last(values["due_on"])
        return {
            "id": clock.new_id(),
            "task_id": task["id"],
            "assigner_post_id": task["assigner_post_id"],
            "unit_id": unit.id,
            "unit_code": unit.code,
            "unit_name": unit.name,
            "post_id": unit.post_id,
            "role": role,
            "version": new.version + 1,
            "original_due": _last(values["original_due_on"]),
            "assigned_at": self._begin(values["assigned_on"]),
            "returns": 0,
            "under_correction": False,
            "current_due": due,
        } | self._standing(role, state, values)  # fmt: skip

    def _standing(self, role: str, state: str, values: Mapping[str, Value], before: Mapping | None = None) -> dict:
        """Where a piece stands, as the line says it. Whoever is only informed is done when he has received it."""
        given = self._begin(values["assigned_on"])
        delivers = role != "inform" and state in ("result_submitted", "completed")
        delivered = min(end_of_day(values["submitted_on"]), self.now) if delivers else None
        done = (delivered or given) if state == "completed" else None
        return {
            "state": state,
            "accepted_at": None if state == "assigned" else (before and before["accepted_at"]) or given,
            "suspended_at": ((before and before["suspended_at"]) or self.now) if state == "suspended" else None,
            "submitted_at": delivered,
            "submitted_by_person_id": self.by.person_id if delivered else None,
            "done_at": done,
            "closed_at": done,
            "grade": values["grade"] if done and role == "lead" else None,
        }

    def _begin(self, day: date) -> datetime:
        return min(datetime.combine(day, BEGIN_OF_WORK, TZ), self.now)

    def _result(self, row: Mapping, one: Difference, round_: int) -> dict:
        decided = {"outcome": "approved", "grade": row["grade"], "decided_at": row["closed_at"]}
        undecided = {"outcome": None, "grade": None, "decided_at": None}
        return {
            "id": clock.new_id(),
            "assignment_id": row["id"],
            "round": round_,
            "receiving_level": self.assigner.title,
            "unanswered_unit_ids": [],
            "submitted_by_person_id": self.by.person_id,
            "submitted_by_post_id": row["post_id"],
            "submitted_at": row["submitted_at"],
        } | _said_of_result(one) | (decided if row["state"] == "completed" else undecided)  # fmt: skip

    def _report(self, row: Mapping, one: Difference, number: int) -> dict:
        return {
            "id": clock.new_id(),
            "task_id": row["task_id"],
            "assignment_id": row["id"],
            "number": number,
            "result": one.values["progress"] or "",
            "percent": one.values["percent"],
            "reported_by_person_id": self.by.person_id,
            "reported_by_post_id": row["post_id"],
            "reported_at": self.now,
            "imported": True,
        }

    def _tell(self, task: Mapping, rows: Sequence[Mapping]) -> None:
        """Whoever has to do with it hears of an order that is still open."""
        if any(row["state"] not in CLOSED for row in rows):
            self.orders.append(
                dict(task)
                | {"task_id": task["id"], "followers": [], "unit_ids": [row["unit_id"] for row in rows]}
                | {"assignments": rows}
            )

    # what has changed elsewhere since it came in

    def _change(self, changed: Mapping[str, Sequence[Difference]]) -> None:
        ids = {each.present.task_id for lines in changed.values() for each in lines}
        rows = {row["id"]: row for row in storage.pieces_of_all(self.tx, ids, lock=True)}
        for lines in changed.values():
            said = set(OF_ORDER) & lines[0].changes.keys()
            if any("original_due_on" in each.changes for each in lines):
                said.add("original_due_on")
            if said:
                task_id, values = lines[0].present.task_id, lines[0].values
                dues = {row["id"]: row["original_due"] for row in rows.values() if _leads(row, task_id)}
                dues |= {each.present.assignment_id: _last(each.values["original_due_on"]) for each in lines}
                above = {"superior_due": _superior_due(values, dues.values())}
                task = storage.change_order(self.tx, task_id, **self._texts(values), **above)
                self.tasks[task["id"]] = task
                self._happen(task, None, task["version"], lines[0], {"changed": sorted(said)})
        missing = ids - self.tasks.keys()
        self.tasks |= {row["id"]: row for row in storage.orders_of(self.tx, [], missing, lock=False)}
        given = []
        for each in (each for lines in changed.values() for each in lines):
            own = rows[each.present.assignment_id]
            if not set(OF_PIECE).isdisjoint(each.changes):
                given.append((own, each))
                given += [(row, each) for row in rows.values() if _follows(row, own)]
            self._report_anew(own, each)
        self._move(given)

    def _move(self, given: Sequence[tuple[Mapping, Difference]]) -> None:
        moved = []
        for row, each in given:
            is_lead = row["role"] == "lead"
            state = _state_of(row["role"], each.values["state"])
            standing = self._standing(row["role"], state, each.values, before=row) | {
                "assigned_at": self._begin(each.values["assigned_on"]),
                "original_due": _last(each.values["original_due_on"]),
                "current_due": _last(each.values["due_on"]),
            }
            after = dict(row) | standing
            if not is_lead and all(row[name] == after[name] for name in standing):
                continue
            new = imported(views.plain_piece(row), _facts(after))
            after = pieces.move_piece(self.tx, row["id"], version=new.version, **standing)
            self._happen(self.tasks[row["task_id"]], row["id"], new.version, each, _facts(after))
            moved.append((row, after, new))
            if is_lead:
                self._result_anew(after, each)
        self.changed += moved

    def _result_anew(self, row: Mapping, each: Difference) -> None:
        last = storage.last_results(self.tx, [row["id"]]).get(row["id"])
        if not _delivered(each):
            if last and last["outcome"] != "returned":
                storage.change_result(self.tx, last["id"], outcome="withdrawn", decided_at=self.now)
        elif last is None or last["outcome"] == "withdrawn":
            storage.add_results(self.tx, [self._result(row, each, last["round"] + 1 if last else 1)])
        else:
            said = self._result(row, each, last["round"])
            anew = ("outcome", "grade", "decided_at", "submitted_at", *_said_of_result(each))
            storage.change_result(self.tx, last["id"], **{name: said[name] for name in anew})

    def _report_anew(self, row: Mapping, each: Difference) -> None:
        if set(OF_PROGRESS).isdisjoint(each.changes):
            return
        last = storage.last_reports(self.tx, [row["id"]]).get(row["id"])
        storage.add_reports(self.tx, [self._report(row, each, last["number"] + 1 if last else 1)])

    # what is said of it

    def _happen(self, task: Mapping, assignment_id: str | None, version: int, one: Difference, data: dict) -> None:
        told = {"import_id": self.job.id, "line": one.line.number} | data
        self.happened.append(
            moving.event_of(self.by, task["id"], assignment_id, "import", version, self.now, data=told)
        )  # fmt: skip

    def _say(self) -> None:
        leads = pieces.lead_posts(self.tx, {row["task_id"] for _, row, _ in self.changed})
        changed = [(before, row, self._as_ruled(row, new, leads)) for before, row, new in self.changed]
        closed = [row["id"] for before, row, _ in changed if before and row["state"] in CLOSED]
        requests = moving.withdraw_requests(self.tx, closed, self.by, self.now) if closed else {}
        moved = [(before, row) for before, row, _ in changed if before]
        waiting = moving.after_moves(self.tx, moved, self.now, "import") if moved else {}
        said = moving.said_of(self.tx, "import", changed, self.tasks, requests, waiting)
        self.tx.audit("tasks.imported", subject=self.job.id, task_ids=list(self.tasks))
        self.tx.emit(
            contract.tasks_imported,
            subject=clock.new_id(),
            version=1,
            data={
                "import_id": self.job.id, "at": self.now, "actor_person_id": self.by.person_id,
                "acting_for": self.by.acting_for, "orders": self.orders, "pieces": said, "task_ids": list(self.tasks),
            },
        )  # fmt: skip

    def _as_ruled(self, row: Mapping, new: Piece, leads: Mapping[str, str]) -> Piece:
        lead = leads.get(row["task_id"]) if views.supports(row, self.tasks[row["task_id"]]) else None
        return replace(new, approver_post_id=views.approver(lead, row["post_id"]))


def _superior_due(values: Mapping[str, Value], dues: Iterable[datetime | None]) -> datetime | None:
    """By when whoever is above the city wants all of it."""
    return max(filter(None, dues), default=None) if values["source"] in FROM_ABOVE else None


def _leads(row: Mapping, task_id: str) -> bool:
    return row["task_id"] == task_id and row["role"] == "lead" and row["state"] != "revoked"


def _follows(row: Mapping, lead: Mapping) -> bool:
    """What helps with joint work, or only knows of it, stands where its lead stands until it is moved here."""
    return row["task_id"] == lead["task_id"] and row["role"] in OF_UNITS and row["version"] == lead["version"]


def _state_of(role: str, lead: str) -> str:
    """The file says where the lead stands. The others are at work while he is, and done when he is; whoever is only
    informed is done as soon as the work is under way.
    """
    if role == "lead" or lead in ("assigned", "completed"):
        return lead
    return "completed" if role == "inform" else "in_progress"


def _facts(row: Mapping) -> dict:
    """What the history keeps of a piece: all of what the rules look at, and its first deadline."""
    plain = ("state", "grade", "submitted_by_person_id", "unit_id", "post_id", "assigner_post_id", "role")
    moments = ("original_due", *MOMENTS)
    return {name: row[name] for name in plain} | {name: pieces.moment(row[name]) for name in moments}


def _delivered(one: Difference) -> bool:
    return one.values["state"] in ("result_submitted", "completed")


def _said_of_result(one: Difference) -> dict:
    return {
        "summary": one.values["result"], "document_number": one.values["result_number"],
        "document_issued_on": one.values["result_issued_on"],
    }  # fmt: skip


def _last(day: date | None) -> datetime | None:
    return None if day is None else end_of_day(day)
