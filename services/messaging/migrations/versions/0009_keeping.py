"""Retention, legal hold, exports."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
ALTER TABLE messages ADD expired_at timestamptz, ADD sha256 text;
COMMENT ON COLUMN messages.expired_at IS 'when its time of keeping was over: what it said is gone, its number stays';
COMMENT ON COLUMN messages.sha256 IS 'of what it said, as a line of a transcript';
CREATE INDEX messages_to_expire ON messages (kind, sent_at, id) WHERE expired_at IS NULL;
CREATE INDEX receipts_to_expire ON receipts (ended_at) WHERE message_id IS NULL;
CREATE INDEX file_attachments_of ON file_attachments (subject_id, service);

ALTER TABLE announcements ADD expired_at timestamptz, ADD sha256 text;
CREATE INDEX announcements_to_expire ON announcements (published_at)
    WHERE expired_at IS NULL AND published_at IS NOT NULL;
CREATE INDEX announcement_marks_of ON announcement_marks (person_id, announcement_id);
CREATE INDEX receipts_seen_by ON receipts (seen_person_id) WHERE seen_person_id IS NOT NULL;
CREATE INDEX receipts_acknowledged_by ON receipts (acknowledged_person_id) WHERE acknowledged_person_id IS NOT NULL;
CREATE INDEX files_of ON files (uploaded_by_person_id, id);

CREATE TABLE legal_holds (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations,
    reason text NOT NULL,
    placed_by_person_id uuid NOT NULL,
    placed_at timestamptz NOT NULL,
    lifted_by_person_id uuid,
    lifted_at timestamptz,
    lift_reason text,
    CHECK ((lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE UNIQUE INDEX legal_holds_standing ON legal_holds (conversation_id) WHERE lifted_at IS NULL;
COMMENT ON TABLE legal_holds IS 'while one stands, nothing of its conversation expires';

CREATE TABLE exports (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    through_number integer NOT NULL,
    begun_at timestamptz NOT NULL
);
COMMENT ON TABLE exports IS 'who was given a conversation in which he takes no part, and why';
"""


def upgrade() -> None:
    op.execute(TABLES)
