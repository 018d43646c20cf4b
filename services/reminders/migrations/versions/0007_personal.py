"""Personal reminders."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = "SELECT 1"


def upgrade() -> None:
    op.execute(TABLES)
