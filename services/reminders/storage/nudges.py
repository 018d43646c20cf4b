"""Occasions, and the nudges that each makes for people."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, all_of, any_of, unnested

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
    sa.Column("delivery_id", Id),
    sa.Column("any_hour", sa.Boolean),
)  # fmt: skip
_TOLD = sa.text("nudges.channel = 'in_app' AND nudges.state = 'sent'")  # as its indexes say it
_ONCE = ("subject_id", "rule", "rung", "deadline_version")


def add_occasions(tx, each: Sequence[Mapping]) -> set[str]:
    """In one statement; returns the ids of those that had not happened yet."""
    names = [column.name for column in occasions.c]
    rows = unnested(**{name: (occasions.c[name].type, [one[name] for one in each]) for name in names})
    new = insert(occasions).from_select(names, select(*(rows.c[name] for name in names)))
    return set(tx.execute(new.on_conflict_do_nothing(index_elements=_ONCE).returning(occasions.c.id)).scalars())


def add_nudges(tx, each: Sequence[Mapping]) -> None:
    names = ("id", "occasion_id", "person_id", "channel", "urgency_rank", "due_at", "any_hour")
    rows = unnested(**{name: (nudges.c[name].type, [one[name] for one in each]) for name in names})
    tx.execute(
        insert(nudges).from_select([*names, "state"], select(*(rows.c[name] for name in names), sa.literal("waiting")))
    )


def drop_waiting(
    tx, subject_ids: Sequence[str], until: datetime | None = None, rule: str | None = None, but_rule: str | None = None
) -> list[Mapping]:
    """Nobody need be nudged any more of what happened to these subjects until then, by this rule or all others."""
    about = select(occasions.c.id).where(occasions.c.subject_id == any_of(subject_ids))
    if rule is not None:
        about = about.where(occasions.c.rule == rule)
    if but_rule is not None:
        about = about.where(occasions.c.rule != but_rule)
    if until is not None:
        about = about.where(occasions.c.at <= until)
    waiting = update(nudges).where(nudges.c.occasion_id.in_(about), nudges.c.state == "waiting")
    dropped = waiting.values(state="dropped").returning(nudges.c.id, nudges.c.occasion_id, nudges.c.delivery_id)
    return list(tx.execute(dropped).mappings())


def remove_unheard(tx, dropped: Sequence[Mapping]) -> None:
    """Occasions of which nothing else is left than what was dropped now, before it was on its way."""
    removed = [row for row in dropped if row["delivery_id"] is None]
    others = sa.exists().where(
        nudges.c.occasion_id == occasions.c.id, nudges.c.id != all_of(row["id"] for row in removed)
    )
    of_those = occasions.c.id == any_of({row["occasion_id"] for row in removed})
    tx.execute(sa.delete(occasions).where(of_those, ~others))


def told(tx, person_id: str, unread: bool, before: tuple[datetime, str] | None, limit: int) -> list[Mapping]:
    """What a person was nudged about in the application, newest first."""
    about = (occasions.c[name] for name in ("subject_id", "rule", "rung", "title", "text", "link"))
    query = (
        select(nudges.c.id, nudges.c.urgency_rank, nudges.c.sent_at, nudges.c.read_at, *about)
        .join_from(nudges, occasions, occasions.c.id == nudges.c.occasion_id)
        .where(nudges.c.person_id == person_id, _TOLD)
    )
    if unread:
        query = query.where(nudges.c.read_at.is_(None))
    if before is not None:
        sent_at, last = before
        query = query.where(
            tuple_(nudges.c.sent_at, nudges.c.id) < tuple_(sa.literal(sent_at, Moment), sa.literal(last, Id))
        )
    return list(tx.execute(query.order_by(nudges.c.sent_at.desc(), nudges.c.id.desc()).limit(limit)).mappings())


def told_or_waiting(tx, subject_id: str, rule: str) -> set[str]:
    """Who was nudged about it, is still to be, or need not be because he has read of it."""
    query = select(nudges.c.person_id).join(occasions, occasions.c.id == nudges.c.occasion_id)
    query = query.where(occasions.c.subject_id == subject_id, occasions.c.rule == rule)
    return set(tx.execute(query.where((nudges.c.state != "dropped") | nudges.c.read_at.is_not(None))).scalars())


def drop_of(tx, subject_id: str, rule: str, people: Collection[str]) -> None:
    """What is still to go out to these."""
    about = select(occasions.c.id).where(occasions.c.subject_id == subject_id, occasions.c.rule == rule)
    of_those = update(nudges).where(nudges.c.occasion_id.in_(about), nudges.c.person_id == any_of(people))
    tx.execute(of_those.where(nudges.c.state == "waiting").values(state="dropped"))


def read_about(tx, person_id: str, subject_ids: Sequence[str], at: datetime, rung: str | None) -> None:
    """A person has seen these elsewhere: what was said of them, by this rung or any, goes out to him no more."""
    about = select(occasions.c.id).where(occasions.c.subject_id == any_of(subject_ids))
    if rung is not None:
        about = about.where(occasions.c.rung == rung)
    mine = update(nudges).where(nudges.c.person_id == person_id, nudges.c.read_at.is_(None))
    state = sa.case((nudges.c.state == "waiting", "dropped"), else_=nudges.c.state)
    tx.execute(mine.where(nudges.c.occasion_id.in_(about)).values(read_at=at, state=state))


def read(tx, person_id: str, at: datetime, ids: Sequence[str] | None, until: datetime | None) -> None:
    """A person has seen these, or all until a moment: nothing about the same occasions goes out to him any more."""
    mine = sa.and_(nudges.c.person_id == person_id, nudges.c.read_at.is_(None))
    if ids is not None:
        seen = sa.and_(mine, nudges.c.id == any_of(ids))
    else:
        seen = sa.and_(mine, _TOLD, nudges.c.sent_at <= until)
    seen_about = select(nudges.c.occasion_id).where(seen)
    of_those = update(nudges).where(mine, nudges.c.occasion_id.in_(seen_about))
    state = sa.case((nudges.c.state == "waiting", "dropped"), else_=nudges.c.state)
    tx.execute(of_those.values(read_at=at, state=state))
