"""Posts made and closed, people who take them up and leave them, powers lent and taken back."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

from chassis import clock
from chassis.paging import a_number, an_id, page, position
from contracts import directory as contract
from directory.domain import appointments as rules
from directory.domain import delegations as lending
from directory.domain.organisation import (
    SPECIAL_POSTS,
    Delegation,
    Membership,
    Post,
    ended,
    live,
    open_after,
    post_fits,
    rank_of,
)
from directory.domain.reorganisation import Changes
from directory.metrics import GUARDIANS
from directory.storage import appointments, facts, organisation, people, units
from directory.use_cases.facts import record_changes
from directory.use_cases.writing import once, same_version
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

ONE_DAY = timedelta(days=1)
HOLDERS_SHOWN = 50  # with a post; the others follow page by page


# posts


def make_post(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.make_post, claims, now)
    wanted = request["post"]
    return once(tx, actor, contract.make_post, request, wanted, lambda: _make_post(tx, actor, wanted, now))


def _make_post(tx, actor: Actor, wanted: dict, now: datetime) -> dict:
    """A post beside the one that heads the unit, which came with it."""
    facts.claim_versions(tx, 0)
    day, unit_id, kind = wanted["from_day"], wanted["unit_id"], wanted["kind"]
    city = organisation.load(tx, day, ())
    unit = city.units.get(unit_id)
    path = list(city.path(unit_id)) if unit and kind not in SPECIAL_POSTS else []
    policy.require(contract.make_post.full_name, actor, path)
    if unit is None or not live(unit, day):
        raise Refused("unknown_unit", "There is no such unit on that day.", field="unit_id")
    _not_past(day, now, "from_day")
    post_fits(kind, unit)
    if kind in HEADS:
        raise Refused("unit_has_head", "One post heads a unit, and it has it.", field="kind")
    rank = rank_of(city, kind, unit_id)
    post = Post(clock.new_id(), unit_id, kind, wanted["title"], False, rank, day, unit.valid_to, day)
    record(tx, contract.post_changed, Changes(posts={post.id: post}), post.id)
    tx.audit("post.made", subject=post.id, unit_id=unit_id, kind=kind)
    return _post_view(tx, post.id)


HEADS = frozenset({"chairman", "chief_of_office", "head", "division_head"})


def close_post(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.close_post, claims, now)
    what = [request["id"], request["version"], request["on_day"]]
    return once(tx, actor, contract.close_post, request, what, lambda: _close_post(tx, actor, request, now))


def _close_post(tx, actor: Actor, request: dict, now: datetime) -> dict:
    facts.claim_versions(tx, 0)
    row, post = _post_to_change(tx, actor, contract.close_post, request["id"])
    same_version(row.version, request["version"])
    day = _not_past(request["on_day"], now)
    if post.is_head:
        raise Refused("head_post_needed", "A unit keeps the post that heads it.", field="id")
    if not open_after(post, day):
        raise Refused("post_closed", "The post is closed by then.", field="on_day")
    leaving = [ended(each, day) for each in _memberships_of_post(tx, post.id).values() if open_after(each, day)]
    changes = with_consequences(tx, leaving, day)
    changes.posts[post.id] = ended(post, day)
    record(tx, contract.post_changed, changes, post.id)
    tx.audit("post.closed", subject=post.id, on_day=day.isoformat())
    return _post_view(tx, post.id)


def list_posts(tx, request: dict, now: datetime) -> dict:
    rows = appointments.posts_page(
        tx, request["unit_id"], today(now), position(request["cursor"], a_number, an_id), request["limit"] + 1
    )
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.rank, row.id))
    return {"items": [with_days(row._mapping) for row in rows], "next_cursor": next_cursor}


def get_post(tx, post_id: str, seeker_id: str, now: datetime) -> dict:
    return _post_view(tx, post_id)


def _post_view(tx, post_id: str) -> dict:
    row = appointments.post(tx, post_id)
    if row is None:
        raise Refused("not_found")
    return with_days(row._mapping) | {"holders": _holders(tx, post_id, None, HOLDERS_SHOWN)}


def list_holders(tx, request: dict, seeker_id: str, now: datetime) -> dict:
    if appointments.post(tx, request["post_id"]) is None:
        raise Refused("not_found")
    before = position(request["cursor"], date.fromisoformat, date.fromisoformat, an_id)
    return _holders(tx, request["post_id"], before, request["limit"])


def _holders(tx, post_id: str, before: tuple | None, limit: int) -> dict:
    rows = appointments.holders(tx, post_id, before, limit + 1)
    rows, next_cursor = page(rows, limit, lambda row: (row.until, row.valid_from, row.membership_id))
    return {"items": [with_days(row._mapping) for row in rows], "next_cursor": next_cursor}


# memberships


def appoint(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.appoint, claims, now)
    wanted = request["appointment"]
    return once(tx, actor, contract.appoint, request, wanted, lambda: _appoint(tx, actor, wanted, now))


def _appoint(tx, actor: Actor, wanted: dict, now: datetime) -> dict:
    facts.claim_versions(tx, 0)
    _, post = _post_to_change(tx, actor, contract.appoint, wanted["post_id"])
    _not_past(wanted["from_day"], now, "from_day")
    id_ = take_up(tx, post, clock.new_id(), by=actor, **{name: wanted[name] for name in TAKES_UP})
    tx.audit("membership.begun", subject=id_, person_id=wanted["person_id"], post_id=post.id, kind=post.kind)
    return _membership_view(tx, id_)


TAKES_UP = ("person_id", "from_day", "to_day", "primary", "replaces")


def take_up(
    tx, post: Post, membership_id: str, *, person_id: str, from_day: date, to_day: date | None = None,
    primary: bool = True, replaces: bool = True, by: Actor | None = None,
) -> str:  # fmt: skip
    """A person takes up a post. One event tells of all that follows. `by`: whose powers it must be within."""
    if not people.is_known(tx, person_id):
        raise Refused("unknown_person", "There is no such person.", field="person_id")
    ends = to_day + ONE_DAY if to_day else None
    new = Membership(membership_id, person_id, post.id, primary, from_day, ends)
    known = organisation.memberships(tx, appointments.of_person_or_post(person_id, post.id))
    changed = rules.appoint(new, post, known.values(), replaces=replaces)
    if by is not None:
        held = [each for each in known.values() if each.person_id == person_id and open_after(each, from_day)]
        _require_released(tx, by, held, changed)
    record(tx, contract.membership_changed, with_consequences(tx, changed, from_day), new.id)
    return new.id


def _require_released(tx, actor: Actor, held: list[Membership], changed: list[Membership]) -> None:
    """Power over each post that is left, and over one at least of those that the person holds, if he holds any: nobody
    is dismissed, or drawn into another unit, by somebody who has no say over him.
    """
    posts = organisation.posts(tx, appointments.posts_by_id({each.post_id for each in [*held, *changed]}))
    within = {
        id_ for id_, post in posts.items()
        if policy.allows(contract.appoint.full_name, actor, _deciding(tx, post))
    }  # fmt: skip
    all_left = all(each.post_id in within for each in changed)
    if not all_left or (held and not any(each.post_id in within for each in held)):
        raise Refused("not_released", "This person's posts are not all yours to decide about.", field="person_id")


def end_membership(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.end_membership, claims, now)
    what = [request["id"], request["version"], request["on_day"]]
    return once(tx, actor, contract.end_membership, request, what, lambda: _end_membership(tx, actor, request, now))


def _end_membership(tx, actor: Actor, request: dict, now: datetime) -> dict:
    facts.claim_versions(tx, 0)
    row = appointments.membership(tx, request["id"])
    if row is None:
        raise Refused("not_found")
    _post_to_change(tx, actor, contract.end_membership, row.post_id)
    same_version(row.version, request["version"])
    [membership] = organisation.memberships(tx, appointments.by_id(row.id)).values()
    day = _not_past(request["on_day"], now)
    changes = with_consequences(tx, [rules.leave(membership, day)], day)
    record(tx, contract.membership_changed, changes, row.id)
    tx.audit("membership.ended", subject=row.id, person_id=row.person_id, on_day=day.isoformat())
    return _membership_view(tx, row.id)


def count_guardians(tx, now: datetime) -> None:
    """For the operator, who alerts on any that he does not know of: however they were appointed."""
    held = appointments.held_of_kinds(tx, SPECIAL_POSTS, today(now))
    for kind in SPECIAL_POSTS:
        GUARDIANS.labels(kind).set(held.get(kind, 0))


def _membership_view(tx, id_: str) -> dict:
    return with_days(appointments.membership(tx, id_)._mapping)


def _memberships_of_post(tx, post_id: str) -> dict[str, Membership]:
    return organisation.memberships(tx, appointments.of_post(post_id))


def with_consequences(tx, memberships: list[Membership], day: date) -> Changes:
    """Changed memberships, with the powers that end with them and the posts that become the primary ones instead."""
    changed = {each.id: each for each in memberships}
    found = Changes(memberships=changed)
    posts, persons = {each.post_id for each in memberships}, {each.person_id for each in memberships}
    holders, own = defaultdict(list), defaultdict(list)
    for each in organisation.memberships(tx, appointments.of_posts(posts)).values():
        holders[each.post_id].append(changed.get(each.id, each))  # whoever takes up the post only now has lent nothing
    for each in (organisation.memberships(tx, appointments.of_people(persons)) | changed).values():
        own[each.person_id].append(each)
    for lent in organisation.delegations(tx, appointments.lent_by(*posts), day).values():
        if (now := lending.lapse(lent, holders[lent.grantor_post_id])) != lent:
            found.delegations[now.id] = now
    ranks = appointments.ranks(tx, {each.post_id for held in own.values() for each in held})
    for person_id in persons:
        changed |= {each.id: each for each in rules.with_a_primary(own[person_id], ranks, day)}
    return found


# powers lent


def lend(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.lend_powers, claims, now)
    wanted = request["delegation"]
    return once(tx, actor, contract.lend_powers, request, wanted, lambda: _lend(tx, actor, wanted, now))


def _lend(tx, actor: Actor, wanted: dict, now: datetime) -> dict:
    """Of the post in which he acts, in person: what was lent to him is not passed on."""
    facts.claim_versions(tx, 0)
    day, grantee_id = wanted["from_day"], wanted["grantee_person_id"]
    if not people.is_known(tx, grantee_id):
        raise Refused("unknown_person", "There is no such person.", field="grantee_person_id")
    own = organisation.memberships(tx, appointments.by_id(actor.membership_id))
    held = organisation.memberships(tx, appointments.held_by(grantee_id, day)).values()
    known_posts = organisation.posts(tx, appointments.posts_by_id([actor.post_id, *(each.post_id for each in held)]))
    new = Delegation(
        clock.new_id(), actor.post_id, grantee_id, wanted["kind"], wanted["scope"], wanted["document_number"],
        day, wanted["to_day"] + ONE_DAY,
    )  # fmt: skip
    lent = lending.lend(
        new,
        grantor=own[actor.membership_id],
        grantor_post=known_posts[actor.post_id],
        below=[
            post for each in held
            if actor.unit_id in units.path(tx, (post := known_posts[each.post_id]).unit_id)
        ],
        known=organisation.delegations(tx, appointments.lent_by(actor.post_id), today(now)).values(),
        day=today(now),
    )  # fmt: skip
    record(tx, contract.delegation_changed, Changes(delegations={lent.id: lent}), lent.id)
    tx.audit("delegation.lent", subject=lent.id, post_id=lent.grantor_post_id, person_id=grantee_id, scope=lent.scope)
    return _delegation_view(tx, lent.id)


def take_back(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.take_powers_back, claims, now)
    what = [request["id"], request["version"]]
    return once(tx, actor, contract.take_powers_back, request, what, lambda: _take_back(tx, actor, request, now))


def _take_back(tx, actor: Actor, request: dict, now: datetime) -> dict:
    """From this moment on: the day of today is no day of it any more."""
    facts.claim_versions(tx, 0)
    row = appointments.delegation(tx, request["id"])
    whole_city = policy.allows(contract.take_powers_back.full_name, actor)
    if row is None or not (whole_city or actor.post_id == row.grantor_post_id):
        raise Refused("not_found")
    same_version(row.version, request["version"])
    if row.valid_to <= today(now):
        raise Refused("wrong_state", "It has ended already.", state="ended")
    [lent] = organisation.delegations(tx, appointments.delegation_by_id(row.id), today(now)).values()
    taken = replace(lent, valid_to=max(today(now), lent.valid_from))
    record(tx, contract.delegation_changed, Changes(delegations={taken.id: taken}), taken.id)
    tx.audit(
        "delegation.taken_back", subject=taken.id, post_id=taken.grantor_post_id, person_id=taken.grantee_person_id
    )
    return _delegation_view(tx, taken.id)


def list_delegations(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What his posts have lent and what was lent to him, now or ahead."""
    actor = actor_for(tx, contract.list_delegations, claims, now)
    after = position(request["cursor"], an_id)
    rows = appointments.delegations_page(
        tx, actor.person_id, today(now), after[0] if after else None, request["limit"] + 1
    )
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.id,))
    return {"items": [with_days(row._mapping) for row in rows], "next_cursor": next_cursor}


