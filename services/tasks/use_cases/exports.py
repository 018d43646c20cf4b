"""What goes out: orders as the lines that an import reads back, and the figures of a period for a report."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from chassis.paging import an_id, page, position
from contracts import tasks as contract
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import head_posts, require_fresh, require_fresh_if_lent, working_days
from kernel.errors import Refused
from kernel.working_time import TZ, today
from tasks.domain.columns import COLUMNS
from tasks.domain.due import due_state
from tasks.domain.incoming import OF_UNITS
from tasks.domain.lines import cells_of, code_of, values_of
from tasks.domain.sight import oversees
from tasks.storage import boxes, imports, orders
from tasks.storage import exports as storage

MOST_LATE = 200  # in a report; how many there are stands in its figures
ONE_DAY = timedelta(days=1)


def export_tasks(tx, claims: dict, request: dict, now: datetime) -> dict:
    """A page of lines. The first one is written down as the export."""
    actor = actor_for(tx, contract.export_tasks, claims, now)
    require_fresh_if_lent(tx, actor, now)
    before = position(request["cursor"], an_id, an_id)
    if before is None:
        chosen = {name: str(value) for name, value in request.items() if value is not None and name != "limit"}
        tx.audit("tasks.exported", subject=actor.post_id, chosen=chosen)
    rows = _rows(tx, actor, request, now, before)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["task_id"], row["id"]])
    return {
        "headers": [column.headers[0] for column in COLUMNS],
        "rows": _lines(tx, rows, actor),
        "next_cursor": next_cursor,
    }


def _rows(tx, actor: Actor, request: Mapping, now: datetime, before: tuple[str, str] | None) -> list[Mapping]:
    """One more than asked for; none of what no word could be found in."""
    wanted = boxes.searching(request)
    if wanted is None:
        return []
    moments = _moments(request["from_day"], request["to_day"], now)
    posts = None if oversees(actor) else actor.serves
    return storage.lines(
        tx, posts, wanted | moments | {"box_posts": actor.serves}, working_days(tx), moments["at"], before,
        request["limit"] + 1,
    )  # fmt: skip


def _moments(first: date | None, last: date | None, now: datetime) -> dict:
    """A period from the beginning of its first day; how things stood at its end, or stand now."""
    end = _begin(last + ONE_DAY) if last else now + ONE_DAY
    return {
        "begin": _begin(first) if first else datetime.min.replace(tzinfo=TZ),
        "end": end,
        "at": min(now, end - timedelta(seconds=1)),
    }


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), TZ)


def _lines(tx, rows: Sequence[Mapping], actor: Actor) -> list[list[str]]:
    ids = [row["id"] for row in rows]
    tasks = orders.find_tasks(tx, {row["task_id"] for row in rows})
    results, reports = imports.last_results(tx, ids), imports.last_reports(tx, ids)
    beside: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in storage.beside(tx, list({row["task_id"] for row in rows if row["role"] == "lead"})):
        beside[each["task_id"], each["role"]].append(each["unit_name"])
    found = []
    for row in rows:
        task = tasks[row["task_id"]]
        if row["role"] == "lead":
            whole = oversees(actor) or row["post_id"] not in actor.serves or task["mode"] == "joint"
            units = {"lead": [row["unit_name"]]} | {
                name: beside[task["id"], name] if whole else [] for name in OF_UNITS
            }  # fmt: skip
        else:
            units = {row["role"]: [row["unit_name"]]}
        values = values_of(task, row, results.get(row["id"]), reports.get(row["id"]))
        found.append(cells_of(code_of(task), values, units))
    return found


def get_period_report(tx, claims: dict, request: dict, now: datetime) -> dict:
    """The city's, or a unit's, work in a period; for whoever is responsible for it."""
    action = contract.get_period_report.full_name
    actor = actor_for(tx, contract.get_period_report, claims, now)
    require_fresh(tx, now)
    unit_id = request["unit_id"] or (None if policy.allows(action, actor) else actor.unit_id)
    if not policy.allows(action, actor, [unit_id] if unit_id else []):
        raise Refused("not_found", "There is no such report for you.")
    heads = head_posts(tx, [unit_id or actor.unit_id], now)
    if unit_id and not heads:
        raise Refused("not_found", "There is no such unit.")
    moments = _moments(request["from_day"], request["to_day"], now)
    tx.audit("tasks.reported", subject=unit_id or "city", first=request["from_day"].isoformat(),
             last=request["to_day"].isoformat())  # fmt: skip
    days = working_days(tx)
    rows = storage.figures(tx, unit_id, **moments, days=days)
    late = storage.late(tx, unit_id, moments["end"], days, moments["at"], MOST_LATE)
    return {
        "from_day": request["from_day"],
        "to_day": request["to_day"],
        "as_of": moments["at"],
        "unit_id": unit_id,
        "issuer": {
            "unit_name": heads[0].unit_name if heads else "",
            "unit_kind": heads[0].unit_kind if heads else actor.unit_kind,
            "signer_title": heads[0].title if heads else "",
        },
        "units": [dict(row) for row in rows],
        "total": {name: sum(row[name] for row in rows) for name in storage.COUNTED},
        "late": [
            dict(row)
            | {
                "due_on": today(row["current_due"]),
                "days_late": due_state(row["current_due"], row["urgency"], moments["at"], days,
                                       suspended_at=row["suspended_at"]).days,
            }
            for row in late
        ],
    }  # fmt: skip
