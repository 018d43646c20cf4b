"""What was said about an order is part of its dossier, by its seal."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
ALTER TABLE tasks ADD talk_id uuid, ADD talk_count integer, ADD talk_sha256 text, ADD talk_sealed_at timestamptz;
COMMENT ON COLUMN tasks.talk_sha256 IS 'of the transcript of what was said about it until it closed the last time';
"""


def upgrade() -> None:
    op.execute(TABLES)
