"""Whom an account's person was shown today, and how many different people that makes."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from directory.storage import tables as t

ADD = sa.text("""
    WITH fresh AS (
        INSERT INTO shown_people (viewer_id, day, person_id)
        SELECT CAST(:viewer AS uuid), CAST(:day AS date), person FROM unnest(CAST(:people AS uuid[])) person
        ON CONFLICT DO NOTHING RETURNING 1
    )
    INSERT INTO shown_counts AS counts (viewer_id, day, people)
    SELECT CAST(:viewer AS uuid), CAST(:day AS date), count(*) FROM fresh
    ON CONFLICT (viewer_id, day) DO UPDATE SET people = counts.people + excluded.people
    RETURNING people, (SELECT count(*) FROM fresh) AS fresh
""")


def add(tx, viewer_id: str, day: date, people: Iterable[str]) -> tuple[int, int]:
    """How many different people that makes on this day, and how many of them are new."""
    values = {"viewer": viewer_id, "day": day, "people": "{" + ",".join(people) + "}"}
    return tuple(tx.execute(ADD, values).one())


def note_refusal(tx, viewer_id: str, day: date) -> bool:
    """Whether this is the first refusal of the day."""
    counts = t.shown_counts
    noted = insert(counts).values(viewer_id=viewer_id, day=day, people=0, refused=True)
    noted = noted.on_conflict_do_update(
        index_elements=["viewer_id", "day"], set_={"refused": True}, where=~counts.c.refused
    )
    return tx.execute(noted.returning(counts.c.day)).first() is not None


def forget_before(tx, day: date) -> None:
    for table in (t.shown_people, t.shown_counts):
        tx.execute(sa.delete(table).where(table.c.day < day))
