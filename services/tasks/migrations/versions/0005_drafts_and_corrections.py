"""Who sees a draft; one open urging of a kind; corrections, proposed by one and decided by another."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
ALTER TABLE tasks ADD drafted_by_unit_id uuid;
CREATE INDEX tasks_drafts ON tasks (drafted_by_unit_id, id) WHERE state IN ('draft', 'awaiting_issue');
CREATE INDEX tasks_to_issue ON tasks USING gin (leader_post_ids) WHERE state = 'awaiting_issue';

CREATE UNIQUE INDEX urgings_one_open ON urgings (assignment_id, kind, from_post_id) WHERE answered_at IS NULL;
CREATE INDEX blockers_open ON blockers (assignment_id) WHERE resolved_at IS NULL;
COMMENT ON COLUMN urgings.answered_at IS 'without an answer: it ended with its piece';
COMMENT ON COLUMN blockers.resolved_at IS 'without an answer: it ended with its piece';

ALTER TABLE assignments ADD under_correction boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN assignments.under_correction IS 'a correction is open: it stands apart from the red ones';
CREATE TABLE corrections (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    version integer NOT NULL,
    round integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('correction', 'dispute')),
    field text NOT NULL,
    was text,
    value text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'refused', 'withdrawn')),
    decides_post_id uuid NOT NULL,
    proposed_by_person_id uuid NOT NULL,
    proposed_by_post_id uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by_person_id uuid,
    decided_at timestamptz,
    decision_reason text,
    UNIQUE (assignment_id, round),
    CHECK (state = 'withdrawn' OR decided_by_person_id IS DISTINCT FROM proposed_by_person_id)
);
CREATE UNIQUE INDEX corrections_one_open ON corrections (assignment_id) WHERE state = 'pending';
"""


def upgrade() -> None:
    op.execute(TABLES)
