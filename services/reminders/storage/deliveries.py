"""What goes out: bundles of nudges on their way to a person over a channel, and what is counted of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import Id, any_of, unnested
from kernel.directory_copy import tables as t
from reminders.domain.deliveries import URGENT_RANK
from reminders.storage.nudges import Moment, metadata, nudges, occasions

GATHERING_LOCK = 0x6E756467
RANKS = [0, 1, 2, 3]

deliveries = sa.Table(
    "deliveries", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("channel", sa.Text),
    sa.Column("person_id", Id),
    sa.Column("state", sa.Text),
    sa.Column("urgency_rank", sa.SmallInteger),
    sa.Column("any_hour", sa.Boolean),
    sa.Column("digest_on", sa.Date),
    sa.Column("due_at", Moment),
    sa.Column("attempts", sa.SmallInteger),
    sa.Column("fault", sa.Text),
    sa.Column("provider_id", sa.Text),
    sa.Column("made_at", Moment),
    sa.Column("ended_at", Moment),
)  # fmt: skip
counts = sa.Table(
    "nudge_counts", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("nudges", sa.Integer),
    sa.Column("deliveries", sa.Integer),
)  # fmt: skip
quotas = sa.Table(
    "channel_quotas", metadata,
    sa.Column("unit_id", Id, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("used", sa.Integer),
)  # fmt: skip

# One gathers at a time for a channel: two would tear one person's bundle in two. Whose turn it is not, has nothing to
# wait for. What was gathered is sent by all.
_MY_TURN = sa.text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:channel))")
# The most urgent come first, found by walking an index from each rank's beginning: what is due later costs nothing.
_DUE = """
    unnest(CAST(:hours AS boolean[])) AS hours (any_hour)
    CROSS JOIN unnest(CAST(:ranks AS smallint[])) AS ranks (rank)
    CROSS JOIN LATERAL (
        SELECT * FROM {table} AS each
        WHERE each.channel = :channel AND each.state = 'waiting' {and_more}
        AND each.due_at <= :now AND each.due_at >= CAST(:oldest AS timestamptz)
        AND each.any_hour = hours.any_hour AND each.urgency_rank = ranks.rank
        ORDER BY each.due_at LIMIT :most {locked}
    ) AS due
"""
_GIVEN = "CAST({0}.id AS text), CAST({0}.person_id AS text), {0}.urgency_rank, {0}.any_hour, {0}.due_at"
_NUDGES = _DUE.format(table="nudges", and_more="AND each.delivery_id IS NULL", locked="{locked}")
_URGENT = sa.text(f"""
    SELECT {_GIVEN.format("due")} FROM {_NUDGES.format(locked="FOR UPDATE SKIP LOCKED")}
    ORDER BY ranks.rank, due.due_at LIMIT :most
""")
_REST = sa.text(f"""
    SELECT {_GIVEN.format("nudges")} FROM nudges
    WHERE channel = :channel AND state = 'waiting' AND delivery_id IS NULL
    AND due_at <= :now AND due_at >= CAST(:oldest AS timestamptz)
    AND any_hour = ANY(CAST(:hours AS boolean[])) AND urgency_rank = ANY(CAST(:ranks AS smallint[]))
    AND person_id IN (
        SELECT due.person_id FROM {_NUDGES.format(locked="")} ORDER BY ranks.rank, due.due_at LIMIT :most
    )
    ORDER BY urgency_rank, due_at LIMIT :most * 25
    FOR UPDATE SKIP LOCKED
""")
_CLAIM = sa.text(f"""
    UPDATE deliveries SET due_at = :until, attempts = attempts + 1 WHERE id IN (
        SELECT due.id FROM {_DUE.format(table="deliveries", and_more="", locked="FOR UPDATE SKIP LOCKED")}
        ORDER BY ranks.rank, due.due_at LIMIT :most
    )
    RETURNING CAST(id AS text), channel, CAST(person_id AS text), urgency_rank, any_hour, digest_on, attempts AS attempt
""")
_LATE = sa.text(f"""
    SELECT CAST(due.id AS text)
    FROM {_DUE.format(table="deliveries", and_more="", locked="FOR UPDATE SKIP LOCKED")} LIMIT :most
""")
_DROP_LATE = sa.text(f"""
    UPDATE nudges SET state = 'dropped', fault = 'late' WHERE id IN (
        SELECT due.id FROM {_NUDGES.format(locked="FOR UPDATE SKIP LOCKED")} LIMIT :most
    )
""")
_ENDED = sa.text("""
    SELECT CAST(id AS text) FROM deliveries WHERE state <> 'waiting' AND made_at < :before ORDER BY made_at LIMIT :most
