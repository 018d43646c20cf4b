"""Items of persons, what siblings say that waits, and what a person has put off."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE action_items
    ALTER post_id DROP NOT NULL,
    ALTER unit_id DROP NOT NULL,
    ADD person_id uuid,
    ADD origin text,
    ADD unplaced jsonb,
    ADD tried bigint,
    ADD addressee uuid GENERATED ALWAYS AS (coalesce(person_id, post_id)) STORED,
    ADD CHECK (post_id IS NULL OR person_id IS NULL),
    ADD CHECK (NOT open OR post_id IS NOT NULL OR person_id IS NOT NULL),
    ADD CHECK (unplaced IS NULL OR (NOT open AND tried IS NOT NULL));
DROP INDEX action_items_burning;
CREATE INDEX action_items_burning ON action_items (addressee, due, urgency_rank, id) WHERE open;
CREATE INDEX action_items_by_kind ON action_items (addressee, kind, due, urgency_rank, id) WHERE open;
CREATE INDEX action_items_by_origin ON action_items (addressee, origin, due, urgency_rank, id)
    WHERE open AND origin IS NOT NULL;
CREATE INDEX action_items_unplaced ON action_items (tried) WHERE unplaced IS NOT NULL;
CREATE INDEX action_items_unplaced_of_origin ON action_items (origin, subject_id) WHERE unplaced IS NOT NULL;
CREATE INDEX copy_units_code ON copy_units (code);
CREATE INDEX copy_units_version ON copy_units (version);
CREATE INDEX copy_posts_version ON copy_posts (version);
CREATE INDEX copy_memberships_version ON copy_memberships (version);
COMMENT ON COLUMN action_items.addressee IS 'whose it is: a post, or one person';
COMMENT ON COLUMN action_items.origin IS 'the sibling that says that it waits; it leads there by link';
COMMENT ON COLUMN action_items.unplaced IS 'what a sibling said, while nobody here is known for whom it is';
COMMENT ON COLUMN action_items.tried IS 'the newest unit, post or membership among which nobody was found';
CREATE TABLE snoozes (
    person_id uuid NOT NULL,
    item_id uuid NOT NULL REFERENCES action_items ON DELETE CASCADE,
    version integer NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (person_id, item_id)
);
COMMENT ON COLUMN snoozes.version IS 'of the subject: what it was put off at; a newer one wakes it';
"""


def upgrade() -> None:
    op.execute(TABLES)
