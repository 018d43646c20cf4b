"""Sessions of those who must first change a password or set up a second factor."""

revision = "0003"
down_revision = "0002"


def upgrade():
    pass
