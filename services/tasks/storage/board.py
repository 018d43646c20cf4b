"""The exception board: what is red, in the order in which it wants a decision. `domain.board` says why."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from chassis.rows import Id
from kernel.working_time import WorkingDays
from tasks.domain.board import LEVELS, SOURCES, URGENT_FIRST, Scope
from tasks.domain.due import APPROVER_HAS, ASSIGNER_HAS
from tasks.storage import calendar, standing
from tasks.storage.standing import CLOSED

RECEIPT_HAS = 1
_RED_NOW = f"""a.id IN (
    SELECT id FROM assignments WHERE state NOT IN {CLOSED} AND current_due < :at
    UNION SELECT id FROM assignments WHERE state IN ('declined', 'result_submitted')
    UNION SELECT id FROM assignments
        WHERE state = 'assigned' AND assigned_at < CAST(:at AS timestamptz) - interval '1 day'
    UNION SELECT assignment_id FROM extensions WHERE state = 'pending'
    UNION SELECT assignment_id FROM blockers WHERE resolved_at IS NULL AND answer_due < :at)"""
_OPEN_OF_UNITS = f"a.state NOT IN {CLOSED} AND a.unit_id = ANY(CAST(:units AS uuid[]))"
_OPEN_OF_POSTS = f"""a.id IN (
    SELECT id FROM assignments WHERE state NOT IN {CLOSED} AND post_id = ANY(CAST(:posts AS uuid[]))
    UNION SELECT id FROM assignments WHERE state NOT IN {CLOSED} AND assigner_post_id = ANY(CAST(:posts AS uuid[])))"""
SCOPES = {
    Scope.CITY: "a.parent_id IS NULL",
    Scope.UNIT: "a.unit_id = ANY(CAST(:units AS uuid[]))",
    Scope.OWN: "(a.post_id = ANY(CAST(:posts AS uuid[])) OR a.assigner_post_id = ANY(CAST(:posts AS uuid[])))",
}
_CANDIDATES = {
    Scope.CITY: f"a.parent_id IS NULL AND {_RED_NOW}", Scope.UNIT: _OPEN_OF_UNITS, Scope.OWN: _OPEN_OF_POSTS,
}  # fmt: skip
_OPEN_THEN = "(a.closed_at IS NULL OR a.closed_at > :at)"
_PENDING = ("e.state = 'pending'", "e.requested_at <= :at AND (e.decided_at IS NULL OR e.decided_at > :at)")
_UNANSWERED = ("b.resolved_at IS NULL", "b.raised_at <= :at AND (b.resolved_at IS NULL OR b.resolved_at > :at)")


def _array(words: Sequence[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"


_NOW = calendar.count(":at")
_CLOCK = calendar.count("coalesce(a.suspended_at, CAST(:at AS timestamptz))")
_BOARD = f"""
    WITH {calendar.CALENDAR}, {{standing}},
    known AS (
        SELECT a.*, t.urgency, t.source, t.mode, b.answer_due, b.decides_post_id AS unblocks, e.requested_at,
            {calendar.overdue()} AS overdue, {_NOW} AS now
        FROM standing a JOIN tasks t ON t.id = a.task_id
            LEFT JOIN LATERAL (SELECT b.answer_due, b.decides_post_id FROM blockers b WHERE b.assignment_id = a.id
                AND {{unanswered}} AND b.answer_due < :at ORDER BY b.id LIMIT 1) AS b ON true
            LEFT JOIN LATERAL (SELECT e.requested_at FROM extensions e WHERE e.assignment_id = a.id
                AND {{pending}} LIMIT 1) AS e ON true
        WHERE a.state NOT IN {CLOSED} AND {{scope}}),
    judged AS (
        SELECT a.*, CASE
            WHEN a.answer_due IS NOT NULL THEN 'answer'
            WHEN a.state = 'declined' AND a.now - {calendar.count("a.since")} > {ASSIGNER_HAS}
                THEN 'decision_on_refusal'
            WHEN a.requested_at IS NOT NULL AND a.now - {calendar.count("a.requested_at")} > {ASSIGNER_HAS}
                THEN 'decision_on_extension'
            WHEN a.state = 'result_submitted' AND a.now - {calendar.count("a.submitted_at")} > {APPROVER_HAS}
                THEN 'decision_on_result'
            WHEN a.state = 'assigned' AND a.now - {calendar.count("a.since")} > {RECEIPT_HAS} THEN 'receipt'
            WHEN a.state <> 'result_submitted' AND a.overdue THEN 'result' END AS missing
        FROM known a),
    red AS (
        SELECT a.id, a.task_id, a.unit_id, a.post_id, a.urgency, a.source, a.refusals, a.missing, a.under_correction,
            CASE a.missing
                WHEN 'answer' THEN a.now - {calendar.count("a.answer_due")}
                WHEN 'decision_on_refusal' THEN a.now - {calendar.count("a.since")} - {ASSIGNER_HAS}
                WHEN 'decision_on_extension' THEN a.now - {calendar.count("a.requested_at")} - {ASSIGNER_HAS}
                WHEN 'decision_on_result' THEN a.now - {calendar.count("a.submitted_at")} - {APPROVER_HAS}
                WHEN 'receipt' THEN a.now - {calendar.count("a.since")} - {RECEIPT_HAS}
                ELSE {_CLOCK} - {calendar.count("a.current_due")} END AS days,
            CASE WHEN a.overdue THEN {_CLOCK} - {calendar.count("a.current_due")} ELSE 0 END AS overdue_days,
            CASE WHEN a.missing = 'answer' THEN a.unblocks
                WHEN a.missing = 'decision_on_result' AND a.mode = 'joint' AND a.role = 'support'
                    AND a.parent_id IS NULL
                THEN coalesce((SELECT l.post_id FROM assignments l WHERE l.task_id = a.task_id AND l.role = 'lead'
                    AND l.parent_id IS NULL AND l.state <> 'revoked' AND l.post_id <> a.post_id LIMIT 1),
                    a.assigner_post_id)
                ELSE a.assigner_post_id END AS decides_post_id
        FROM judged a WHERE a.missing IS NOT NULL),
    ranked AS MATERIALIZED (
        SELECT red.*, array_position({_array(URGENT_FIRST)}, red.urgency) AS urgency_rank,
            array_position({_array(SOURCES)}, red.source) AS source_rank, -red.refusals AS refusal_rank,
            CASE u.kind WHEN 'committee' THEN 1 WHEN 'office' THEN 2 WHEN 'division' THEN 4 ELSE 3 END AS level_rank,
            -red.days AS days_rank
        FROM red LEFT JOIN copy_posts o ON o.id = red.decides_post_id LEFT JOIN copy_units u ON u.id = o.unit_id),
    chosen AS MATERIALIZED (SELECT * FROM ranked WHERE {{chosen}})
    SELECT counts.*, page.* FROM (
        SELECT (SELECT jsonb_object_agg(missing, n) FROM (SELECT missing, count(*) AS n FROM chosen
                WHERE NOT under_correction GROUP BY missing) AS each) AS by_missing,
            (SELECT jsonb_object_agg(level_rank, n) FROM (SELECT level_rank, count(*) AS n FROM chosen
                WHERE NOT under_correction GROUP BY level_rank) AS each) AS by_level,
            (SELECT count(*) FROM chosen WHERE NOT under_correction) AS total,
            (SELECT count(*) FROM chosen WHERE under_correction) AS apart) AS counts
    LEFT JOIN LATERAL (SELECT * FROM chosen WHERE under_correction = :apart AND {{after}}
        ORDER BY {{order}} LIMIT {{limit}}) AS page ON true
    ORDER BY {{order}}"""
RANKS = ("urgency_rank", "source_rank", "refusal_rank", "level_rank", "days_rank", "id")
_CHOICES = {
    "missing": "missing = :missing",
    "level": f"level_rank = array_position({_array(LEVELS)}, :level)",
    "unit_id": "unit_id = CAST(:unit_id AS uuid)",
    "source": "source = :source",
    "urgency": "urgency = :urgency",
}


def read(
    tx, scope: Scope, mine: Mapping, request: Mapping, days: WorkingDays, at: datetime, *, past: bool,
    after: Sequence | None, limit: int,
) -> tuple[Mapping, list[Mapping]]:  # fmt: skip
    """Counts and a page; with `past` as it stood `at` an earlier instant. `mine` are the actor's units and posts."""
    chosen = [condition for name, condition in _CHOICES.items() if request[name] is not None]
    followed = f"({', '.join(RANKS)}) > ({', '.join(f':after{place}' for place in range(len(RANKS)))})"
    query = _BOARD.format(
        standing=_then(scope) if past else standing.NOW.format(candidates=_CANDIDATES[scope]),
        scope=SCOPES[scope], pending=_PENDING[past], unanswered=_UNANSWERED[past],
        chosen=" AND ".join(["true", *chosen]), after=followed if after else "true", order=", ".join(RANKS),
        limit=limit,
    )  # fmt: skip
    values = calendar.given(days, at) | mine | {name: request[name] for name in _CHOICES}
    values |= {"apart": request["under_correction"]}
    values |= {f"after{place}": value for place, value in enumerate(after or ())}
    ids = dict.fromkeys(("id", "task_id", "unit_id", "post_id", "decides_post_id"), Id)
    rows = list(tx.execute(_typed(query, ids), values).mappings())
    return rows[0], [row for row in rows if row["id"] is not None]


def _then(scope: Scope) -> str:
    inside = " AND a.parent_id IS NULL" if scope is Scope.CITY else ""
    return standing.THEN.format(folded=_OPEN_THEN + inside, informs=standing.INFORMS, settled="")


def _typed(query: str, columns: Mapping) -> sa.TextClause:
    """Ids as text; what is not named here comes as the driver has it."""
    return sa.text(query).columns(**columns)
