"""What a service asks of its copy. Everything is as of a day: facts have a first day and an end."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import select

from chassis.rows import Written, any_bound
from kernel import policy
from kernel.actor import Actor
from kernel.directory_copy import tables as t
from kernel.directory_copy.facts import read_state
from kernel.directory_copy.tables import KINDS
from kernel.errors import Refused
from kernel.working_time import WorkingDays, today

MAX_AGE = timedelta(minutes=5)

# The statements are made once, at import: they run in every call, and making them costs more than running them.
DAY = sa.bindparam("day", type_=sa.Date)
IDS = any_bound("ids")
PERSON = sa.bindparam("person_id", type_=t.Id)
WORKING_DAYS = select(t.working_days.c.id, t.working_days.c.working)


@dataclass(frozen=True)
class HeadPost:
    """The post that answers for a unit. `unit_name` is the full one ("Phường Thủ Dầu Một")."""

    unit_id: str
    unit_code: str
    unit_name: str
    unit_kind: str
    post_id: str
    title: str


@dataclass(frozen=True)
class Unit:
    id: str
    code: str
    kind: str
    name: str
    full_name: str


@dataclass(frozen=True)
class Audience:
    name: str
    title: str
    unit_ids: tuple[str, ...]


@dataclass(frozen=True)
class Post:
    id: str
    unit_id: str
    unit_name: str
    kind: str
    title: str
    is_head: bool


def resolve_actor(tx, claims: dict, now: datetime, action: str) -> Actor:
    """Who the token's person is now, in the capacity that he chose; without a choice his primary post acts.

    A post that was lent to him for other matters than `action` ("tasks.accept") is not among those that he serves.
    """
    capacities = tx.rows(CAPACITIES, {"person_id": claims["sub"], "day": today(now)})
    own = [capacity for capacity in capacities if capacity["source"] == "membership"]
    if not own:
        _require_filled(tx)
        raise Refused("not_authorised", "This person holds no post now.")
    chosen = _choose(capacities, own[0], claims.get("membership_id"), claims.get("delegation_id"))
    lent = chosen["source"] == "delegation"
    serving = [capacity for capacity in capacities if policy.covers(capacity["scope"], action)]
    by_membership = {capacity["post_id"] for capacity in serving if capacity["source"] != "delegation"}
    return Actor(
        person_id=claims["sub"],
        membership_id=own[0]["id"] if lent else chosen["id"],
        post_id=chosen["post_id"],
        post_kind=chosen["post_kind"],
        post_title=chosen["title"],
        unit_id=chosen["unit_id"],
        unit_kind=chosen["unit_kind"],
        is_head=chosen["is_head"],
        acting_for=chosen["post_id"] if lent else None,
        serves=tuple(dict.fromkeys(each["post_id"] for each in serving)),
        scope=chosen["scope"],
        lent=frozenset(each["post_id"] for each in serving) - by_membership,
        units=tuple(dict.fromkeys(capacity["unit_id"] for capacity in own)),
    )


def serving(action: str):
    """Everybody, with each post that he serves in a matter on the bound `day`: a query's `person_id` and `post_id`."""
    every = EVERY_CAPACITY.subquery()
    return select(every.c.person_id, every.c.post_id).where(every.c.scope.in_(policy.covering(action)))


def newest_version(tx, kinds: Collection[str]) -> int:
    """Of the facts of these kinds; those that are no more do not count."""
    newest = [select(sa.func.max(KINDS[kind].c.version)).scalar_subquery() for kind in kinds]
    return tx.execute(select(sa.func.coalesce(sa.func.greatest(*newest), 0))).scalar_one()


def head_posts(tx, unit_ids: Iterable[str], now: datetime) -> list[HeadPost]:
    """The heads of those units that exist now, in the order of the units' codes."""
    heads = {}
    for row in tx.execute(HEADS, {"ids": list(unit_ids), "day": today(now)}):
        heads.setdefault(row.id, HeadPost(row.id, row.code, row.full_name, row.kind, row.post_id, row.title))
    return list(heads.values())


def standing_posts(tx, ids: Iterable[str], now: datetime) -> dict[str, HeadPost]:
    """Those of these posts that stand now, each with its unit, whether or not it heads it."""
    rows = tx.execute(STANDING, {"ids": list(ids), "day": today(now)})
    return {row.post_id: HeadPost(row.id, row.code, row.full_name, row.kind, row.post_id, row.title) for row in rows}


def heads_by_code(tx, codes: Iterable[str], now: datetime) -> dict[str, tuple[str, str]]:
    """Post and unit of the heads of units with these codes that have not ended; what stands comes before what is to
    come.
    """
    found = {}
    for row in tx.execute(HEADS_BY_CODE, {"codes": list(codes), "day": today(now)}):
        found.setdefault(row.code, (row.post_id, row.unit_id))
    return found


