"""Handing accounts over: a one-time password for everybody who has not chosen one, shown once, kept as a hash only."""

from dataclasses import replace
from datetime import datetime, timedelta

from contracts import directory
from directory import hashing, papers
from directory.domain.passwords import on_paper
from directory.domain.usernames import name_all, stem
from directory.papers import Slip
from directory.storage import handover, units
from directory.storage.accounts import Care
from directory.use_cases.accounts import care_of
from kernel import policy
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

GOOD_FOR = timedelta(days=30)
AT_MOST = 2_000  # accounts in one answer; the whole city is the operator's command
FORMS = {"sheet": papers.sheet, "slips": papers.printable}


def hand_over_unit(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Whoever was given a one-time password and did not use it gets a new one; the old one is worth nothing then.

    A clerk hands his own head nothing.
    """
    actor = actor_for(tx, directory.hand_over_accounts, claims, now)
    path = units.path(tx, request["unit_id"])
    if not path:
        raise Refused("not_found")
    policy.require(directory.hand_over_accounts.full_name, actor, path)
    unit_ids = units.with_sub_units(tx, request["unit_id"]) if request["sub_units"] else [request["unit_id"]]
    care = care_of(tx, directory.hand_over_accounts, actor)
    if actor.post_kind in policy.SERVES_HEAD:
        care = replace(care, but_head_of=actor.unit_id)
    slips = hand_over(tx, unit_ids, now, care=care, at_most=AT_MOST)
    tx.audit("accounts.handed_over", subject=request["unit_id"], accounts=len(slips), form=request["form"])
    return {"document": FORMS[request["form"]](slips), "accounts": len(slips)}


def hand_over(
    tx, unit_ids: list[str], now: datetime, *, care: Care | None = None, at_most: int | None = None
) -> list[Slip]:
    handover.lock_usernames(tx)
    people = handover.waiting(tx, unit_ids, today(now), care=care, limit=at_most and at_most + 1)
    if at_most and len(people) > at_most:
        raise Refused("too_many_accounts", f"At most {at_most} at a time: take smaller units.", at_most=at_most)
    if not people:
        return []
    nameless = [person for person in people if person.account_id is None]
    taken = handover.taken(tx, [stem(person.name) for person in nameless])
    names = dict(
        zip((person.person_id for person in nameless), name_all((p.name for p in nameless), taken), strict=True)
    )
    drawn = [hashing.draw() for _ in people]
    usernames = [person.username or names[person.person_id] for person in people]
    rows = [
        {"person_id": person.person_id, "username": username, "password_hash": hashing.hash_drawn(secret)}
        for person, username, secret in zip(people, usernames, drawn, strict=True)
    ]
    for account_id in handover.give(tx, rows, now + GOOD_FOR):
        tx.audit("account.handed_over", subject=account_id)
    return [
        Slip(person.unit_name, person.name, person.title, username, on_paper(secret))
        for person, username, secret in zip(people, usernames, drawn, strict=True)
    ]