""")
_FORGET = [
    sa.text(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({query} LIMIT :most))")
    for table, query in {
        "nudges": """
            SELECT ctid FROM nudges
            WHERE state = 'dropped' AND delivery_id IS NULL AND due_at < :before ORDER BY due_at
        """,
        "occasions": """
            SELECT ctid FROM occasions AS old WHERE at < :before
            AND NOT EXISTS (SELECT FROM nudges WHERE nudges.occasion_id = old.id)
            AND NOT EXISTS (SELECT FROM watched WHERE watched.subject_id = old.subject_id AND watched.open)
            ORDER BY at
        """,
        "mentioned": "SELECT ctid FROM mentioned WHERE at < :before AND to_tell = '{}' ORDER BY at",
        "announced": "SELECT ctid FROM announced WHERE next_at < :before AND NOT open ORDER BY next_at",
        "heeded": """
            SELECT ctid FROM heeded WHERE at < :before
            AND NOT EXISTS (SELECT FROM announced WHERE announced.id = heeded.subject_id AND announced.open)
            ORDER BY at
        """,
        "nudge_counts": "SELECT ctid FROM nudge_counts WHERE day < CAST(:before AS date)",
    }.items()
]
_LINES = (
    select(nudges.c.delivery_id, nudges.c.id, nudges.c.urgency_rank, *(occasions.c[name] for name in (
        "subject_id", "rule", "rung", "title", "text", "link",
    )))
    .join_from(nudges, occasions, occasions.c.id == nudges.c.occasion_id)
    .where(nudges.c.state == "waiting")
    .order_by(nudges.c.urgency_rank, occasions.c.at, nudges.c.id)
)  # fmt: skip
_SPEND = sa.text("""
    INSERT INTO channel_quotas AS q (unit_id, channel, month, used) SELECT :unit_id, :channel, :month, 1 WHERE :most > 0
    ON CONFLICT (unit_id, channel, month) DO UPDATE SET used = q.used + 1 WHERE q.used < :most RETURNING used
""")


def is_my_turn(tx, channel: str) -> bool:
    """Whether this transaction is the one that gathers for a channel now."""
    return tx.execute(_MY_TURN, {"lock": GATHERING_LOCK, "channel": channel}).scalar_one()


@dataclass(frozen=True)
class When:
    """What is due over a channel: not older than that, if there is a limit, and outside working hours only what may go
    out at any hour.
    """

    channel: str
    now: datetime
    oldest: datetime | None
    is_open: bool

    def asked(self, most: int) -> dict:
        return {
            "channel": self.channel, "now": self.now, "most": most, "ranks": RANKS,
            "oldest": "-infinity" if self.oldest is None else self.oldest.isoformat(),
            "hours": [True, False] if self.is_open else [True],
        }  # fmt: skip


def due_nudges(tx, when: When, most: int) -> list[Mapping]:
    """The most urgent that are due; of what is not urgent all that is due for the same people."""
    asked = when.asked(most)
    urgent = tx.execute(_URGENT, asked | {"ranks": [rank for rank in RANKS if rank <= URGENT_RANK]}).mappings().all()
    if urgent:
        return urgent
    return tx.execute(_REST, asked | {"ranks": [rank for rank in RANKS if rank > URGENT_RANK]}).mappings().all()


def claim(tx, when: When, most: int, until: datetime) -> list[Mapping]:
    """Deliveries that are due; nobody else tries them before `until`."""
    return list(tx.execute(_CLAIM, when.asked(most) | {"until": until}).mappings())


def add(tx, each: Sequence[Mapping], of_nudges: Mapping[str, str]) -> None:
    """New deliveries, and by nudge in which of them it goes."""
    names = ("id", "channel", "person_id", "state", "urgency_rank", "any_hour", "due_at", "made_at")
    rows = unnested(**{name: (deliveries.c[name].type, [one[name] for one in each]) for name in names})
    tx.execute(insert(deliveries).from_select(list(names), select(*(rows.c[name] for name in names))))
    pairs = unnested(id=(Id, list(of_nudges)), delivery_id=(Id, list(of_nudges.values())))
    tx.execute(update(nudges).where(nudges.c.id == pairs.c.id).values(delivery_id=pairs.c.delivery_id))


def lines(tx, delivery_ids: Collection[str]) -> list[Mapping]:
    """What of these is still to be told, the most urgent first."""
    return list(tx.execute(_LINES.where(nudges.c.delivery_id == any_of(delivery_ids))).mappings())


def end(tx, ids: Sequence[str], state: str, at: datetime, fault: str | None = None, provider_id=None) -> None:
    """Deliveries end, and their nudges that still waited with them."""
    ending = update(deliveries).where(deliveries.c.id == any_of(ids))
    tx.execute(ending.values(state=state, ended_at=at, fault=fault, provider_id=provider_id))
    waiting = update(nudges).where(nudges.c.delivery_id == any_of(ids), nudges.c.state == "waiting")
    tx.execute(waiting.values(state=state, sent_at=at if state == "sent" else None, fault=fault))


def is_still_mine(tx, delivery_id: str, attempt: int) -> bool:
    """Whether nobody else has tried since; held until the commit."""
    query = select(deliveries.c.id).where(deliveries.c.id == delivery_id, deliveries.c.attempts == attempt)
    return tx.execute(query.where(deliveries.c.state == "waiting").with_for_update()).first() is not None


def try_again(tx, delivery_id: str, due_at: datetime, fault: str) -> None:
    tx.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(due_at=due_at, fault=fault))


def count(tx, day: date, told: Mapping[str, tuple[int, int]]) -> list[int]:
    """Add to what people were told on a day, by person: nudges and deliveries; returns their nudges of the day."""
    people = sorted(told)
    rows = unnested(
        person_id=(Id, people),
        nudges=(sa.Integer, [told[person][0] for person in people]),
        deliveries=(sa.Integer, [told[person][1] for person in people]),
    )
    new = insert(counts).from_select(
        ["person_id", "day", "nudges", "deliveries"],
        select(rows.c.person_id, sa.literal(day, sa.Date), rows.c.nudges, rows.c.deliveries),
    )
    added = {name: counts.c[name] + new.excluded[name] for name in ("nudges", "deliveries")}
    counted = new.on_conflict_do_update(index_elements=["person_id", "day"], set_=added)
    return list(tx.execute(counted.returning(counts.c.nudges)).scalars())


def spend(tx, unit_id: str, channel: str, month: date, most: int) -> bool:
    """One more of a unit's quota of a month; False: it is used up."""
    asked = {"unit_id": unit_id, "channel": channel, "month": month, "most": most}
    return tx.execute(_SPEND, asked).first() is not None


