"""The desk for lost passwords and lost second factors: one official asks, another one confirms."""

from datetime import datetime, timedelta

from chassis import clock
from chassis.paging import an_id, page, position
from contracts import directory
from directory import hashing
from directory.domain.passwords import on_paper
from directory.security import Security
from directory.storage import accounts, desk
from directory.use_cases import identities
from directory.use_cases.accounts import care_of, end_sessions, require_care, require_settled
from directory.use_cases.writing import once
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

OPEN_FOR = timedelta(days=1)
PASSWORD_GOOD_FOR = timedelta(days=1)


def ask(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Asking twice for the same finds what is open already."""
    account = accounts.of_person(tx, request["person_id"], today(now))
    actor = require_care(tx, directory.ask_recovery, claims, account, now)
    what = [request["person_id"], request["kind"], request["reason"]]
    return once(tx, actor, directory.ask_recovery, request, what, lambda: _ask(tx, actor, account, request, now))


def list_open(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, directory.list_recoveries, claims, now)
    after = position(request["cursor"], an_id)
    care = care_of(tx, directory.list_recoveries, actor)
    before_id = after[0] if after else None
    rows = desk.waiting(tx, now, today(now), care=care, before_id=before_id, limit=request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.id,))
    return {"items": [_shown(row, now) for row in rows], "next_cursor": next_cursor}


def confirm(tx, security: Security, claims: dict, request: dict, now: datetime) -> dict:
    """What was lost is replaced: by a one-time password, or by setting up anew.

    Whoever confirmed may ask again by the same key, lest the password be lost on the way: its copy for that is sealed,
    and told as long as it opens the account and he looks after that. With the password go the identities of other
    issuers: they may be those of whoever knew it.
    """
    recovery_id = request["id"]
    recovery, account, actor = _of_care(tx, directory.confirm_recovery, claims, recovery_id, now)
    answer = once(
        tx, actor, directory.confirm_recovery, request, recovery_id,
        lambda: _confirm(tx, security, actor, recovery, account, now),
    )  # fmt: skip
    sealed = answer["one_time_password"]
    drawn = sealed and _told(tx, recovery, security.sealer.open(sealed, recovery_id), now)
    return answer | {"one_time_password": drawn}


def _told(tx, recovery, drawn: str, now: datetime) -> str | None:
    account = accounts.of_id(tx, recovery.account_id, today(now))
    if account.revoked_at is not None or not hashing.verify_drawn(account.password_hash, drawn):
        return None
    tx.audit("recovery.told", subject=account.id, recovery_id=recovery.id)
    return drawn


def _confirm(tx, security: Security, actor: Actor, recovery, account, now: datetime) -> dict:
    recovery_id = recovery.id
    _decide(tx, actor, recovery, account, "confirmed", now)
    sealed = None
    if recovery.kind == "password":
        drawn = hashing.draw()
        sealed = security.sealer.seal(on_paper(drawn), recovery_id)
        accounts.lock(tx, account.id)  # whoever links an identity at the same time is through, or waits
        identities.end_all(tx, account.id)
        end_sessions(
            tx, account, "account.password_reset", password_hash=hashing.hash_drawn(drawn),
            password_once=True, password_until=now + PASSWORD_GOOD_FOR,
        )  # fmt: skip
    else:
        accounts.replace_recovery_codes(tx, account.id, ())
        end_sessions(tx, account, "account.totp_reset", totp_secret=None, totp_pending=None, totp_last_step=None)
    return _view(tx, recovery_id, now) | {"username": account.username, "one_time_password": sealed}


def refuse(tx, claims: dict, recovery_id: str, now: datetime) -> dict:
    """Doing it twice changes nothing."""
    recovery, account, actor = _of_care(tx, directory.refuse_recovery, claims, recovery_id, now)
    if (recovery.state, recovery.decided_by) != ("refused", actor.person_id):
        _decide(tx, actor, recovery, account, "refused", now)
    return _view(tx, recovery_id, now)


def _ask(tx, actor: Actor, account, request: dict, now: datetime) -> dict:
    require_settled(tx, actor, today(now))
    if account.revoked_at is not None:
        raise Refused("wrong_state", "The account is revoked.")
    if request["kind"] == "totp" and account.totp_secret is None:
        raise Refused("wrong_state", "The account has no second factor.")
    recovery_id = desk.open_or_add(
        tx,
        {
            "id": clock.new_id(), "kind": request["kind"], "state": "asked", "account_id": account.id,
            "reason": request["reason"], "asked_by": actor.person_id, "asked_at": now, "expires_at": now + OPEN_FOR,
        },
    )  # fmt: skip
    tx.audit("recovery.asked", subject=account.id, recovery_id=recovery_id, kind=request["kind"])
    return _view(tx, recovery_id, now)


def _of_care(tx, procedure, claims: dict, recovery_id: str, now: datetime) -> tuple:
    """The request, the account that it is about, and whoever looks after that."""
    recovery = desk.one(tx, recovery_id, today(now))
    account = accounts.of_id(tx, recovery.account_id, today(now)) if recovery else None
    return recovery, account, require_care(tx, procedure, claims, account, now)


def _decide(tx, actor: Actor, recovery, account, state: str, now: datetime) -> None:
    if recovery.asked_by == actor.person_id and state == "confirmed":
        raise Refused("second_official_needed", "Another official than the one who asked must confirm.")
    if account.revoked_at is not None and state == "confirmed":
        raise Refused("wrong_state", "The account is revoked.")
    if state == "confirmed":
        require_settled(tx, actor, today(recovery.asked_at))
    if not desk.decide(tx, recovery.id, state, actor.person_id, now):
        raise Refused("wrong_state", "It was decided already, or not in time.")
    tx.audit(f"recovery.{state}", subject=account.id, recovery_id=recovery.id)


def _view(tx, recovery_id: str, now: datetime) -> dict:
    return _shown(desk.one(tx, recovery_id, today(now)), now)


def _shown(recovery, now: datetime) -> dict:
    late = recovery.state == "asked" and recovery.expires_at <= now
    return dict(recovery._mapping) | ({"state": "expired"} if late else {})
