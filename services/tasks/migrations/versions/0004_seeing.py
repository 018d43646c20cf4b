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
CREATE INDEX tasks_of_leaders ON tasks USING gin (leader_post_ids) WHERE state = 'issued' AND leader_post_ids <> '{}';
CREATE INDEX tasks_search ON tasks USING gin (search);

ALTER TABLE assignments ADD refusals integer NOT NULL DEFAULT 0;
UPDATE assignments a SET refusals = past.refusals FROM (
    SELECT assignment_id, count(*) AS refusals FROM history WHERE verb = 'decline' GROUP BY assignment_id) AS past
    WHERE past.assignment_id = a.id;

CREATE INDEX assignments_of_owner ON assignments (post_id, id);
CREATE INDEX assignments_of_assigner ON assignments (assigner_post_id, id);
CREATE INDEX assignments_of_unit ON assignments (unit_id, id);
CREATE INDEX assignments_late ON assignments (current_due) INCLUDE (id)
    WHERE state NOT IN ('completed', 'revoked', 'archived') AND parent_id IS NULL;
CREATE INDEX assignments_to_decide ON assignments (assigner_post_id, id)
    WHERE state IN ('declined', 'result_submitted');
CREATE INDEX assignments_not_received ON assignments (assigned_at) WHERE state = 'assigned';
CREATE INDEX assignments_in_time ON assignments USING brin (assigned_at, closed_at) WITH (pages_per_range = 32);
CREATE INDEX history_corrections ON history (at) WHERE verb = 'correct';

CREATE TABLE outcomes (
    assignment_id uuid PRIMARY KEY REFERENCES assignments,
    assigned_at timestamptz NOT NULL,
    closed_at timestamptz NOT NULL,
    unit_id uuid NOT NULL,
    source text NOT NULL,
    field text NOT NULL,
    month text NOT NULL,
    current smallint NOT NULL,
    original smallint NOT NULL,
    returns integer NOT NULL,
    owner integer NOT NULL,
    approver integer NOT NULL,
    assigner integer NOT NULL,
    nobody integer NOT NULL
);
COMMENT ON TABLE outcomes IS 'of closed pieces what the statistics count: derived from them and their history';
CREATE INDEX outcomes_of_unit ON outcomes (unit_id, assigned_at);
CREATE INDEX outcomes_in_time ON outcomes USING brin (assigned_at) WITH (pages_per_range = 32);
ALTER TABLE assignments ADD settled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN assignments.settled IS 'its outcome is written down, and nothing has changed since';
CREATE INDEX assignments_unsettled ON assignments (assigned_at) WHERE NOT settled AND parent_id IS NULL;
CREATE FUNCTION outcome_is_void() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.version <> OLD.version OR NEW.under_correction <> OLD.under_correction THEN
        DELETE FROM outcomes WHERE assignment_id = NEW.id;
        NEW.settled := false;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outcome_is_void BEFORE UPDATE ON assignments FOR EACH ROW
    WHEN (OLD.settled) EXECUTE FUNCTION outcome_is_void();
"""


def upgrade() -> None:
    op.execute(TABLES)
