"""Pieces as they stood: now as the rows say it, at an earlier instant as the history folds, for many at once.

`NOW` and `THEN` are the same table expression, column for column; `domain.assignment.fold` is the rule, and a test
compares the two.
"""

from collections.abc import Sequence

from tasks.domain.assignment import STATES as _STATES

CLOSED = "('completed', 'revoked', 'archived')"  # written out: only then does the planner know the partial indexes
STATES = "ARRAY[" + ", ".join(f"'{state}'" for state in _STATES) + "]"
_COMES_TO = f"""CASE h.verb WHEN 'issue' THEN 1 WHEN 'reassign' THEN 1 WHEN 'uphold' THEN 1 WHEN 'accept' THEN 2
    WHEN 'decline' THEN 3 WHEN 'submit_result' THEN 4 WHEN 'return_result' THEN 2 WHEN 'withdraw_result' THEN 2
    WHEN 'resume' THEN 2 WHEN 'reopen' THEN 2 WHEN 'suspend' THEN 5 WHEN 'approve_result' THEN 6
    WHEN 'revoke' THEN 7 WHEN 'archive' THEN 8
    WHEN 'import' THEN array_position({STATES}, h.data ->> 'state') END"""
MOVES = f"({_COMES_TO})"  # of a history `h`: the number of the state, none if the state stays
# of a history `h`, as domain.assignment.lived: what was imported came into its state when it was given
MOVED_AT = "coalesce(CASE WHEN h.verb = 'import' THEN (h.data ->> 'since')::timestamptz END, h.at)"

COLUMNS = """a.id, a.task_id, a.parent_id, a.unit_id, a.post_id, a.assigner_post_id, a.role, a.state, a.original_due,
    a.current_due, a.assigned_at, a.submitted_at, a.suspended_at, a.done_at, a.closed_at, a.returns, a.refusals,
    a.under_correction"""

_SINCE = """CASE a.state WHEN 'declined' THEN a.declined_at WHEN 'result_submitted' THEN a.submitted_at
    WHEN 'assigned' THEN CASE WHEN a.version = 1 THEN a.assigned_at ELSE coalesce((
        SELECT max(h.at) FROM history h WHERE h.task_id = a.task_id AND h.assignment_id = a.id
            AND h.verb IN ('issue', 'reassign', 'uphold')), a.assigned_at) END END"""
NOW = f"""
    standing AS (
        SELECT {COLUMNS}, {_SINCE} AS since FROM assignments a WHERE {{candidates}})"""


def _last(name: str, kind: str, where: str | None = None, said: str | None = None) -> str:
    """Of a history `h`: what the last event that says it says."""
    where, said = where or f"h.data ? '{name}'", said or f"h.data ->> '{name}'"
    said = f"lpad(h.version::text, 6, '0') || coalesce({said}, '')"
    return f"nullif(substr(max(CASE WHEN {where} THEN {said} END COLLATE \"C\"), 7), '')::{kind}"


def _words(verbs: Sequence[str]) -> str:
    return ", ".join(f"'{verb}'" for verb in verbs)


def _when(*verbs: str) -> str:
    return f"max(h.at) FILTER (WHERE h.verb IN ({_words(verbs)}))"


def _last_when(moment: str, *verbs: str) -> str:
    """When the last of these verbs was; an import says when it was elsewhere, if it was."""
    said = f"CASE h.verb WHEN 'import' THEN h.data ->> '{moment}' ELSE h.at::text END"
    return _last(moment, "timestamptz", f"h.verb IN ({_words((*verbs, 'import'))})", said)


_ROLE_AT_RECEIPT = """(SELECT r.data ->> 'role' FROM history r WHERE r.task_id = f.task_id AND r.assignment_id = f.id
    AND r.verb IN ('issue', 'import', 'correct') AND r.data ? 'role' AND r.version < f.received
    ORDER BY r.version DESC LIMIT 1)"""
THEN = f"""
    open_then AS MATERIALIZED (
        SELECT a.id, a.task_id, a.parent_id, a.assigned_at, a.role AS now_role FROM assignments a
        WHERE a.assigned_at <= :at AND {{folded}}),
    folding AS MATERIALIZED (
        SELECT a.*, f.* FROM open_then a CROSS JOIN LATERAL (
            SELECT max(h.version * 16 + {MOVES}) % 16 AS state,
            {_when("issue", "reassign", "uphold")} AS given_at, {_when("decline")} AS declined_at,
            {_last("unit_id", "uuid")} AS unit_id, {_last("post_id", "uuid")} AS post_id,
            {_last("assigner_post_id", "uuid")} AS assigner_post_id,
            {_last("current_due", "timestamptz")} AS current_due,
            coalesce({_last("original_due", "timestamptz")},
                {_last("current_due", "timestamptz", "h.verb = 'issue'")}) AS original_due,
            {_last("role", "text")} AS role, {_last_when("submitted_at", "submit_result")} AS submitted_at,
            {_last_when("suspended_at", "suspend")} AS suspended_at,
            {_last_when("accepted_at", "accept")} AS accepted_at,
            max(h.version) FILTER (WHERE h.verb = 'accept') AS received,
            {_last_when("closed_at", "accept", "approve_result", "revoke")} AS closed_at,
            {_last("done_at", "timestamptz", "h.verb = 'approve_result' OR h.data ? 'done_at'")} AS put_right,
            count(*) FILTER (WHERE h.verb = 'return_result') AS returns,
            count(*) FILTER (WHERE h.verb = 'decline') AS refusals
        FROM history h WHERE h.task_id = a.task_id AND h.assignment_id = a.id AND h.at <= :at) AS f),
    folds AS MATERIALIZED (
        SELECT f.*, f.state = 2 AND {{informs}} AS informed FROM folding f WHERE f.state IS NOT NULL),
    standing AS (
        SELECT f.id, f.task_id, f.parent_id, f.unit_id, f.post_id,
            coalesce(f.assigner_post_id, t.assigner_post_id) AS assigner_post_id, coalesce(f.role, f.now_role) AS role,
            CASE WHEN f.informed THEN 'completed' ELSE ({STATES})[f.state] END AS state, f.original_due, f.current_due,
            f.assigned_at, CASE WHEN f.state IN (4, 6, 8) THEN f.submitted_at END AS submitted_at,
            CASE WHEN f.state = 5 THEN f.suspended_at END AS suspended_at,
            CASE WHEN f.informed OR f.state IN (6, 8)
                THEN coalesce(f.put_right, f.submitted_at, f.accepted_at) END AS done_at,
            CASE WHEN f.informed OR f.state IN (6, 7, 8) THEN f.closed_at END AS closed_at,
            f.returns, f.refusals, EXISTS (SELECT 1 FROM corrections c WHERE c.assignment_id = f.id
                AND c.proposed_at <= :at AND (c.decided_at IS NULL OR c.decided_at > :at)) AS under_correction,
            CASE f.state WHEN 1 THEN coalesce(f.given_at, f.assigned_at) WHEN 3 THEN f.declined_at
                WHEN 4 THEN f.submitted_at END AS since
        FROM folds f JOIN tasks t ON t.id = f.task_id)"""
INFORMS = f"coalesce({_ROLE_AT_RECEIPT}, f.now_role) = 'inform'"
