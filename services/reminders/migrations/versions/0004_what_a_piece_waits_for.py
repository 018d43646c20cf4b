"""One item follows a piece through all that it waits for; every event says enough to show it."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
DELETE FROM action_items WHERE NOT known;
DROP INDEX action_items_burning;
ALTER TABLE action_items
    DROP COLUMN known,
    DROP CONSTRAINT action_items_kind_subject_id_key, ADD UNIQUE (subject_id),
    ADD CHECK (NOT open OR (from_title IS NOT NULL AND raised_at IS NOT NULL)),
    ALTER urgency_rank SET NOT NULL;
CREATE INDEX action_items_burning ON action_items (post_id, due, urgency_rank, id) WHERE open;
"""


def upgrade() -> None:
    op.execute(TABLES)
