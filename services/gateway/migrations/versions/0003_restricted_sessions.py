"""Sessions of those who must first change a password or set up a second factor; versions of accounts."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE sessions
    ADD COLUMN account_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN restriction text;
-- The version from which on an account's sessions are good, as the directory last said: a session whose sign-in was
-- answered before that and is opened after it would outlive it.
CREATE TABLE account_versions (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL
);
"""


def upgrade():
    op.execute(TABLES)