def units_of_posts(tx, ids: Iterable[str], now: datetime) -> dict[str, str]:
    """The unit of each of these posts that has not ended."""
    return {row.id: row.unit_id for row in tx.execute(UNITS_OF_POSTS, {"ids": list(ids), "day": today(now)})}


def people_with_posts(tx, ids: Iterable[str], now: datetime) -> set[str]:
    """Those of these people who hold a post, or are to."""
    return set(tx.execute(PEOPLE_WITH_POSTS, {"ids": list(ids), "day": today(now)}).scalars())


def has_clerk(tx, unit_id: str, now: datetime) -> bool:
    """Whether somebody works for the head of this unit."""
    return tx.execute(HAS_CLERK, {"unit_id": unit_id, "day": today(now)}).scalar_one()


def has_ended(tx, unit_id: str, now: datetime) -> bool | None:
    """Whether a unit stands no more; None if nobody knows it."""
    return tx.execute(HAS_ENDED, {"unit_id": unit_id, "day": today(now)}).scalar_one_or_none()


def units_below(tx, unit_id: str, now: datetime) -> set[str]:
    """A unit and what is below it now."""
    return set(tx.execute(BELOW, {"unit_id": unit_id, "day": today(now)}).scalars())


def unit_names(tx, ids: Iterable[str]) -> dict[str, str]:
    """The full names of units, closed ones too."""
    return {row.id: row.full_name for row in tx.execute(UNIT_NAMES, {"ids": list(ids)})}


def audience_unit_ids(tx, name: str) -> list[str]:
    """The units of a named audience; `whole-city` names people and has none."""
    unit_ids = tx.execute(select(t.audiences.c.unit_ids).where(t.audiences.c.id == name)).scalar_one_or_none()
    if unit_ids is None:
        _require_filled(tx)
        raise Refused("unknown_audience", f"There is no audience {name!r}.", audience=name)
    return list(unit_ids)


def units_of_kinds(tx, kinds: Iterable[str], now: datetime) -> list[Unit]:
    """The units of these kinds that exist now, in the order of their codes."""
    return [Unit(*row) for row in tx.execute(UNITS, {"kinds": list(kinds), "day": today(now)})]


def unit_audiences(tx) -> list[Audience]:
    """Every audience that names units."""
    return [Audience(row.id, row.title, tuple(row.unit_ids)) for row in tx.execute(AUDIENCES)]


def working_days(tx) -> WorkingDays:
    return WorkingDays({row.id: row.working for row in tx.execute(WORKING_DAYS)})


def posts(tx, ids: Iterable[str]) -> dict[str, Post]:
    """Posts, closed ones too: history must stay readable."""
    return {row.id: Post(*row) for row in tx.execute(POSTS, {"ids": list(ids)})}


