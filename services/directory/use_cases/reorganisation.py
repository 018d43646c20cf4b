"""Reorganising units: at once on its day, or as a plan that is carried out when its day comes."""

from datetime import date, datetime

import structlog

from chassis import clock
from chassis.contract import Procedure, schema
from chassis.paging import an_id, page, position
from contracts import directory as contract
from directory.domain import reorganisation as domain
from directory.domain.organisation import SPECIAL_POSTS, Organisation, live
from directory.metrics import REORGANISATIONS
from directory.storage import appointments, facts, organisation, people, reorganisations, units
from directory.use_cases.facts import record_changes
from directory.use_cases.writing import once, same_version
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

log = structlog.get_logger()

AT_A_TIME = 20  # plans carried out at one tick


def reorganise(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.reorganise, claims, now)
    wanted = request["reorganisation"]
    return once(tx, actor, contract.reorganise, request, wanted, lambda: _enter(tx, actor, wanted, now))


def _enter(tx, actor: Actor, wanted: dict, now: datetime) -> dict:
    """Whatever is entered is decided now; what is ahead is decided again on its day."""
    day = wanted["on_day"]
    if day < today(now):
        raise Refused("day_in_past", "What was is not changed: give today or a day ahead.", field="on_day")
    change = next(name for name in contract.CHANGES if name in wanted)
    command = _command(change, wanted[change])
    facts.claim_versions(tx, 0)  # from here on nobody else changes facts until the commit
    changes = _decide(tx, actor, organisation.only_units(tx), command, day, change)
    row = reorganisations.add(
        tx, id=clock.new_id(), version=1, change=change, command=wanted[change], unit_ids=domain.concerned(command),
        on_day=day, document_number=wanted["document_number"], state="planned", successor_ids=[], without_post=[],
        entered_by=actor.person_id, entered_as=actor.post_id, created_at=now,
    )  # fmt: skip
    tx.audit(
        "reorganisation.entered", subject=row["id"], change=change, on_day=day.isoformat(), unit_ids=row["unit_ids"]
    )
    return row if day > today(now) else _apply(tx, row, changes, now)


def carry_out_due(store, now: datetime) -> None:
    """Each plan whose day has come, in a transaction of its own."""
    with store.reading() as tx:
        due = reorganisations.due(tx, today(now), AT_A_TIME)
    for id_ in due:
        with store.transaction() as tx:
            carry_out(tx, id_, now)


def carry_out(tx, id_: str, now: datetime) -> None:
    """Once: whoever comes second finds it done. What is not possible any more is marked so, with the reason."""
    facts.claim_versions(tx, 0)
    row = reorganisations.one(tx, id_, lock=True)
    if row is None or row["state"] != "planned" or row["on_day"] > today(now):
        return
    command = _command(row["change"], _loaded(row))
    try:
        city = organisation.only_units(tx)
        changes = _decide(tx, _entered_as(tx, row, city, now), city, command, row["on_day"], row["change"])
    except Refused as refused:
        _fail(tx, row, refused, now)
    else:
        _apply(tx, row, changes, now)
        REORGANISATIONS.labels("carried_out").inc()


def _entered_as(tx, row: dict, city: Organisation, now: datetime) -> Actor:
    """Whoever entered a plan, in the post in which he did, as that stands now."""
    [post] = organisation.posts(tx, appointments.posts_by_id([row["entered_as"]])).values()
    if not live(post, today(now)):
        raise Refused("not_authorised", "The post in which it was entered stands no more.")
    unit = city.units[post.unit_id]
    return Actor(
        person_id=row["entered_by"], membership_id="", post_id=post.id, post_kind=post.kind, post_title=post.title,
        unit_id=unit.id, unit_kind=unit.kind, is_head=post.is_head, acting_for=None, serves=(),
    )  # fmt: skip


def _fail(tx, row: dict, refused: Refused, now: datetime) -> None:
    failure = {
        "code": refused.refusal_code, "message": refused.message, "field": refused.details.get("field"),
    }  # fmt: skip
    reorganisations.change(tx, row["id"], state="failed", failure=failure, decided_at=now)
    tx.audit("reorganisation.failed", subject=row["id"], code=refused.refusal_code)
    REORGANISATIONS.labels("failed").inc()
    log.error("a planned reorganisation is not possible any more", reorganisation=row["id"], code=refused.refusal_code)


def _apply(tx, row: dict, changes: domain.Changes, now: datetime) -> dict:
    day = row["on_day"]
    record_changes(
        tx, contract.unit_reorganised, organisation.as_rows(tx, changes), subject=row["unit_ids"][0],
        change=row["change"], on_day=day,
        successor_ids=list(dict.fromkeys(each.successor_id for each in changes.successors)),
    )  # fmt: skip
    organisation.keep_former(tx, changes, day)
    people.refresh_entries(tx, _found_elsewhere(tx, changes, day))
    tx.audit("reorganisation.done", subject=row["id"], change=row["change"], unit_ids=list(changes.units))
    new = [id_ for id_, unit in changes.units.items() if unit.valid_from == day and id_ not in row["unit_ids"]]
    successors = list(dict.fromkeys([*(each.successor_id for each in changes.successors), *new]))
    return reorganisations.change(
        tx, row["id"], state="done", successor_ids=successors, without_post=changes.without_post, decided_at=now
    )


