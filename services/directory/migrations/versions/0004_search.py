"""Searching as people type; who was shown to whom; who may see which field."""

revision = "0004"
down_revision = "0003"


def upgrade():
    pass
