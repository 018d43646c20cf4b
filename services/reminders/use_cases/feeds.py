"""A person's calendar for programs that cannot sign in: one secret address, kept as a hash, and sealed for him."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from chassis.sealing import NotSealedHere, Sealer
from contracts import reminders as contract
from kernel.capacity import actor_for
from kernel.directory_copy import resolve_actor, working_days
from kernel.errors import Refused
from reminders.domain.burning import NEVER, Dues
from reminders.domain.calendar import Content
from reminders.domain.personal import ACTIVE_AT_MOST
from reminders.storage import feeds as storage
from reminders.storage import items, personal
from reminders.use_cases.personal import rule_of

TOKEN_BYTES = 32
DEADLINES_AT_MOST = 500
SHOWN_FOR = timedelta(days=30)  # after it was said


def make_feed(tx, claims: dict, now: datetime, sealer: Sealer | None = None) -> dict:
    """A former address reads nothing any more. Without a sealer it is shown this once."""
    actor = actor_for(tx, contract.make_feed, claims, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    storage.keep(tx, actor.person_id, _hash(token), sealer and sealer.seal(token, actor.person_id), now)
    tx.audit("calendar_feed.made", subject=actor.person_id)
    return {"token": token, "made_at": now}


def revoke_feed(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.revoke_feed, claims, now)
    end_feed(tx, actor.person_id)
    return {}


def end_feed(tx, person_id: str) -> None:
    if storage.remove(tx, person_id):
        tx.audit("calendar_feed.revoked", subject=person_id)


def token_of(tx, person_id: str, sealer: Sealer | None) -> str | None:
    """The person's own; None if he has none, or it was sealed with keys that are gone."""
    sealed = storage.sealed_of(tx, person_id)
    if sealer is None or sealed is None:
        return None
    try:
        return sealer.open(sealed, person_id)
    except NotSealedHere:
        return None


def read_feed(tx, request: dict, now: datetime) -> Content:
    """Of whoever made this token, while he holds a post; any other token looks like none."""
    wanted = _hash(request["token"])
    feed = storage.find(tx, wanted)
    if feed is None or not hmac.compare_digest(feed["token_hash"], wanted):
        raise Refused("not_found", "There is no such calendar.")
    person_id = feed["person_id"]
    serves = _serves(tx, person_id, now)
    rows = personal.in_calendar(tx, person_id, now - SHOWN_FOR, ACTIVE_AT_MOST)
    return Content(
        rows,
        {row["id"]: rule_of(row) for row in rows if not row["follows_id"]},
        personal.recorded_from(tx, [row["id"] for row in rows], now, settled=True),
        items.burning(tx, [*serves, person_id], DEADLINES_AT_MOST, dues=Dues(end=NEVER)),
        working_days(tx),
    )


def _serves(tx, person_id: str, now: datetime) -> tuple[str, ...]:
    try:
        return resolve_actor(tx, {"sub": person_id}, now, contract.list_action_items.full_name).serves
    except Refused as refused:
        if refused.retryable:
            raise
        raise Refused("not_found", "There is no such calendar.") from None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
