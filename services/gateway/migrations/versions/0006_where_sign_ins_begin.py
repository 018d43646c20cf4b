"""From where sign-ins at other providers begin, as a hash: so many at a time."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE sign_in_attempts ADD COLUMN source bytea")
    op.execute("CREATE INDEX sign_in_attempts_source ON sign_in_attempts (source, expires_at) WHERE source IS NOT NULL")
