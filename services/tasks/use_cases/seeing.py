"""Boxes of pieces, the exception board, statistics."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chassis.paging import a_moment, an_id, page, position
from contracts import tasks as contract
from contracts.fields import URGENCIES
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import hold_copy, posts, unit_names, units_below, working_days
from kernel.working_time import ONE_DAY, today
from tasks import views
from tasks.domain import board as rules
from tasks.domain import figures
from tasks.domain.board import Scope, heads_unit
from tasks.storage import board, boxes, statistics
from tasks.storage.orders import find_tasks
from tasks.storage.pieces import find_pieces

AT_ONCE = 500  # outcomes written down in one transaction


def list_pieces(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.list_pieces, claims, now)
    before = position(request["cursor"], an_id, an_id)
    wanted = boxes.searching(request)
    rows = _pieces(tx, actor, wanted, now, before, request["limit"] + 1) if wanted else []
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["task_id"], row["id"]])
    return {"items": shown(tx, rows, now), "next_cursor": next_cursor}


def _pieces(tx, actor: Actor, wanted, now: datetime, *part) -> list:
    box, whose, within = wanted["box"], actor.serves, None
    if box == "to_decide":
        whose = [actor.post_id]
    elif box == "my_unit":
        whose = sorted(units_below(tx, actor.unit_id, now)) if heads_unit(actor) else []
        within = actor.serves if actor.unit_kind == "division" else None
    return boxes.pieces(tx, box, whose, wanted, working_days(tx), now, *part, within=within)


def shown(tx, rows: Sequence[Mapping], now: datetime) -> list[dict]:
    """Pieces of many orders, with what of each order a list shows."""
    tasks, seen = find_tasks(tx, {row["task_id"] for row in rows}), {}
    for urgency in URGENCIES:
        alike = [row for row in rows if tasks[row["task_id"]]["urgency"] == urgency]
        if alike:
            seen |= {row["id"]: row for row in views.with_due_states(tx, alike, urgency, now)}
    found = []
    for row in rows:
        task = tasks[row["task_id"]]
        of_order = {name: task[name] for name in ("urgency", "source", "field")}
        found.append(seen[row["id"]] | of_order | {"title": views.title_of(row, task)})
    return found


def get_exception_board(tx, claims: dict, request: dict, now: datetime) -> dict:
    """The first page's instant goes with the cursor: while one turns pages no day begins."""
    actor = actor_for(tx, contract.get_exception_board, claims, now)
    after = position(request["cursor"], a_moment, *[_a_rank] * (len(board.RANKS) - 1), an_id)
    earlier = figures.instant(request["as_of"], now)
    at = earlier or (after[0] if after else now)
    scope, mine = _scope(tx, actor, now)
    parts, rows = board.read(
        tx, scope, mine, request, working_days(tx), at,
        past=earlier is not None, after=after and after[1:], limit=request["limit"] + 1,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: [at.isoformat(), *(row[name] for name in board.RANKS)])
    red = [part for part in parts if not part.under_correction]
    return {
        "as_of": at,
        "total": _sum(red),
        "by_missing": [
            _count(name, _sum(part for part in red if part.missing == name), missing=name) for name in rules.MISSING
        ],
        "by_level": [
            _count(name, _sum(part for part in red if part.level_rank == place), level=name)
            for place, name in enumerate(rules.LEVELS, 1)
        ],
        "under_correction": _count("under_correction", _sum(parts) - _sum(red), under_correction=True),
        "items": _red(tx, rows),
        "next_cursor": next_cursor,
    }


def _a_rank(value) -> int:
    if type(value) is not int or abs(value) >= 2**31:
        raise ValueError("not a rank")
    return value


def _sum(parts: Iterable[board.Part]) -> int:
    return sum(part.count for part in parts)


def _count(name: str, count: int, **chosen) -> dict:
    return {"name": name, "count": count, "list": chosen}


