"""What posts must act on."""

from alembic import op

from chassis.migrations import create_chassis_tables
from kernel import directory_copy

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE action_items (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    version integer NOT NULL,
    open boolean NOT NULL,
    known boolean NOT NULL,
    post_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    task_id uuid NOT NULL,
    title text NOT NULL,
    link text NOT NULL,
    from_title text,
    urgency_rank smallint,
    due timestamptz NOT NULL DEFAULT 'infinity',
    raised_at timestamptz,
    closed_at timestamptz,
    UNIQUE (kind, subject_id),
    CHECK (NOT known OR (from_title IS NOT NULL AND urgency_rank IS NOT NULL AND raised_at IS NOT NULL))
);
CREATE INDEX action_items_burning ON action_items (post_id, due, urgency_rank, id) WHERE open AND known;
COMMENT ON COLUMN action_items.version IS 'of the subject: the newest that was heard';
COMMENT ON COLUMN action_items.known IS 'whether the order was heard; a change of its piece may come first';
"""


def upgrade() -> None:
    create_chassis_tables()
    directory_copy.create_tables()
    op.execute(TABLES)
