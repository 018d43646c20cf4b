"""Accounts of other identity providers."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE identities (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    issuer text NOT NULL,
    subject text NOT NULL,
    linked_at timestamptz NOT NULL,
    UNIQUE (issuer, subject),
    UNIQUE (account_id, issuer)
);
"""


def upgrade():
    op.execute(TABLES)
