"""What boxes, the exception board and statistics are read by."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = r"""
-- Without diacritics, in small letters. Not `unaccent`: that one's rules are a file beside the server.
CREATE FUNCTION plain(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(translate(normalize(given, NFD),
    U&'Đđ\0300\0301\0302\0303\0304\0306\0307\0308\0309\030a\030b\030c\031b\0323\0327\0328', 'dd'));
CREATE FUNCTION folded(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(plain(given), '[^a-z0-9]+', ' ', 'g');
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
CREATE INDEX outcomes_in_time ON outcomes USING brin (assigned_at, closed_at) WITH (pages_per_range = 32);
ALTER TABLE assignments ADD settled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN assignments.settled IS 'its outcome is written down, and nothing has changed since';
CREATE INDEX assignments_unsettled ON assignments (assigned_at) WHERE NOT settled AND parent_id IS NULL;
CREATE INDEX assignments_to_settle ON assignments (assigned_at)
    WHERE NOT settled AND parent_id IS NULL AND state IN ('completed', 'revoked', 'archived');
CREATE FUNCTION outcome_is_void() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT NEW.settled OR NEW.version <> OLD.version OR NEW.under_correction <> OLD.under_correction THEN
        DELETE FROM outcomes WHERE assignment_id = NEW.id;
        NEW.settled := false;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outcome_is_void BEFORE UPDATE ON assignments FOR EACH ROW
    WHEN (OLD.settled) EXECUTE FUNCTION outcome_is_void();
CREATE FUNCTION outcomes_of_order_are_void() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE assignments SET settled = false WHERE task_id = NEW.id;  -- those too that are just being settled
    RETURN NULL;
END $$;
CREATE TRIGGER outcomes_are_void AFTER UPDATE ON tasks FOR EACH ROW
    WHEN ((OLD.source, OLD.field, OLD.urgency) IS DISTINCT FROM (NEW.source, NEW.field, NEW.urgency))
    EXECUTE FUNCTION outcomes_of_order_are_void();
CREATE FUNCTION outcomes_since_day_are_void() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE
    day date := CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END;
    was boolean := CASE TG_OP WHEN 'INSERT' THEN extract(isodow FROM day) < 6 ELSE OLD.working END;
    is_now boolean := CASE TG_OP WHEN 'DELETE' THEN extract(isodow FROM day) < 6 ELSE NEW.working END;
BEGIN
    IF was <> is_now THEN
        UPDATE assignments SET settled = false WHERE id IN (
            SELECT assignment_id FROM outcomes WHERE closed_at >= day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER outcomes_are_void AFTER INSERT OR UPDATE OR DELETE ON copy_working_days FOR EACH ROW
    EXECUTE FUNCTION outcomes_since_day_are_void();
"""


def upgrade() -> None:
    op.execute(TABLES)
