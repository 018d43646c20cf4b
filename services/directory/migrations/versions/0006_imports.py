"""Imports of units, posts and people."""

revision = "0006"
down_revision = "0005"


def upgrade():
    pass