def list_post_delegations(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What a post has lent, for whoever lends or decides in its unit."""
    actor = actor_for(tx, contract.list_post_delegations, claims, now)
    post = appointments.post(tx, request["post_id"])
    if post is None:
        raise Refused("not_found")
    policy.require(contract.list_post_delegations.full_name, actor, units.path(tx, post.unit_id))
    after = position(request["cursor"], an_id)
    rows = appointments.delegations_of_post(tx, post.id, today(now), after and after[0], request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.id,))
    return {"items": [with_days(row._mapping) for row in rows], "next_cursor": next_cursor}


def _delegation_view(tx, id_: str) -> dict:
    return with_days(appointments.delegation(tx, id_)._mapping)


# what they have in common


def with_days(row) -> dict:
    """A period as people say it: the last day belongs to it. What never held a day ends on the day before it begins."""
    return dict(row) | {"from_day": row["valid_from"], "to_day": row["valid_to"] and row["valid_to"] - ONE_DAY}


def _post_to_change(tx, actor: Actor, procedure, post_id: str):
    """A post that the actor has power over, as a row and as the rules see it. Foreign and absent ones are alike to him
    who has none over the whole city.
    """
    found = organisation.posts(tx, appointments.posts_by_id([post_id]))
    if not found:
        raise Refused("not_found")
    try:
        policy.require(procedure.full_name, actor, _deciding(tx, found[post_id]))
    except Refused:
        if actor.unit_id not in units.path(tx, found[post_id].unit_id):
            raise Refused("not_found") from None
        raise
    return appointments.post(tx, post_id), found[post_id]


def _deciding(tx, post: Post) -> list[str]:
    """The units from which a post is decided about. The one that heads a unit is a matter of the unit above; the
    platform's own are the city's to give, in whichever unit they are.
    """
    if post.kind in SPECIAL_POSTS:
        return []
    path = units.path(tx, post.unit_id)
    return path[1:] if post.is_head else path


def _not_past(day: date, now: datetime, where: str = "on_day") -> date:
    if day < today(now):
        raise Refused("day_in_past", "What was is not changed: give today or a day ahead.", field=where)
    return day


def record(tx, event, changes: Changes, subject: str) -> None:
    record_changes(tx, event, organisation.as_rows(tx, changes), subject=subject)
    if changes.memberships:
        people.refresh_entries(tx, {each.person_id for each in changes.memberships.values()})
