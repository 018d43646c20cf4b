"""The secret of a calendar's address is kept sealed, so that its owner sees it again."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE calendar_feeds ADD sealed text")
    op.execute(
        "COMMENT ON COLUMN calendar_feeds.sealed IS 'the token; null of one that was made before, or without keys'"
    )