def _found_elsewhere(tx, changes: domain.Changes, day: date) -> set[str]:
    """Everybody who is found by what changed: in these units and below them, or by a post of his own. Nothing below the
    committee is found by the committee's name.
    """
    changed = set(changes.units)
    for unit in changes.units.values():
        if unit.parent_id is not None:
            changed |= set(units.with_sub_units(tx, unit.id))
    return organisation.people_of(tx, changed, day) | {each.person_id for each in changes.memberships.values()}


def withdraw(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.withdraw_reorganisation, claims, now)
    return once(
        tx, actor, contract.withdraw_reorganisation, request, [request["id"], request["version"]],
        lambda: _withdraw(tx, actor, request, now),
    )  # fmt: skip


def _withdraw(tx, actor: Actor, request: dict, now: datetime) -> dict:
    row = _visible(tx, actor, contract.withdraw_reorganisation, request["id"], lock=True)
    same_version(row["version"], request["version"])
    if row["state"] != "planned":
        raise Refused("wrong_state", "Only a plan is withdrawn.", state=row["state"])
    tx.audit("reorganisation.withdrawn", subject=row["id"])
    return reorganisations.change(tx, row["id"], state="withdrawn", decided_at=now)


def get(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_reorganisation, claims, now)
    return _visible(tx, actor, contract.get_reorganisation, request["id"])


def listing(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Those of the whole city for whoever sees these; else those that were entered from one's own post."""
    actor = actor_for(tx, contract.list_reorganisations, claims, now)
    everything = policy.allows(contract.list_reorganisations.full_name, actor)
    after = position(request["cursor"], an_id)
    rows = reorganisations.page(
        tx, state=request["state"], unit_id=request["unit_id"], entered_as=None if everything else actor.post_id,
        before=after[0] if after else None, limit=request["limit"] + 1,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.id,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def _visible(tx, actor: Actor, procedure: Procedure, id_: str, *, lock: bool = False) -> dict:
    row = reorganisations.one(tx, id_, lock=lock)
    if row is None or not (row["entered_as"] == actor.post_id or policy.allows(procedure.full_name, actor)):
        raise Refused("not_found")
    return row


def _require(actor: Actor, command: domain.Command, city: Organisation) -> None:
    """Whoever changes a unit needs power over the unit above it: nobody reorganises the unit that he leads. An unknown
    unit is like a foreign one to him who may not reorganise the whole city.
    """

    def path(unit_id: str | None) -> list[str]:
        return list(city.path(unit_id)) if unit_id in city.units else []

    for unit_id in domain.changed(command):
        unit = city.units.get(unit_id)
        policy.require(contract.reorganise.full_name, actor, path(unit.parent_id) if unit else ())
    for unit_id in domain.receiving(command):
        policy.require(contract.reorganise.full_name, actor, path(unit_id))


def _decide(
    tx, actor: Actor, city: Organisation, command: domain.Command, day: date, change: str
) -> domain.Changes:  # fmt: skip
    """A broken rule names its field as the request does. Posts of the platform are the city's alone to change. Who may
    not, or means the whole city, is refused before all that it concerns is read.
    """
    _require(actor, command, city)
    try:
        domain.spares_the_top(city, command)
        organisation.filled(tx, city, day, domain.changed(command), holders=domain.ends_posts(command))
        changes = domain.reorganise(city, command, day, clock.new_id)
    except Refused as refused:
        refused.details["field"] = f"{change}.{refused.details['field']}"
        raise
    if any(post.kind in SPECIAL_POSTS for post in changes.posts.values()):
        policy.require(contract.reorganise.full_name, actor)
    return changes


def _loaded(row: dict) -> dict:
    return schema(contract.Reorganise).fields[row["change"]].schema.load(row["command"])


def _command(change: str, given: dict) -> domain.Command:
    match change:
        case "establish":
            return domain.Establish(domain.NewUnit(**given["unit"]), given["parent_id"])
        case "rename":
            return domain.Rename(**given)
        case "move":
            return domain.Move(**given)
        case "merge":
            into = given["into_unit_id"] or domain.NewUnit(**given["into"])
            return domain.Merge(tuple(given["unit_ids"]), into)
        case "split":
            parts = (domain.Part(domain.NewUnit(**each["unit"]), tuple(each["takes"])) for each in given["parts"])
            return domain.Split(given["unit_id"], tuple(parts))
        case _:
            return domain.Dissolve(given["unit_id"], tuple(given["successor_ids"]))
