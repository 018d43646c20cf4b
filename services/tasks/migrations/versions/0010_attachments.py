"""Files of results and reports, with what messaging said of them."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
CREATE TABLE attachments (
    subject_id uuid NOT NULL,
    place integer NOT NULL,
    file_id uuid NOT NULL,
    assignment_id uuid NOT NULL REFERENCES assignments,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (subject_id, place)
);
COMMENT ON COLUMN attachments.subject_id IS 'a result or a progress report';
CREATE INDEX attachments_of_file ON attachments (file_id);
ALTER TABLE results DROP COLUMN file_ids;
"""


def upgrade() -> None:
    op.execute(TABLES)
