"""Units as they were, reorganisations and their plans."""

revision = "0003"
down_revision = "0002"


def upgrade():
    pass
