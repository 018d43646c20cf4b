"""The audit log."""

from chassis.migrations import create_audit_tables

revision = "0005"
down_revision = "0004"


def upgrade():
    create_audit_tables()
