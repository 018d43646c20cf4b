"""How many requests there were, for all instances. Not worth keeping through a crash."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "CREATE UNLOGGED TABLE request_counts"
        " (key text PRIMARY KEY, count bigint NOT NULL, ends_at timestamptz NOT NULL) WITH (fillfactor = 70)"
    )
    op.execute("CREATE INDEX request_counts_ends ON request_counts (ends_at)")
