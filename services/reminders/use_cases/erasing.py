"""Whose name was erased has left nothing here that speaks of him: what calls for a post stays the post's."""

from reminders.storage import feeds, personal, preferences
from reminders.use_cases import attention


def forget(tx, person_id: str) -> None:
    attention.stop(tx, personal.discard_all(tx, person_id))
    feeds.remove(tx, person_id)
    preferences.forget_person(tx, person_id)
