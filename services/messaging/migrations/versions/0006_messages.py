"""Messages: how they are written, changed and found."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
