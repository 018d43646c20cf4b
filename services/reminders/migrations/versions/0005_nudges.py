"""What people are nudged about: an occasion happens once, and each person is tried over his channels."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE occasions (
    id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    rule text NOT NULL,
    rung text NOT NULL,
    deadline_version integer NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    link text NOT NULL,
    urgency_rank smallint NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (subject_id, rule, rung, deadline_version)
);
CREATE TABLE nudges (
    id uuid PRIMARY KEY,
    occasion_id uuid NOT NULL REFERENCES occasions ON DELETE CASCADE,
    person_id uuid NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    urgency_rank smallint NOT NULL,
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    sent_at timestamptz,
    read_at timestamptz,
    fault text,
    UNIQUE (occasion_id, person_id, channel)
);
CREATE INDEX nudges_waiting ON nudges (channel, due_at) WHERE state = 'waiting';
CREATE INDEX nudges_of_person ON nudges (person_id, id);
COMMENT ON COLUMN occasions.deadline_version IS 'of the subject: a moved deadline is an occasion of its own';
COMMENT ON COLUMN nudges.due_at IS 'not before; a failure that may pass moves it on';
"""


def upgrade() -> None:
    op.execute(TABLES)
