"""Pieces as they stood: now as the rows say it, at an earlier instant as the history folds, for many at once.

`NOW` and `THEN` are the same table expression, column for column; `domain.assignment.fold` is the rule, and a test
compares the two.
"""

CLOSED = "('completed', 'revoked', 'archived')"  # written out: only then does the planner know the partial indexes
_COMES_TO = """CASE h.verb WHEN 'issue' THEN 1 WHEN 'reassign' THEN 1 WHEN 'uphold' THEN 1 WHEN 'accept' THEN 2
    WHEN 'decline' THEN 3 WHEN 'submit_result' THEN 4 WHEN 'return_result' THEN 2 WHEN 'withdraw_result' THEN 2
    WHEN 'resume' THEN 2 WHEN 'reopen' THEN 2 WHEN 'suspend' THEN 5 WHEN 'approve_result' THEN 6
    WHEN 'revoke' THEN 7 WHEN 'archive' THEN 8 END"""
MOVES = f"({_COMES_TO})"  # of a history `h`: the number of the state, none if the state stays
STATES = (
    "ARRAY['assigned', 'in_progress', 'declined', 'result_submitted', 'suspended', 'completed', 'revoked', 'archived']"
)

COLUMNS = """a.id, a.task_id, a.parent_id, a.unit_id, a.post_id, a.assigner_post_id, a.role, a.state, a.original_due,
    a.current_due, a.assigned_at, a.submitted_at, a.suspended_at, a.done_at, a.closed_at, a.returns, a.refusals,
    a.under_correction"""

_SINCE = """CASE a.state WHEN 'declined' THEN a.declined_at WHEN 'result_submitted' THEN a.submitted_at
    WHEN 'assigned' THEN CASE WHEN a.version = 1 THEN a.assigned_at ELSE (
        SELECT max(h.at) FROM history h WHERE h.task_id = a.task_id AND h.assignment_id = a.id
            AND h.verb IN ('issue', 'reassign', 'uphold')) END END"""
NOW = f"""
    standing AS MATERIALIZED (
        SELECT {COLUMNS}, {_SINCE} AS since FROM assignments a WHERE {{candidates}})"""


def _last(name: str, kind: str, where: str | None = None) -> str:
    """Of a history `h`: what the last event that says it says."""
    where = where or f"h.data ? '{name}'"
    said = f"lpad(h.version::text, 6, '0') || coalesce(h.data ->> '{name}', '')"
    return f"nullif(substr(max(CASE WHEN {where} THEN {said} END COLLATE \"C\"), 7), '')::{kind}"


def _when(*verbs: str) -> str:
    names = ", ".join(f"'{verb}'" for verb in verbs)
    return f"max(h.at) FILTER (WHERE h.verb IN ({names}))"


_ROLE_AT_RECEIPT = """(SELECT r.data ->> 'role' FROM history r WHERE r.task_id = f.task_id AND r.assignment_id = f.id
    AND r.verb IN ('issue', 'correct') AND r.data ? 'role' AND r.version < f.received
    ORDER BY r.version DESC LIMIT 1)"""
THEN = f"""
    open_then AS MATERIALIZED (
        SELECT a.id, a.task_id, a.parent_id, a.assigned_at, a.role AS now_role FROM assignments a
        WHERE a.assigned_at <= :at AND {{folded}}),
    folding AS MATERIALIZED (
        SELECT a.*, f.* FROM open_then a CROSS JOIN LATERAL (
            SELECT max(h.version * 16 + {MOVES}) % 16 AS state,
            max(h.at) FILTER (WHERE {MOVES} IS NOT NULL) AS since,
            {_last("unit_id", "uuid")} AS unit_id, {_last("post_id", "uuid")} AS post_id,
            {_last("assigner_post_id", "uuid")} AS assigner_post_id,
            {_last("current_due", "timestamptz")} AS current_due,
            coalesce({_last("original_due", "timestamptz")},
                {_last("current_due", "timestamptz", "h.verb = 'issue'")}) AS original_due,
            {_last("role", "text")} AS role, {_when("submit_result")} AS submitted_at,
            {_when("suspend")} AS suspended_at,
            {_when("accept")} AS accepted_at, max(h.version) FILTER (WHERE h.verb = 'accept') AS received,
            {_when("accept", "approve_result", "revoke")} AS closed_at,
            {_last("done_at", "timestamptz", "h.verb = 'approve_result' OR h.data ? 'done_at'")} AS put_right,
            count(*) FILTER (WHERE h.verb = 'return_result') AS returns,
            count(*) FILTER (WHERE h.verb = 'decline') AS refusals
        FROM history h WHERE h.task_id = a.task_id AND h.assignment_id = a.id AND h.at <= :at) AS f),
    folds AS MATERIALIZED (
        SELECT f.*, f.state = 2 AND {{informs}} AS informed FROM folding f),
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
            f.since
        FROM folds f JOIN tasks t ON t.id = f.task_id)"""
INFORMS = f"coalesce({_ROLE_AT_RECEIPT}, f.now_role) = 'inform'"