def _red(tx, rows: Sequence[Mapping]) -> list[dict]:
    pieces = {row["id"]: row for row in find_pieces(tx, [row["id"] for row in rows])}
    tasks = find_tasks(tx, {row["task_id"] for row in rows})
    known = posts(tx, {post for row in rows for post in (row["post_id"], row["decides_post_id"])})
    names = unit_names(tx, {row["unit_id"] for row in rows})
    found = []
    for row in rows:
        piece, task = pieces[row["id"]], tasks[row["task_id"]]
        owes = "post_id" if row["missing"] in rules.OWED_BY_OWNER else "decides_post_id"
        same_unit = row["unit_id"] == piece["unit_id"]
        found.append(
            dict(row)
            | {
                "assignment_id": row["id"],
                "title": views.title_of(piece, task),
                "unit_name": piece["unit_name"] if same_unit else names.get(row["unit_id"], ""),
                "current_due": piece["current_due"],
                "level": rules.LEVELS[row["level_rank"] - 1],
                "late": _desk(row[owes], known),
                "decides": _desk(row["decides_post_id"], known),
            }
        )
    return found


def _desk(post_id: str, known: Mapping) -> dict:
    post = known.get(post_id)
    names = (post.title, post.unit_id, post.unit_name) if post else ("", None, "")
    return dict(zip(("post_id", "title", "unit_id", "unit_name"), (post_id, *names), strict=True))


def get_statistics(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_statistics, claims, now)
    (since, until), scope, mine, at, past = _period(tx, actor, request, now)
    rows = statistics.rows(
        tx, scope, mine, request["by"], {"since": since, "until": until}, working_days(tx), at, past=past
    )  # fmt: skip
    names = unit_names(tx, [row["key"] for row in rows]) if request["by"] == "unit" else {}
    groups = [_figures(row) | {"key": row["key"], "name": names.get(row["key"], row["key"])} for row in rows]
    whole = {name: sum(row[name] for row in rows) for name in statistics.FIGURES}
    return {
        "as_of": at,
        "from": today(since),
        "to": today(until) - ONE_DAY,
        "by": request["by"],
        "total": _figures(whole),
        "groups": sorted(groups, key=lambda group: group["name"]),
    }


def list_counted(tx, claims: dict, request: dict, now: datetime) -> dict:
    """As they are now; which they are is asked of the day."""
    actor = actor_for(tx, contract.list_counted, claims, now)
    after = position(request["cursor"], an_id)
    (since, until), scope, mine, at, past = _period(tx, actor, request, now)
    rows = statistics.counted(
        tx, scope, mine, request["by"], {"since": since, "until": until}, working_days(tx), at,
        past=past, request=request, after=after[0] if after else None, limit=request["limit"] + 1,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    pieces = {piece["id"]: piece for piece in shown(tx, find_pieces(tx, [row["id"] for row in rows]), now)}
    items = [
        pieces[row["id"]]
        | {"counted_as": figures.CLASSES[row[request["against"]] - 1], "lost": _parts(row, "lost", figures.LOST)}
        for row in rows
    ]
    return {"items": items, "next_cursor": next_cursor}


def settle_outcomes(tx, now: datetime) -> None:
    """What became of closed work is written down once, so that years of it can be counted at once. A calendar that
    changes meanwhile waits, and voids it.
    """
    hold_copy(tx)
    statistics.settle(tx, working_days(tx), now, AT_ONCE)


def _period(tx, actor: Actor, request: dict, now: datetime):
    """What is counted, of what the actor sees, and when."""
    earlier = figures.instant(request["as_of"], now)
    scope, mine = _scope(tx, actor, now)
    dates = figures.period(request["from"], request["to"], earlier or now)
    return dates, scope, mine, earlier or now, earlier is not None


def _scope(tx, actor: Actor, now: datetime) -> tuple[Scope, dict]:
    scope = rules.scope_of(actor)
    units = sorted(units_below(tx, actor.unit_id, now)) if scope is Scope.UNIT else []
    return scope, {"units": units, "posts": list(actor.serves)}


def _figures(row: Mapping) -> dict:
    of_deadlines = {due: _parts(row, due, figures.CLASSES) for due in ("current", "original")}
    return (
        {name: row[name] for name in ("given", "returns")} | of_deadlines | {"lost": _parts(row, "lost", figures.LOST)}
    )


def _parts(row: Mapping, whole: str, names: Sequence[str]) -> dict:
    return {name: row[f"{whole}_{name}"] for name in names}
