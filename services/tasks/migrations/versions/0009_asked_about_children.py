"""What the owner of a piece is asked about what he passed on."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE TABLE prompts (
    id uuid PRIMARY KEY,
    assignment_id uuid NOT NULL REFERENCES assignments,
    kind text NOT NULL CHECK (kind IN ('children_to_extend', 'parent_to_close')),
    version integer NOT NULL,
    open boolean NOT NULL,
    raised_at timestamptz NOT NULL,
    UNIQUE (assignment_id, kind)
);
COMMENT ON TABLE prompts IS 'what the owner of a piece is asked about what he passed on, each as often as it arises';
"""


def upgrade() -> None:
    op.execute(TABLES)