def listed(tx, channel: str | None, state: str | None, before: str | None, limit: int) -> list[Mapping]:
    """Newest first."""
    of_delivery = select(func.array_agg(nudges.c.id)).where(nudges.c.delivery_id == deliveries.c.id).scalar_subquery()
    query = select(deliveries, func.coalesce(of_delivery, sa.cast([], sa.ARRAY(Id))).label("nudge_ids"))
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return list(tx.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).mappings())


def counted(tx, day: date, after: tuple[int, str] | None, limit: int) -> list[Mapping]:
    """People whom most came to first."""
    shown = select(counts.c.person_id.label("id"), counts.c.nudges, counts.c.deliveries).where(counts.c.day == day)
    order = (counts.c.nudges.desc(), counts.c.person_id)
    if after is not None:
        shown = shown.where(_further(counts.c.nudges, counts.c.person_id, after))
    return list(tx.execute(shown.order_by(*order).limit(limit)).mappings())


def counted_by_unit(tx, day: date, after: tuple[int, str] | None, limit: int) -> list[Mapping]:
    """The same by the unit of people's first posts; a division counts for what it belongs to."""
    units = _units_of(counts.c.person_id, day)
    by_unit = (
        select(
            units.c.unit_id.label("id"), *(func.sum(counts.c[each]).label(each) for each in ("nudges", "deliveries"))
        )
        .join_from(counts, units, sa.true())
        .where(counts.c.day == day)
        .group_by(units.c.unit_id)
        .subquery()
    )
    query = select(by_unit).order_by(by_unit.c.nudges.desc(), by_unit.c.id).limit(limit)
    if after is not None:
        query = query.where(_further(by_unit.c.nudges, by_unit.c.id, after))
    return list(tx.execute(query).mappings())


def units_of(tx, people: Collection[str], day: date) -> dict[str, str]:
    """The units of people's first posts."""
    given = unnested(person_id=(Id, sorted(people)))
    units = _units_of(given.c.person_id, day)
    found = tx.execute(select(given.c.person_id, units.c.unit_id).join_from(given, units, sa.true()))
    return {row.person_id: row.unit_id for row in found}


def _units_of(person_id, day: date):
    held = t.memberships
    for_whom = sa.case((t.units.c.kind == "division", t.units.c.parent_id), else_=t.units.c.id)
    query = (
        select(for_whom.label("unit_id"))
        .join_from(held, t.posts, t.posts.c.id == held.c.post_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .where(held.c.person_id == person_id, held.c.valid_from <= day)
        .where(sa.or_(held.c.valid_to.is_(None), held.c.valid_to > day))
    )
    return query.order_by(held.c.primary.desc(), t.posts.c.rank, held.c.id).limit(1).lateral()


def _further(nudges_, id_, after: tuple[int, str]):
    most, last = after
    return sa.and_(nudges_ <= most, tuple_(-nudges_, id_) > tuple_(sa.literal(-most), sa.literal(last, Id)))


def drop_late(tx, channel: str, before: datetime, at: datetime, most: int) -> int:
    """What has been due for longer than that ends unsent; returns how many, at most so many."""
    asked = When(channel, before, None, is_open=True).asked(most)
    late = list(tx.execute(_LATE, asked).scalars())
    end(tx, late, "dropped", at, fault="late")
    return max(len(late), tx.execute(_DROP_LATE, asked).rowcount)


def forget(tx, before: datetime, most: int) -> list[int]:
    """What ended long ago, and occasions of which nothing is left; returns how many of each, at most so many. What the
    ladders said of a piece that they still watch stays: it would be said again.
    """
    old = list(tx.execute(_ENDED, {"before": before, "most": most}).scalars())
    tx.execute(sa.delete(nudges).where(nudges.c.delivery_id == any_of(old)))
    tx.execute(sa.delete(deliveries).where(deliveries.c.id == any_of(old)))
    more = (tx.execute(each, {"before": before, "most": most}).rowcount for each in _FORGET)
    return [len(old), *more]
