"""Directives and urgings, and their receipts."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
