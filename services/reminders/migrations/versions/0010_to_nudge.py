"""Items about which somebody is still to be nudged."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
ALTER TABLE action_items ADD nudge_at timestamptz;
CREATE INDEX action_items_to_nudge ON action_items (urgency_rank, nudge_at) WHERE open AND nudge_at IS NOT NULL;
COMMENT ON COLUMN action_items.nudge_at IS
    'when whoever answers for it is nudged: as soon as it waits for him, and again while nobody is found';
"""


def upgrade() -> None:
    op.execute(TABLES)
