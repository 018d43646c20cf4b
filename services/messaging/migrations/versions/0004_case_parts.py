"""Why a post takes part in a case: which piece is its, as of which version."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE case_parts (
    task_id uuid NOT NULL,
    source_id uuid NOT NULL,
    version integer NOT NULL,
    post_id uuid NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (task_id, source_id)
);
COMMENT ON COLUMN case_parts.source_id IS 'a piece, or the post itself where the order names it beside the pieces';
COMMENT ON COLUMN case_parts.version IS 'of the piece; 0: why the post takes part was not known when this began';
"""
CARRIED_OVER = """
INSERT INTO case_parts (task_id, source_id, version, post_id, role)
    SELECT c.task_id, p.post_id, 0, p.post_id, p.role
    FROM participants p JOIN conversations c ON c.id = p.conversation_id WHERE c.task_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(CARRIED_OVER)
