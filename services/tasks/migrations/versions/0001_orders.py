"""Orders, their pieces, their history and their followers."""

from alembic import op

from chassis.migrations import create_chassis_tables
from kernel import directory_copy

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    state text NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    title_key text NOT NULL,
    content text NOT NULL,
    expected_result text NOT NULL,
    mode text NOT NULL,
    urgency text NOT NULL,
    source text NOT NULL,
    original_due timestamptz,
    assigner_post_id uuid NOT NULL,
    assigner_person_id uuid NOT NULL,
    assigner_title text NOT NULL,
    issued_at timestamptz NOT NULL
);
CREATE INDEX tasks_box_issued ON tasks (assigner_post_id, id);
CREATE INDEX tasks_similar ON tasks (assigner_post_id, title_key, issued_at);

CREATE TABLE assignments (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    unit_id uuid NOT NULL,
    unit_code text NOT NULL,
    unit_name text NOT NULL,
    post_id uuid NOT NULL,
    role text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    original_due timestamptz,
    current_due timestamptz,
    accepted_at timestamptz,
    done_at timestamptz
);
CREATE INDEX assignments_of_task ON assignments (task_id, id);
CREATE INDEX assignments_box_received ON assignments (post_id, task_id);
CREATE INDEX assignments_open ON assignments (post_id) INCLUDE (task_id, current_due)
    WHERE state NOT IN ('completed', 'revoked', 'archived');
CREATE INDEX assignments_open_of_task ON assignments (task_id) INCLUDE (current_due)
    WHERE state NOT IN ('completed', 'revoked', 'archived');

CREATE TABLE followers (
    task_id uuid NOT NULL REFERENCES tasks,
    post_id uuid NOT NULL,
    PRIMARY KEY (task_id, post_id)
);
CREATE INDEX followers_box ON followers (post_id, task_id);

CREATE TABLE history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id uuid NOT NULL,
    assignment_id uuid,
    version integer NOT NULL,
    verb text NOT NULL,
    actor_person_id uuid NOT NULL,
    acting_for uuid,
    at timestamptz NOT NULL,
    reason text,
    data jsonb NOT NULL,
    UNIQUE NULLS NOT DISTINCT (task_id, assignment_id, version)
);
COMMENT ON COLUMN history.assignment_id IS 'empty: the event is about the order as a whole';

CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
"""


def upgrade() -> None:
    create_chassis_tables()
    directory_copy.create_tables()
    op.execute(TABLES)
