"""The exception board: what is red, in the order in which it wants a decision. `domain.board` says why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from chassis.rows import Id
from kernel.working_time import WorkingDays
from tasks.domain.board import LEVELS, SOURCES, URGENT_FIRST, Scope
from tasks.domain.due import APPROVER_HAS, ASSIGNER_HAS
from tasks.storage import calendar, standing
from tasks.storage.standing import CLOSED

RECEIPT_HAS = 1
_MAY_BE_RED = f"""a.state NOT IN {CLOSED} AND a.parent_id IS NULL AND (
    a.current_due < :at OR a.state IN ('declined', 'result_submitted')
    OR a.state = 'assigned' AND a.assigned_at < CAST(:at AS timestamptz) - interval '1 day'
    OR a.id IN (SELECT assignment_id FROM undecided) OR a.id IN (SELECT assignment_id FROM unanswered))"""
_OPEN_OF_UNITS = f"a.state NOT IN {CLOSED} AND a.unit_id = ANY(CAST(:units AS uuid[]))"
_OPEN_OF_POSTS = f"""a.id IN (
    SELECT id FROM assignments WHERE state NOT IN {CLOSED} AND post_id = ANY(CAST(:posts AS uuid[]))
    UNION SELECT id FROM assignments WHERE state NOT IN {CLOSED} AND assigner_post_id = ANY(CAST(:posts AS uuid[])))"""
SCOPES = {
    Scope.CITY: "a.parent_id IS NULL",
    Scope.UNIT: "a.unit_id = ANY(CAST(:units AS uuid[]))",
    Scope.OWN: "(a.post_id = ANY(CAST(:posts AS uuid[])) OR a.assigner_post_id = ANY(CAST(:posts AS uuid[])))",
}
_CANDIDATES = {Scope.CITY: _MAY_BE_RED, Scope.UNIT: _OPEN_OF_UNITS, Scope.OWN: _OPEN_OF_POSTS}
_OPEN_THEN = "(a.closed_at IS NULL OR a.closed_at > :at)"
_PENDING = ("e.state = 'pending'", "e.requested_at <= :at AND (e.decided_at IS NULL OR e.decided_at > :at)")
_UNANSWERED = ("b.resolved_at IS NULL", "b.raised_at <= :at AND (b.resolved_at IS NULL OR b.resolved_at > :at)")


def _array(words: Sequence[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"


_CLOCK = f"CASE WHEN a.suspended_at IS NULL THEN :today ELSE {calendar.count('a.suspended_at')} END"
_BOARD = f"""
    WITH {calendar.CALENDAR},
    unanswered AS MATERIALIZED (
        SELECT DISTINCT ON (b.assignment_id) b.assignment_id, b.answer_due, b.decides_post_id FROM blockers b
        WHERE {{unanswered}} AND b.answer_due < :at ORDER BY b.assignment_id, b.id),
    undecided AS MATERIALIZED (SELECT e.assignment_id, e.requested_at FROM extensions e WHERE {{pending}}),
    {{standing}},
    known AS (
        SELECT a.*, t.urgency, t.source, t.mode, b.decides_post_id AS unblocks,
            :today - {calendar.count("b.answer_due")} AS answer_days,
            :today - {calendar.count("e.requested_at")} - {ASSIGNER_HAS} AS extension_days,
            :today - {calendar.count("a.since")} AS days_since,
            CASE WHEN {calendar.overdue()} THEN {_CLOCK} - {calendar.count("a.current_due")} END AS overdue_days
        FROM standing a JOIN tasks t ON t.id = a.task_id
            LEFT JOIN unanswered b ON b.assignment_id = a.id LEFT JOIN undecided e ON e.assignment_id = a.id
        WHERE a.state NOT IN {CLOSED} AND {{scope}}
        OFFSET 0),
    judged AS (
        SELECT a.*, CASE
            WHEN a.unblocks IS NOT NULL THEN 'answer'
            WHEN a.state = 'declined' AND a.days_since > {ASSIGNER_HAS} THEN 'decision_on_refusal'
            WHEN a.extension_days > 0 THEN 'decision_on_extension'
            WHEN a.state = 'result_submitted' AND a.days_since > {APPROVER_HAS} THEN 'decision_on_result'
            WHEN a.state = 'assigned' AND a.days_since > {RECEIPT_HAS} THEN 'receipt'
            WHEN a.state <> 'result_submitted' AND a.overdue_days IS NOT NULL THEN 'result' END AS missing
        FROM known a),
    red AS MATERIALIZED (
        SELECT a.id, a.task_id, a.unit_id, a.post_id, a.urgency, a.source, a.missing, a.under_correction,
            a.refusals, coalesce(a.overdue_days, 0) AS overdue_days,
            CASE a.missing
                WHEN 'answer' THEN a.answer_days
                WHEN 'decision_on_refusal' THEN a.days_since - {ASSIGNER_HAS}
                WHEN 'decision_on_extension' THEN a.extension_days
                WHEN 'decision_on_result' THEN a.days_since - {APPROVER_HAS}
                WHEN 'receipt' THEN a.days_since - {RECEIPT_HAS}
                ELSE a.overdue_days END AS days,
            CASE WHEN a.missing = 'answer' THEN a.unblocks
                WHEN a.missing = 'decision_on_result' AND a.mode = 'joint' AND a.role = 'support'
                    AND a.parent_id IS NULL
                THEN coalesce((SELECT l.post_id FROM assignments l WHERE l.task_id = a.task_id AND l.role = 'lead'
                    AND l.parent_id IS NULL AND l.state <> 'revoked' AND l.post_id <> a.post_id LIMIT 1),
                    a.assigner_post_id)
                ELSE a.assigner_post_id END AS decides_post_id
        FROM judged a WHERE a.missing IS NOT NULL),
    deciders AS MATERIALIZED (
        SELECT d.id, CASE u.kind WHEN 'committee' THEN 1 WHEN 'office' THEN 2 WHEN 'division' THEN 4 ELSE 3 END AS level
        FROM (SELECT DISTINCT decides_post_id AS id FROM red) AS d
            LEFT JOIN copy_posts o ON o.id = d.id LEFT JOIN copy_units u ON u.id = o.unit_id),
    ranked AS (
        SELECT red.*, array_position({_array(URGENT_FIRST)}, red.urgency) AS urgency_rank,
            array_position({_array(SOURCES)}, red.source) AS source_rank, -red.refusals AS refusal_rank,
            d.level AS level_rank, -red.days AS days_rank
        FROM red JOIN deciders d ON d.id = red.decides_post_id),
    chosen AS MATERIALIZED (SELECT * FROM ranked WHERE {{chosen}})
    SELECT counted.counts, page.* FROM (
        SELECT jsonb_agg(jsonb_build_array(missing, level_rank, under_correction, n)) AS counts FROM (
            SELECT missing, level_rank, under_correction, count(*) AS n FROM chosen GROUP BY 1, 2, 3) AS part
        ) AS counted
    LEFT JOIN LATERAL (SELECT * FROM chosen WHERE under_correction = :apart AND {{after}}
        ORDER BY {{order}} LIMIT {{limit}}) AS page ON true
    ORDER BY {{order}}"""


class Part(NamedTuple):
    """So many rows are alike in this."""

    missing: str
    level_rank: int
    under_correction: bool
    count: int


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
) -> tuple[list[Part], list[Mapping]]:  # fmt: skip
    """Counts of its parts, and a page; with `past` as it stood `at` an earlier instant. `mine` are the actor's units
    and posts.
    """
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
    return [Part(*part) for part in rows[0]["counts"] or ()], [row for row in rows if row["id"] is not None]


def _then(scope: Scope) -> str:
    inside = " AND a.parent_id IS NULL" if scope is Scope.CITY else ""
    return standing.THEN.format(folded=_OPEN_THEN + inside, informs=standing.INFORMS)


def _typed(query: str, columns: Mapping) -> sa.TextClause:
    """Ids as text; what is not named here comes as the driver has it."""
    return sa.text(query).columns(**columns)
