"""Named audiences that the Office keeps may be retired."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade():
    op.execute("ALTER TABLE audiences ADD COLUMN retired_on date")
