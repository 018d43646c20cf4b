"""Messages: how they are written, changed and found."""

import sqlalchemy as sa
from alembic import op

from messaging.storage.words import words_of

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE messages
    ADD version integer NOT NULL DEFAULT 1,
    ADD state text NOT NULL DEFAULT 'said' CHECK (state IN ('said', 'removed', 'withdrawn')),
    ADD client_id text,
    ADD request_hash text,
    ADD reply_to uuid,
    ADD reply_to_number integer,
    ADD mentions jsonb,
    ADD files jsonb,
    ADD words tsvector,
    ADD edited_at timestamptz,
    ADD ended_at timestamptz,
    ADD ended_by_person_id uuid,
    ADD ended_reason text,
    ADD CHECK ((state = 'said') = (ended_at IS NULL));
COMMENT ON COLUMN messages.client_id IS 'the sender''s own name of it: sent again it is the same message';
COMMENT ON COLUMN messages.words IS 'its words without diacritics, and the conversation as one more';
CREATE UNIQUE INDEX messages_sent ON messages (sender_person_id, conversation_id, client_id);
CREATE INDEX messages_with_mentions ON messages (conversation_id, number) WHERE mentions IS NOT NULL;
CREATE INDEX messages_words ON messages USING gin (words);

CREATE TABLE message_versions (
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    version integer NOT NULL,
    text text NOT NULL,
    mentions jsonb,
    until timestamptz NOT NULL,
    changed_by_person_id uuid NOT NULL,
    PRIMARY KEY (message_id, version)
);
COMMENT ON TABLE message_versions IS 'what a message said before it was edited or removed, and until when';

ALTER TABLE read_marks
    ADD paced_until timestamptz,
    ADD mentions_read integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN read_marks.mentions_read IS 'up to where it was said of which mentions he has read';
CREATE INDEX read_marks_conversation ON read_marks (conversation_id);
COMMENT ON COLUMN read_marks.paced_until IS 'until when what this person has said is spread at the pace allowed';

CREATE TABLE paces (
    person_id uuid PRIMARY KEY,
    until timestamptz NOT NULL
);
COMMENT ON TABLE paces IS 'the same of what a person has done in all conversations together';
"""


KEPT = sa.text("SELECT conversation_id, number, text FROM messages")
FOUND_BY = sa.text(
    "UPDATE messages SET words = array_to_tsvector(string_to_array(:words, ' '))"
    " WHERE conversation_id = :conversation_id AND number = :number"
)


def upgrade() -> None:
    op.execute(TABLES)
    for row in op.get_bind().execute(KEPT).all():
        words = " ".join(words_of(row.conversation_id, row.text))
        op.get_bind().execute(
            FOUND_BY, {"words": words, "conversation_id": row.conversation_id, "number": row.number}
        )  # fmt: skip
