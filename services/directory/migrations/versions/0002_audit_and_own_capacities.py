"""The audit log; and the directory's own tables under the names that the kernel's questions about capacities use."""

from alembic import op

from chassis.migrations import create_audit_tables

revision = "0002"
down_revision = "0001"

VIEWS = """
CREATE VIEW copy_units AS
    SELECT id, version, code, kind, name, full_name, full_name_en, parent_id, valid_from, valid_to FROM units;
CREATE VIEW copy_posts AS
    SELECT id, version, unit_id, kind, title, is_head, rank, valid_from, valid_to FROM posts;
CREATE VIEW copy_memberships AS
    SELECT id, version, person_id, post_id, "primary", valid_from, valid_to FROM memberships;
CREATE VIEW copy_delegations AS
    SELECT id, version, grantor_post_id, grantee_person_id, scope, document_number, valid_from, valid_to
    FROM delegations;
CREATE VIEW copy_state AS
    SELECT "only", newest AS version, newest, true AS filled, now() AS fresh_at FROM directory_version;
"""


def upgrade():
    create_audit_tables()
    op.execute(VIEWS)
