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

_MONTH = "to_char(a.assigned_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM')"
_KEYS = {"unit": "a.unit_id::text", "source": "t.source", "field": "coalesce(t.field, '-')", "month": _MONTH}
_GIVEN = "a.assigned_at >= :since AND a.assigned_at < :until AND a.parent_id IS NULL"


def _class(due: str) -> str:
    """domain.due.report_class; what is under correction stands apart."""
    return f"""CASE WHEN a.state = 'revoked' THEN 'revoked' WHEN a.under_correction THEN 'under_correction'
        WHEN a.done_at IS NOT NULL THEN CASE WHEN {due} IS NOT NULL AND {calendar.missed(due, "a.done_at")}
            THEN 'completed_late' ELSE 'completed_on_time' END
        WHEN {due} IS NOT NULL AND {calendar.overdue(due)} THEN 'in_progress_overdue'
        ELSE 'in_progress_in_time' END"""


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
        SELECT l.id, l.d, {standing.MOVES} AS state, {calendar.count("h.at")} AS b,
            coalesce(lead({calendar.count("h.at")}) OVER (PARTITION BY l.id ORDER BY h.version),
                {calendar.count(":at")}) AS e
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
_JUDGED = f"""
    WITH {calendar.CALENDAR}, {{standing}},
    judged AS MATERIALIZED (
        SELECT a.id, a.task_id, {{key}} AS key, a.returns, {_class("a.current_due")} AS current,
            {_class("a.original_due")} AS original,
            CASE WHEN a.current_due IS NOT NULL THEN {calendar.count("a.current_due")} END AS d,
            {calendar.count("coalesce(a.closed_at, CAST(:at AS timestamptz))")} AS ended
        FROM standing a JOIN tasks t ON t.id = a.task_id
        WHERE {_GIVEN} AND a.role <> 'inform' AND {{scope}}),
    {_LOST}"""


FIGURES = (
    "given", "returns", *(f"{due}_{name}" for due in ("current", "original") for name in CLASSES),
    *(f"lost_{party}" for party in LOST),
)  # fmt: skip


def _figures() -> str:
    classes = (
        f"count(*) FILTER (WHERE {due} = '{name}') AS {due}_{name}" for due in ("current", "original")
        for name in CLASSES
    )  # fmt: skip
    lost = (f"coalesce(sum({party}), 0)::int AS lost_{party}" for party in LOST)
    return ", ".join(["count(*) AS given", "coalesce(sum(returns), 0)::int AS returns", *classes, *lost])


_ROWS = f"{_JUDGED} SELECT key, {_figures()} FROM judged LEFT JOIN lost USING (id) GROUP BY key ORDER BY key"
_COUNTED = f"""{_JUDGED}
    SELECT id, key, current, original, {", ".join(f"coalesce({party}, 0) AS lost_{party}" for party in LOST)}
    FROM judged LEFT JOIN lost USING (id) WHERE {{counted}} ORDER BY id LIMIT {{limit}}"""
_CORRECTED = "corrected AS MATERIALIZED (SELECT assignment_id AS id FROM history WHERE verb = 'correct' AND at > :at),"


def rows(tx, scope: Scope, mine: Mapping, by: str, period: Mapping, days: WorkingDays, at: datetime, *, past: bool):
    """All groups with all figures."""
    query = sa.text(_ROWS.format(key=_KEYS[by], standing=_standing(past), scope=SCOPES[scope]))
    return list(tx.execute(query, calendar.given(days, at) | mine | period).mappings())


def counted(
    tx, scope: Scope, mine: Mapping, by: str, period: Mapping, days: WorkingDays, at: datetime, *, past: bool,
    request: Mapping, after: str | None, limit: int,
) -> list[Mapping]:  # fmt: skip
    """The pieces that one figure counts, and of each the days that it lost."""
    figure, conditions = request["figure"], ["true"]
    if request["key"] is not None:
        conditions.append("key = :key")
    if figure in CLASSES:
        conditions.append(f"{request['against']} = :figure")
    elif figure == "returns":
        conditions.append("returns > 0")
    elif figure != "given":
        conditions.append(f"{figure.removeprefix('lost_')} > 0")
    if after is not None:
        conditions.append("id > CAST(:after AS uuid)")
    query = _COUNTED.format(
        key=_KEYS[by], standing=_standing(past), scope=SCOPES[scope], counted=" AND ".join(conditions), limit=limit
    )  # fmt: skip
    values = calendar.given(days, at) | mine | period | {"key": request["key"], "figure": figure, "after": after}
    return list(tx.execute(sa.text(query).columns(id=Id), values).mappings())


def _standing(past: bool) -> str:
    if not past:
        return standing.NOW.format(candidates=_GIVEN)
    return _CORRECTED + standing.THEN.format(
        folded=f"{_GIVEN} AND (a.closed_at IS NULL OR a.closed_at > :at OR a.id IN (SELECT id FROM corrected))",
        informs=standing.INFORMS, settled=standing.SETTLED.format(settled=_GIVEN),
    )  # fmt: skip
