"""Items that reach nobody yet."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
ALTER TABLE action_items ADD look_again_at timestamptz;
CREATE INDEX action_items_unreached ON action_items (look_again_at) WHERE open AND look_again_at IS NOT NULL;
COMMENT ON COLUMN action_items.look_again_at IS 'nobody answers for it: when somebody to be nudged is looked for again';
"""


def upgrade() -> None:
    op.execute(TABLES)
