"""Conversations: their kinds and settings, who takes part in them."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
