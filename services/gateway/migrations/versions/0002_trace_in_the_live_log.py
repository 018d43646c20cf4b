"""A row of the live log knows the trace that it belongs to."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("ALTER TABLE live_log ADD COLUMN trace jsonb NOT NULL DEFAULT '{}'")
