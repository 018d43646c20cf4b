"""What an outside identity system feeds in."""

revision = "0008"
down_revision = "0007"


def upgrade():
    pass
