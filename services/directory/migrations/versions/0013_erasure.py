"""Whose name was erased."""

from alembic import op

revision = "0013"
down_revision = "0012"

COLUMNS = """
ALTER TABLE people ADD COLUMN erased_at timestamptz;
ALTER TABLE accounts
    DROP CONSTRAINT accounts_kind_check,
    ADD CONSTRAINT accounts_kind_check CHECK (kind IN ('personal', 'break_glass', 'erased'));
"""


def upgrade():
    op.execute(COLUMNS)