def holders(tx, post_ids: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """Who holds these posts now: person ids by post."""
    people = defaultdict(list)
    for row in tx.execute(HOLDERS, {"ids": list(post_ids), "day": today(now)}):
        people[row.post_id].append(row.person_id)
    return dict(people)


def answering(
    tx, post_ids: Iterable[str], scopes: Iterable[str], now: datetime, *, standing_in: bool = True
) -> dict[str, list[str]]:  # fmt: skip
    """Whoever is to be told what concerns these posts now, by post: who holds it, and to whom its powers are lent for
    one of these scopes. Of a post that nobody has: who heads its unit, else a deputy, else who works for the head.
    """
    ids, people = list(post_ids), defaultdict(list)
    for row in tx.execute(ANSWERING, {"ids": ids, "scopes": list(scopes), "day": today(now)}):
        people[row.post_id].append(row.person_id)
    if standing_in and (vacant := [post_id for post_id in ids if post_id not in people]):
        for row in tx.execute(STANDING_IN, {"ids": vacant, "day": today(now)}):
            people.setdefault(row.post_id, [row.person_id])
    return dict(people)


def posts_of_kind(tx, kind: str, now: datetime, without: str) -> list[tuple[str, str]]:
    """Post and unit of every post of a kind that somebody else than this person holds now; reads all posts."""
    return [tuple(row) for row in tx.execute(OF_KIND, {"kind": kind, "person_id": without, "day": today(now)})]


def require_fresh(tx, now: datetime) -> None:
    """For writes that need authority as it is now, not as it was when the directory fell silent."""
    fresh_at = read_state(tx).fresh_at
    if fresh_at is None or now - fresh_at > MAX_AGE:
        raise Refused(
            "directory_stale", "The copy of the directory is too old to decide by.", retryable=True,
            fresh_at=fresh_at.isoformat() if fresh_at else None,
        )  # fmt: skip


def require_fresh_if_lent(tx, actor: Actor, now: datetime, posts: Iterable[str] | None = None) -> None:
    """For writes that anybody may do in his own posts, however old the copy is: powers that were lent may have been
    taken back since. `posts` are those that may do it, of which he serves one; None: nobody looked which of his did it.
    """
    served = actor.lent if posts is None else set(posts).intersection(actor.serves)
    if actor.acting_for or (actor.lent and actor.lent.issuperset(served)):
        require_fresh(tx, now)


def _require_filled(tx) -> None:
    """Whoever is not found in a copy that was never filled may well exist."""
    if not read_state(tx).filled:
        raise Refused("directory_stale", "The copy of the directory is not filled yet.", retryable=True)


def _choose(capacities, primary, membership_id: str | None, delegation_id: str | None):
    if not membership_id and not delegation_id:
        return primary
    wanted = ("delegation", delegation_id) if delegation_id else ("membership", membership_id)
    for capacity in capacities:
        if (capacity["source"], capacity["id"]) == wanted:
            return capacity
    raise Refused("unknown_capacity", "This person does not hold that post or delegation now.")


def _live(table):
    return sa.and_(table.c.valid_from <= DAY, sa.or_(table.c.valid_to.is_(None), table.c.valid_to > DAY))


def _not_ended(table):
    return sa.or_(table.c.valid_to.is_(None), table.c.valid_to > DAY)


def _capacity(source: str, person_id, id_column, primary, scope) -> tuple:
    return (
        person_id.label("person_id"),
        sa.literal(source).label("source"), id_column.label("id"), primary.label("primary"), scope.label("scope"),
        t.posts.c.id.label("post_id"), t.posts.c.kind.label("post_kind"), t.posts.c.title, t.posts.c.is_head,
        t.posts.c.rank, t.units.c.id.label("unit_id"), t.units.c.kind.label("unit_kind"),
    )  # fmt: skip


def _capacities(person=None):
    """Every post that a person, or everybody, acts in or works for, the primary one first, in one query."""
    holder, grantee = t.memberships.c.person_id, t.delegations.c.grantee_person_id
    is_holder, is_grantee = (sa.true() if person is None else each == person for each in (holder, grantee))
    own = (
        select(*_capacity("membership", holder, t.memberships.c.id, t.memberships.c.primary, sa.literal("all")))
        .join_from(t.memberships, t.posts, t.posts.c.id == t.memberships.c.post_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .where(is_holder, _live(t.memberships), _live(t.posts), _live(t.units))
    )
    # A delegation dies with the membership of its grantor: whoever holds the post now must have lent it.
    grantor = t.memberships.alias()
    lent = (
        select(*_capacity("delegation", grantee, t.delegations.c.id, sa.false(), t.delegations.c.scope))
        .join_from(t.delegations, t.posts, t.posts.c.id == t.delegations.c.grantor_post_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .where(is_grantee, _live(t.delegations), _live(t.posts), _live(t.units))
        .where(
            sa.exists().where(
                grantor.c.post_id == t.delegations.c.grantor_post_id,
                grantor.c.valid_from <= t.delegations.c.valid_from,
                _live(grantor),
            )
        )
    )
    helper = t.posts.alias()
    served = (
        select(*_capacity("service", holder, t.memberships.c.id, sa.false(), sa.literal("all")))
        .join_from(t.memberships, helper, helper.c.id == t.memberships.c.post_id)
        .join(t.posts, t.posts.c.unit_id == helper.c.unit_id)
        .join(t.units, t.units.c.id == t.posts.c.unit_id)
        .where(is_holder, helper.c.kind.in_(policy.SERVES_HEAD), t.posts.c.is_head)
        .where(_live(t.memberships), _live(helper), _live(t.posts), _live(t.units))
    )
    every = sa.union_all(own, lent, served).subquery()
    return select(every).order_by(every.c.primary.desc(), every.c.rank, every.c.id)


CAPACITIES = Written(_capacities(PERSON))
EVERY_CAPACITY = _capacities()
HEADS = (
    select(t.units.c.id, t.units.c.code, t.units.c.full_name, t.units.c.kind, t.posts.c.id.label("post_id"))
    .add_columns(t.posts.c.title)
    .join_from(t.units, t.posts, t.posts.c.unit_id == t.units.c.id)
    .where(t.units.c.id == IDS, t.posts.c.is_head, _live(t.units), _live(t.posts))
    .order_by(t.units.c.code, t.posts.c.rank, t.posts.c.id)
)
STANDING = (
    select(t.units.c.id, t.units.c.code, t.units.c.full_name, t.units.c.kind, t.posts.c.id.label("post_id"))
    .add_columns(t.posts.c.title)
    .join_from(t.posts, t.units, t.units.c.id == t.posts.c.unit_id)
    .where(t.posts.c.id == IDS, _live(t.units), _live(t.posts))
)
HEADS_BY_CODE = (
    select(t.units.c.code, t.posts.c.id.label("post_id"), t.units.c.id.label("unit_id"))
    .join_from(t.units, t.posts, t.posts.c.unit_id == t.units.c.id)
    .where(t.units.c.code.in_(sa.bindparam("codes", expanding=True)), t.posts.c.is_head)
    .where(_not_ended(t.units), _not_ended(t.posts))
    .order_by(t.units.c.valid_from, t.posts.c.valid_from, t.posts.c.rank, t.posts.c.id)
)
UNITS_OF_POSTS = select(t.posts.c.id, t.posts.c.unit_id).where(t.posts.c.id == IDS, _not_ended(t.posts))
PEOPLE_WITH_POSTS = (
    select(t.memberships.c.person_id).distinct().where(t.memberships.c.person_id == IDS, _not_ended(t.memberships))
)


UNIT_ID = sa.bindparam("unit_id", type_=t.Id)
HAS_ENDED = select(sa.func.coalesce(t.units.c.valid_to <= DAY, sa.false())).where(t.units.c.id == UNIT_ID)
HAS_CLERK = select(
    sa.exists()
    .where(t.posts.c.unit_id == UNIT_ID, t.posts.c.kind.in_(policy.SERVES_HEAD), _live(t.posts))
    .where(t.memberships.c.post_id == t.posts.c.id, _live(t.memberships))
)


def _below():
    tree = select(t.units.c.id).where(t.units.c.id == UNIT_ID).cte(recursive=True)
    return select(tree.union(select(t.units.c.id).where(t.units.c.parent_id == tree.c.id, _live(t.units))).c.id)


BELOW = _below()
UNIT_NAMES = select(t.units.c.id, t.units.c.full_name).where(t.units.c.id == IDS)
UNITS = (
    select(t.units.c.id, t.units.c.code, t.units.c.kind, t.units.c.name, t.units.c.full_name)
    .where(t.units.c.kind.in_(sa.bindparam("kinds", expanding=True)), _live(t.units))
    .order_by(t.units.c.code)
)
AUDIENCES = (
    select(t.audiences.c.id, t.audiences.c.title, t.audiences.c.unit_ids)
    .where(sa.func.cardinality(t.audiences.c.unit_ids) > 0)
    .order_by(t.audiences.c.id)
)
POSTS = (
    select(t.posts.c.id, t.posts.c.unit_id, t.units.c.full_name, t.posts.c.kind, t.posts.c.title, t.posts.c.is_head)
    .join_from(t.posts, t.units, t.units.c.id == t.posts.c.unit_id)
    .where(t.posts.c.id == IDS)
)
HOLDERS = (
    select(t.memberships.c.post_id, t.memberships.c.person_id)
    .where(t.memberships.c.post_id == IDS, _live(t.memberships))
    .order_by(t.memberships.c.valid_from, t.memberships.c.id)
)


def _answering():
    grantor = t.memberships.alias()
    held = (
        select(t.memberships.c.post_id, t.memberships.c.person_id)
        .where(t.memberships.c.post_id == IDS, _live(t.memberships))
    )  # fmt: skip
    lent = (
        select(t.delegations.c.grantor_post_id, t.delegations.c.grantee_person_id)
        .where(t.delegations.c.grantor_post_id == IDS, _live(t.delegations))
        .where(t.delegations.c.scope.in_(sa.bindparam("scopes", expanding=True)))
        .where(
            sa.exists().where(
                grantor.c.post_id == t.delegations.c.grantor_post_id,
                grantor.c.valid_from <= t.delegations.c.valid_from,
                _live(grantor),
            )
        )
    )
    return held.union(lent)


def _standing_in():
    helper = t.posts.alias()
    place = sa.case((helper.c.is_head, 0), (helper.c.kind.in_(policy.SERVES_HEAD), 2), else_=1)
    return (
        select(t.posts.c.id.label("post_id"), t.memberships.c.person_id)
        .join_from(t.posts, helper, helper.c.unit_id == t.posts.c.unit_id)
        .join(t.memberships, t.memberships.c.post_id == helper.c.id)
        .where(t.posts.c.id == IDS, _live(helper), _live(t.memberships))
        .where(sa.or_(helper.c.is_head, helper.c.kind.in_(policy.SERVES_HEAD | policy.DEPUTIES)))
        .order_by(place, helper.c.rank, helper.c.id, t.memberships.c.id)
    )


ANSWERING = _answering()
STANDING_IN = _standing_in()
OF_KIND = (
    select(t.posts.c.id, t.posts.c.unit_id)
    .where(t.posts.c.kind == sa.bindparam("kind", type_=sa.Text), _live(t.posts))
    .where(
        sa.exists().where(
            t.memberships.c.post_id == t.posts.c.id, t.memberships.c.person_id != PERSON, _live(t.memberships)
        )
    )
    .order_by(t.posts.c.id)
)
