"""Occasions, and the nudges that each makes for people."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

occasions = sa.Table(
    "occasions", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subject_id", Id),
    sa.Column("rule", sa.Text),
    sa.Column("rung", sa.Text),
    sa.Column("deadline_version", sa.Integer),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("link", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("at", Moment),
)  # fmt: skip
nudges = sa.Table(
    "nudges", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("occasion_id", Id),
    sa.Column("person_id", Id),
    sa.Column("channel", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("due_at", Moment),
    sa.Column("attempts", sa.SmallInteger),
    sa.Column("sent_at", Moment),
    sa.Column("read_at", Moment),
    sa.Column("fault", sa.Text),
)  # fmt: skip
_ONCE = ("subject_id", "rule", "rung", "deadline_version")


def add_occasions(tx, each: Sequence[Mapping]) -> set[str]:
    """In one statement; returns the ids of those that had not happened yet."""
    names = [column.name for column in occasions.c]
    rows = unnested(**{name: (occasions.c[name].type, [one[name] for one in each]) for name in names})
    new = insert(occasions).from_select(names, select(*(rows.c[name] for name in names)))
    return set(tx.execute(new.on_conflict_do_nothing(index_elements=_ONCE).returning(occasions.c.id)).scalars())


def add_nudges(tx, each: Sequence[Mapping]) -> None:
    names = ("id", "occasion_id", "person_id", "channel", "urgency_rank", "due_at")
    rows = unnested(**{name: (nudges.c[name].type, [one[name] for one in each]) for name in names})
    tx.execute(
        insert(nudges).from_select([*names, "state"], select(*(rows.c[name] for name in names), sa.literal("waiting")))
    )


def drop_waiting(tx, subject_ids: Sequence[str]) -> None:
    """Nobody need be nudged about these subjects any more."""
    about = select(occasions.c.id).where(occasions.c.subject_id == any_of(subject_ids))
    waiting = update(nudges).where(nudges.c.occasion_id.in_(about), nudges.c.state == "waiting")
    tx.execute(waiting.values(state="dropped"))
