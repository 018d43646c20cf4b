"""The whole life of an order: drafts, results, extensions, progress, blockers, urgings, sub-assignments."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE tasks
    ALTER issued_at DROP NOT NULL, ALTER assigner_post_id DROP NOT NULL, ALTER assigner_person_id DROP NOT NULL,
    ALTER assigner_title DROP NOT NULL,
    ADD code text UNIQUE, ADD field text, ADD document_id uuid, ADD clause text, ADD received_on date,
    ADD reporting text NOT NULL DEFAULT 'none', ADD leader_post_ids uuid[] NOT NULL DEFAULT '{}',
    ADD drafted_by_post_id uuid, ADD drafted_by_person_id uuid, ADD drafted_at timestamptz, ADD draft jsonb,
    ADD CHECK (state IN ('draft', 'awaiting_issue') OR (issued_at IS NOT NULL AND assigner_post_id IS NOT NULL));
COMMENT ON COLUMN tasks.draft IS 'the order as drafted, until it is issued';
COMMENT ON COLUMN tasks.leader_post_ids IS 'on whose behalf it was drafted: any of them may issue and decide';
UPDATE tasks SET received_on = (issued_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;

ALTER TABLE assignments
    ADD parent_id uuid REFERENCES assignments, ADD assigner_post_id uuid, ADD title text, ADD content text,
    ADD assigned_at timestamptz, ADD declined_at timestamptz, ADD suspended_at timestamptz,
    ADD submitted_at timestamptz, ADD submitted_by_person_id uuid, ADD closed_at timestamptz,
    ADD grade text, ADD returns integer NOT NULL DEFAULT 0,
    ADD proposed_unit_id uuid;
UPDATE assignments a SET assigner_post_id = t.assigner_post_id, assigned_at = t.issued_at, closed_at = a.done_at
    FROM tasks t WHERE t.id = a.task_id;
ALTER TABLE assignments ALTER assigner_post_id SET NOT NULL, ALTER assigned_at SET NOT NULL;
COMMENT ON COLUMN assignments.assigner_post_id IS 'the order''s assigner, or the owner of the parent';
COMMENT ON COLUMN assignments.title IS 'of a piece passed on; empty: the order''s own';
COMMENT ON COLUMN assignments.suspended_at IS 'since then the clock stands still';
CREATE INDEX assignments_of_parent ON assignments (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX assignments_open_of_unit ON assignments (unit_id, id)
    WHERE state NOT IN ('completed', 'revoked', 'archived');
CREATE INDEX history_of_task ON history (task_id, id);

-- The beginning of a piece says what it was, so that its past can be told: of those that began before it was said, too.
-- Until now nothing could change it.
ALTER TABLE history DISABLE TRIGGER append_only;
UPDATE history h SET data = jsonb_build_object(
        'unit_id', a.unit_id, 'post_id', a.post_id, 'current_due', a.current_due, 'role', a.role)
    FROM assignments a WHERE a.id = h.assignment_id AND h.verb = 'issue';
ALTER TABLE history ENABLE TRIGGER append_only;

CREATE TABLE results (
    id uuid PRIMARY KEY,
    assignment_id uuid NOT NULL REFERENCES assignments,
    round integer NOT NULL,
    summary text NOT NULL,
    document_number text NOT NULL,
    document_issued_on date NOT NULL,
    receiving_level text NOT NULL,
    file_ids uuid[] NOT NULL DEFAULT '{}',
    unanswered_unit_ids uuid[] NOT NULL DEFAULT '{}',
    submitted_by_person_id uuid NOT NULL,
    submitted_by_post_id uuid NOT NULL,
    submitted_at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('approved', 'returned', 'withdrawn')),
    grade text CHECK (grade IN ('not_met', 'met', 'good', 'excellent')),
    reason text,
    decided_by_person_id uuid,
    decided_at timestamptz,
    UNIQUE (assignment_id, round)
);
COMMENT ON COLUMN results.unanswered_unit_ids IS 'who had not answered whoever leads joint work';
COMMENT ON COLUMN results.outcome IS 'empty while nobody has decided';

CREATE TABLE extensions (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    version integer NOT NULL,
    round integer NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'granted', 'granted_partly', 'refused', 'withdrawn')),
    reason text NOT NULL,
    progress text NOT NULL,
    plan text NOT NULL,
    due_before timestamptz NOT NULL,
    requested_due timestamptz NOT NULL,
    granted_due timestamptz,
    late boolean NOT NULL,
    requested_by_person_id uuid NOT NULL,
    requested_by_post_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by_person_id uuid,
    decided_at timestamptz,
    decision_reason text,
    UNIQUE (assignment_id, round)
);
CREATE UNIQUE INDEX extensions_one_open ON extensions (assignment_id) WHERE state = 'pending';

CREATE TABLE blockers (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    version integer NOT NULL,
    text text NOT NULL,
    level text NOT NULL,
    decides_post_id uuid NOT NULL,
    raised_by_person_id uuid NOT NULL,
    raised_by_post_id uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    answer_due timestamptz NOT NULL,
    answer text,
    resolved_by_person_id uuid,
    resolved_at timestamptz
);
COMMENT ON COLUMN blockers.level IS 'the level that must decide';
CREATE INDEX blockers_of_assignment ON blockers (assignment_id, id);

CREATE TABLE progress_reports (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    number integer NOT NULL,
    result text NOT NULL,
    percent integer CHECK (percent BETWEEN 0 AND 100),
    request text,
    blocker_id uuid REFERENCES blockers,
    reported_by_person_id uuid NOT NULL,
    reported_by_post_id uuid NOT NULL,
    reported_at timestamptz NOT NULL,
    UNIQUE (assignment_id, number)
);

CREATE TABLE urgings (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    version integer NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    from_post_id uuid NOT NULL,
    from_person_id uuid NOT NULL,
    from_title text NOT NULL,
    to_post_id uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    answer_due timestamptz NOT NULL,
    answer text,
    answered_by_person_id uuid,
    answered_at timestamptz
);
CREATE INDEX urgings_of_assignment ON urgings (assignment_id, id);
"""


def upgrade() -> None:
    op.execute(TABLES)
