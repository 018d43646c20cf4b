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

-- Which official last took an identity of an issuer from an account: another one says who its holder is from then on.
CREATE TABLE identity_removals (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    issuer text NOT NULL,
    removed_by uuid NOT NULL REFERENCES people,
    removed_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, issuer)
);
"""


def upgrade():
    op.execute(TABLES)
