"""Conversations: their kinds, who takes part by post, in person or as a unit, each person's settings, transcripts."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
ALTER TABLE conversations
    ALTER COLUMN name DROP NOT NULL,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN unit_id uuid UNIQUE,
    ADD COLUMN first_person_id uuid,
    ADD COLUMN second_person_id uuid,
    ADD COLUMN ordered boolean NOT NULL DEFAULT false,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN sealed_for timestamptz,
    ADD CONSTRAINT between_two UNIQUE (first_person_id, second_person_id),
    ADD CHECK (first_person_id < second_person_id);
COMMENT ON COLUMN conversations.version IS 'of its name and of who takes part';
COMMENT ON COLUMN conversations.ordered IS 'its order was heard, and with it which pieces lead';
COMMENT ON COLUMN conversations.closed_at IS 'when the last piece that leads was done; nothing is said any more';
COMMENT ON COLUMN conversations.sealed_for IS 'the closing of which the transcript was sealed';
CREATE INDEX conversations_to_seal ON conversations (id)
    WHERE closed_at IS NOT NULL AND sealed_for IS DISTINCT FROM closed_at;

ALTER TABLE participants
    DROP CONSTRAINT participants_pkey,
    ALTER COLUMN post_id DROP NOT NULL,
    ADD COLUMN person_id uuid,
    ADD COLUMN unit_id uuid,
    ADD COLUMN addressee uuid NOT NULL GENERATED ALWAYS AS (coalesce(post_id, person_id, unit_id)) STORED,
    ADD COLUMN from_number integer NOT NULL DEFAULT 1,
    ADD COLUMN until_number integer,
    ADD COLUMN joined_at timestamptz,
    ADD CHECK (num_nonnulls(post_id, person_id, unit_id) = 1),
    ADD PRIMARY KEY (conversation_id, addressee);
COMMENT ON COLUMN participants.from_number IS 'the first message that it shows';
COMMENT ON COLUMN participants.until_number IS 'the last one, since it has left';
COMMENT ON COLUMN participants.joined_at IS 'when it was added; empty where an order says who takes part';
DROP INDEX participants_posts;
CREATE INDEX participants_addressees ON participants (addressee, conversation_id)
    INCLUDE (role, from_number, until_number);
CREATE UNIQUE INDEX participants_one_owner ON participants (conversation_id)
    WHERE role = 'owner' AND until_number IS NULL;

ALTER TABLE case_parts
    ADD COLUMN leads boolean NOT NULL DEFAULT false,
    ADD COLUMN done_at timestamptz,
    ADD COLUMN done_version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN case_parts.leads IS 'a piece on which it depends whether the order is done';
COMMENT ON COLUMN case_parts.done_version IS 'of the piece, when it was said last that it is done or is not';

CREATE TABLE conversation_settings (
    person_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations,
    pinned boolean NOT NULL DEFAULT false,
    muted_until timestamptz,
    PRIMARY KEY (person_id, conversation_id)
);

CREATE INDEX conversation_settings_muted ON conversation_settings (conversation_id, person_id)
    WHERE muted_until IS NOT NULL;

CREATE TABLE transcripts (
    conversation_id uuid NOT NULL REFERENCES conversations,
    closed_at timestamptz NOT NULL,
    through_number integer NOT NULL,
    count integer NOT NULL,
    form integer NOT NULL,
    sha256 text NOT NULL,
    sealed_at timestamptz NOT NULL,
    expired_at timestamptz,
    PRIMARY KEY (conversation_id, closed_at)
);
COMMENT ON COLUMN transcripts.expired_at IS 'since when something of it is gone, so that it cannot be told any more';
"""
# Of orders from before, what leads is known, and not what was done of it: they stay open until their pieces change.
CARRIED_OVER = """
UPDATE case_parts SET leads = true WHERE role = 'responsible';
UPDATE conversations c SET ordered = EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = c.id);
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(CARRIED_OVER)
