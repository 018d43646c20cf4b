"""What is about no task: the sealed account was used."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE action_items ALTER COLUMN task_id DROP NOT NULL;
CREATE INDEX action_items_break_glass ON action_items (version) WHERE open AND kind = 'break_glass_used';
CREATE TABLE break_glass (account_id uuid PRIMARY KEY, version integer NOT NULL);
COMMENT ON TABLE break_glass IS 'the newest version of the sealed account that was heard of';
"""


def upgrade() -> None:
    op.execute(TABLES)
