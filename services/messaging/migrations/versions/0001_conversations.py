"""Conversations, who takes part in them, what was said, and how far each person has read."""

from alembic import op

from chassis.migrations import create_chassis_tables
from kernel import directory_copy

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    task_id uuid UNIQUE,
    last_number integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    active_at timestamptz NOT NULL
);
COMMENT ON COLUMN conversations.active_at IS 'when the last message was sent, or it was made';

CREATE TABLE participants (
    conversation_id uuid NOT NULL REFERENCES conversations,
    post_id uuid NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (conversation_id, post_id)
);
CREATE INDEX participants_posts ON participants (post_id, conversation_id);

CREATE TABLE messages (
    id uuid NOT NULL UNIQUE,
    conversation_id uuid NOT NULL REFERENCES conversations,
    number integer NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    sender_person_id uuid NOT NULL,
    sender_post_id uuid NOT NULL,
    sender_title text NOT NULL,
    acting_for uuid,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, number)
);

CREATE TABLE read_marks (
    person_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations,
    number integer NOT NULL,
    PRIMARY KEY (person_id, conversation_id)
);
"""


def upgrade() -> None:
    create_chassis_tables()
    directory_copy.create_tables()
    op.execute(TABLES)
