"""Directives and urgings, and their receipts."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE directives (
    message_id uuid PRIMARY KEY,
    urgency text NOT NULL,
    answer_by timestamptz NOT NULL
);
COMMENT ON TABLE directives IS 'what a message of kind directive or urging asks for';

CREATE TABLE receipts (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    message_id uuid,
    conversation_id uuid,
    number integer,
    post_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    of_task boolean NOT NULL,
    delivered_at timestamptz,
    seen_at timestamptz,
    seen_person_id uuid,
    acknowledged_at timestamptz,
    acknowledged_person_id uuid,
    acting_for uuid,
    ended_at timestamptz
);
COMMENT ON COLUMN receipts.id IS 'where the urging is a task''s, its id there';
COMMENT ON COLUMN receipts.message_id IS 'empty while of a task''s urging only what became of it was heard';
COMMENT ON COLUMN receipts.ended_at IS 'since when nothing is asked any more: acknowledged, withdrawn, or over';
CREATE INDEX receipts_message ON receipts (message_id, id);
CREATE INDEX receipts_unseen ON receipts (conversation_id, post_id) WHERE seen_at IS NULL;
CREATE INDEX receipts_waiting ON receipts (post_id) WHERE ended_at IS NULL;
"""


def upgrade() -> None:
    op.execute(TABLES)
