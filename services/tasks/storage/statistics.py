"""Statistics of the pieces that were given in a period: every figure, and the list that it counts."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from chassis.rows import Id
from kernel.working_time import WorkingDays
from tasks.domain.board import Scope
from tasks.domain.due import APPROVER_HAS, ASSIGNER_HAS
from tasks.domain.figures import CLASSES, LOST
from tasks.storage import calendar, standing
from tasks.storage.board import SCOPES
from tasks.storage.standing import CLOSED

_MONTH = "to_char(a.assigned_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM')"
_KEYS = {"unit": "unit_id", "source": "source", "field": "field", "month": "month"}
_GIVEN = "a.assigned_at >= :since AND a.assigned_at < :until AND a.parent_id IS NULL"


def _class(due: str) -> str:
    """domain.due.report_class, as its place among CLASSES; what is under correction stands apart."""
    return f"""CASE WHEN a.state = 'revoked' THEN 6 WHEN a.under_correction THEN 5
        WHEN a.done_at IS NOT NULL THEN CASE WHEN {due} IS NOT NULL AND {calendar.missed(due, "a.done_at")}
            THEN 2 ELSE 1 END
        WHEN {due} IS NOT NULL AND {calendar.overdue(due)} THEN 4 ELSE 3 END"""


# A stay in a state lasts from `b` to `e`, the deadline is `d`: all as counts of working days, so that the n-th working
# day after a day is its count and n, and days after the deadline are those of greatest(..., d).
_ASSIGNERS = f"""(SELECT coalesce(sum(greatest(w.until, s.d) - greatest(w.since, s.d)), 0) FROM (
        SELECT w.since, CASE WHEN w.decided IS NULL THEN s.e ELSE greatest(w.since, least(s.e, w.decided)) END AS until
        FROM (SELECT least(s.e, greatest(s.b, {calendar.count("x.requested_at")} + {ASSIGNER_HAS})) AS since,
                CASE WHEN x.decided_at <= :at THEN {calendar.count("x.decided_at")} END AS decided
            FROM extensions x WHERE x.assignment_id = s.id AND x.requested_at <= :at) AS w) AS w)"""
_LOST = f"""
    late AS MATERIALIZED (
        SELECT a.id, a.task_id, a.d FROM judged a WHERE a.d < a.ended),
    moves AS (
        SELECT l.id, l.d, {standing.MOVES} AS state, {calendar.count(standing.MOVED_AT)} AS b,
            coalesce(lead({calendar.count(standing.MOVED_AT)}) OVER (PARTITION BY l.id ORDER BY h.version),
                :today) AS e
        FROM late l JOIN history h ON h.task_id = l.task_id AND h.assignment_id = l.id
        WHERE h.at <= :at AND {standing.MOVES} IS NOT NULL),
    stays AS (SELECT s.*, greatest(e, d) - greatest(b, d) AS days FROM moves s WHERE state <= 5 AND e > d),
    shared AS (
        SELECT s.id, s.state, s.days, CASE s.state
            WHEN 1 THEN {_ASSIGNERS} WHEN 2 THEN {_ASSIGNERS}
            WHEN 3 THEN greatest(e, d) - greatest(least(e, b + {ASSIGNER_HAS}), d)
            WHEN 4 THEN greatest(e, d) - greatest(least(e, b + {APPROVER_HAS}), d)
            ELSE 0 END AS others
        FROM stays s),
    lost AS (
        SELECT id, coalesce(sum(days - others) FILTER (WHERE state <= 3), 0)::int AS owner,
            coalesce(sum(others) FILTER (WHERE state = 4), 0)::int AS approver,
            coalesce(sum(others) FILTER (WHERE state <= 3), 0)::int AS assigner,
            coalesce(sum(days - others) FILTER (WHERE state >= 4), 0)::int AS nobody
        FROM shared GROUP BY id)"""
# FULL, though whatever lost days is in `judged`: the planner cannot know how many did, and so cannot loop over them
_LIVE = f"""
    WITH {calendar.CALENDAR}, {{standing}},
    judged AS MATERIALIZED (
        SELECT a.id, a.task_id, a.assigned_at, a.closed_at, a.unit_id, t.source, coalesce(t.field, '-') AS field,
            {_MONTH} AS month, a.returns, {_class("a.current_due")} AS current,
            {_class("a.original_due")} AS original, {calendar.count("a.current_due")} AS d,
            CASE WHEN a.closed_at IS NULL THEN :today ELSE {calendar.count("a.closed_at")} END AS ended
        FROM standing a JOIN tasks t ON t.id = a.task_id
        WHERE a.role <> 'inform' AND {{scope}}),
    {_LOST},
    live AS (
        SELECT id, assigned_at, closed_at, unit_id, source, field, month, current, original, returns,
            coalesce(owner, 0) AS owner, coalesce(approver, 0) AS approver, coalesce(assigner, 0) AS assigner,
            coalesce(nobody, 0) AS nobody
        FROM judged FULL JOIN lost USING (id))"""
_COUNTED = f"""{_LIVE},
    counted AS (
        SELECT id, {{key}} AS key, current, original, returns, owner, approver, assigner, nobody FROM live
        UNION ALL
        SELECT a.assignment_id, {{key}}, a.current, a.original, a.returns, a.owner, a.approver, a.assigner, a.nobody
        FROM outcomes a WHERE a.assigned_at >= :since AND a.assigned_at < :until AND {{settled}})"""


FIGURES = (
    "given", "returns", *(f"{due}_{name}" for due in ("current", "original") for name in CLASSES),
    *(f"lost_{party}" for party in LOST),
)  # fmt: skip


def _figures() -> str:
    classes = (
        f"count(*) FILTER (WHERE {due} = {place}) AS {due}_{name}" for due in ("current", "original")
        for place, name in enumerate(CLASSES, 1)
    )  # fmt: skip
    lost = (f"coalesce(sum({party}), 0)::int AS lost_{party}" for party in LOST)
    return ", ".join(["count(*) AS given", "coalesce(sum(returns), 0)::int AS returns", *classes, *lost])


_ROWS = f"{_COUNTED} SELECT key::text AS key, {_figures()} FROM counted GROUP BY counted.key ORDER BY counted.key"
_LIST = f"""{_COUNTED}
    SELECT id, current, original, {", ".join(f"{party} AS lost_{party}" for party in LOST)}
    FROM counted WHERE {{chosen}} ORDER BY id LIMIT {{limit}}"""
_CORRECTED = """corrected AS MATERIALIZED (
    SELECT assignment_id AS id FROM history WHERE verb IN ('correct', 'import') AND assignment_id IS NOT NULL
        AND at > :at),"""
_SETTLE = f"""{_LIVE},
    written AS (
        INSERT INTO outcomes (assignment_id, assigned_at, closed_at, unit_id, source, field, month, current, original,
            returns, owner, approver, assigner, nobody) SELECT * FROM live)
    UPDATE assignments SET settled = true WHERE id = ANY(CAST(:ids AS uuid[]))"""
_TO_SETTLE = f"""SELECT a.id FROM assignments a WHERE NOT a.settled AND a.parent_id IS NULL AND a.state IN {CLOSED}
    AND NOT a.under_correction ORDER BY a.assigned_at LIMIT :limit FOR UPDATE SKIP LOCKED"""


def settle(tx, days: WorkingDays, at: datetime, limit: int) -> int:
    """Writes down what became of closed pieces; whatever changes one of them voids it, by a trigger."""
    ids = list(tx.execute(sa.text(_TO_SETTLE).columns(id=Id), {"limit": limit}).scalars())
    if ids:
        candidates = "a.id = ANY(CAST(:ids AS uuid[]))"
        query = _SETTLE.format(standing=standing.NOW.format(candidates=candidates), scope="true")
        tx.execute(sa.text(query), calendar.given(days, at) | {"ids": ids})
    return len(ids)


def rows(tx, scope: Scope, mine: Mapping, by: str, period: Mapping, days: WorkingDays, at: datetime, *, past: bool):
    """All groups with all figures."""
    query = sa.text(_ROWS.format(**_parts(scope, by, past)))
    return list(tx.execute(query, calendar.given(days, at) | mine | period).mappings())


def counted(
    tx, scope: Scope, mine: Mapping, by: str, period: Mapping, days: WorkingDays, at: datetime, *, past: bool,
    request: Mapping, after: str | None, limit: int,
) -> list[Mapping]:  # fmt: skip
    """The pieces that one figure counts, and of each the days that it lost."""
    figure, chosen = request["figure"], ["true"]
    if request["key"] is not None:
        chosen.append("key::text = :key")
    if figure in CLASSES:
        chosen.append(f"{request['against']} = {CLASSES.index(figure) + 1}")
    elif figure == "returns":
        chosen.append("returns > 0")
    elif figure != "given":
        chosen.append(f"{figure.removeprefix('lost_')} > 0")
    if after is not None:
        chosen.append("id > CAST(:after AS uuid)")
    query = _LIST.format(chosen=" AND ".join(chosen), limit=limit, **_parts(scope, by, past))
    values = calendar.given(days, at) | mine | period | {"key": request["key"], "after": after}
    return list(tx.execute(sa.text(query).columns(id=Id), values).mappings())


def _parts(scope: Scope, by: str, past: bool) -> dict[str, str]:
    """What is written down already is not looked at again, unless a fact of it was put right since. Of one's own
    pieces, which are few, nothing is taken from there.
    """
    own = scope is Scope.OWN
    settled = "false" if own else "true" if scope is Scope.CITY else SCOPES[scope]
    live = _GIVEN if own else f"{_GIVEN} AND NOT a.settled"
    found = {"key": _KEYS[by], "scope": SCOPES[scope]}
    if not past:
        return found | {"standing": standing.NOW.format(candidates=live), "settled": settled}
    of_then = "a.closed_at <= :at AND a.assignment_id NOT IN (SELECT id FROM corrected)"
    folded = f"""{_GIVEN} AND (NOT a.settled OR {"true OR" if own else ""} a.closed_at > :at
        OR a.id IN (SELECT id FROM corrected))"""
    then = standing.THEN.format(folded=folded, informs=standing.INFORMS)
    return found | {"standing": _CORRECTED + then, "settled": f"{settled} AND {of_then}"}
