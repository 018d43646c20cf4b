"""What boxes, the exception board and statistics are read by."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(translate(
        regexp_replace(normalize($1, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd')), '[^a-z0-9]+', ' ', 'g')
$$;
COMMENT ON FUNCTION folded IS 'words without diacritics, in small letters';
ALTER TABLE tasks ADD search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, folded(
    title || ' ' || content || ' ' || expected_result || ' ' || coalesce(code, '') || ' ' || coalesce(clause, '')
))) STORED;
CREATE INDEX tasks_search ON tasks USING gin (search);

CREATE INDEX assignments_of_owner ON assignments (post_id, id);
CREATE INDEX assignments_of_assigner ON assignments (assigner_post_id, id);
CREATE INDEX assignments_of_unit ON assignments (unit_id, id);
CREATE INDEX assignments_open_by_due ON assignments (current_due)
    WHERE state NOT IN ('completed', 'revoked', 'archived');
CREATE INDEX assignments_to_decide ON assignments (assigner_post_id, id)
    WHERE state IN ('declined', 'result_submitted');
CREATE INDEX assignments_not_received ON assignments (assigned_at) WHERE state = 'assigned';
CREATE INDEX assignments_in_time ON assignments USING brin (assigned_at, closed_at) WITH (pages_per_range = 32);
CREATE INDEX history_declines ON history (assignment_id) WHERE verb = 'decline';
CREATE INDEX history_corrections ON history (at) WHERE verb = 'correct';
"""


def upgrade() -> None:
    op.execute(TABLES)
