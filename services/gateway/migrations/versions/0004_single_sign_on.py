"""Sign-ins that another identity provider answers for."""

revision = "0004"
down_revision = "0003"


def upgrade():
    pass
