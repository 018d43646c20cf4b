"""Announcements: one row each, the addresses by which they are read, and what each person has seen of them."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE announcements (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'published', 'withdrawn')),
    title text NOT NULL,
    text text,
    addressed jsonb NOT NULL,
    importance text NOT NULL CHECK (importance IN ('normal', 'important', 'urgent')),
    valid_from timestamptz,
    valid_until timestamptz,
    acknowledge boolean NOT NULL,
    acknowledge_by timestamptz,
    unit_id uuid NOT NULL,
    for_city boolean NOT NULL,
    by_post_id uuid NOT NULL,
    by_title text NOT NULL,
    writer_post_id uuid NOT NULL,
    writers uuid[] NOT NULL,
    approver_person_id uuid,
    written_at timestamptz NOT NULL,
    published_at timestamptz,
    withdrawn_at timestamptz,
    reason text,
    CHECK ((state IN ('draft', 'submitted', 'approved')) = (published_at IS NULL) OR state = 'withdrawn')
);
COMMENT ON COLUMN announcements.for_city IS 'it says something beyond the unit in which it was written';
COMMENT ON COLUMN announcements.by_post_id IS 'whose word it is: who wrote it, until somebody has approved it';
COMMENT ON COLUMN announcements.written_at IS 'when its text was last changed';
COMMENT ON COLUMN announcements.writers IS 'the persons who had a hand in the text: none of them approves it';
COMMENT ON COLUMN announcements.reason IS 'why it was returned last, or withdrawn';
CREATE INDEX announcements_ours ON announcements (writer_post_id, id);
CREATE INDEX announcements_to_approve ON announcements (for_city, unit_id, id) WHERE state = 'submitted';
CREATE INDEX announcements_never_announced ON announcements (written_at)
    WHERE published_at IS NULL AND state <> 'approved';
CREATE INDEX announcements_to_come ON announcements (valid_from) WHERE state = 'approved';

CREATE TABLE announcement_addresses (
    address text NOT NULL,
    announcement_id uuid NOT NULL REFERENCES announcements ON DELETE CASCADE,
    published_at timestamptz NOT NULL,
    valid_until timestamptz,
    PRIMARY KEY (address, published_at, announcement_id)
);
COMMENT ON TABLE announcement_addresses IS 'of what is published: whoever is reached by an address finds it there';
CREATE INDEX announcement_addresses_of ON announcement_addresses (announcement_id);

CREATE TABLE announcement_marks (
    announcement_id uuid NOT NULL REFERENCES announcements ON DELETE CASCADE,
    person_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    PRIMARY KEY (announcement_id, person_id)
);
COMMENT ON TABLE announcement_marks IS 'of those who have seen it, and of nobody else';

CREATE TABLE announcement_files (
    announcement_id uuid NOT NULL REFERENCES announcements ON DELETE CASCADE,
    place integer NOT NULL,
    file_id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (announcement_id, place)
);
CREATE INDEX announcement_files_by_file ON announcement_files (file_id);
"""


def upgrade() -> None:
    op.execute(TABLES)
