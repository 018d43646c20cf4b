"""Now, and new ids: the two things that a pure function must be given."""

from datetime import UTC, datetime

from uuid6 import uuid7


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7: sorts by the time it was made."""
    return str(uuid7())
