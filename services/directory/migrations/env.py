import sqlalchemy as sa

from chassis.migrations import run
from directory.storage.entries import refresh

MISSING = "SELECT EXISTS (SELECT FROM memberships) AND NOT EXISTS (SELECT FROM entries)"


def make_lines(connection: sa.Connection) -> None:
    """A city that a migration left without the lines of its search gets them."""
    if connection.execute(sa.text(MISSING)).scalar():
        refresh(connection)


run(afterwards=make_lines)
