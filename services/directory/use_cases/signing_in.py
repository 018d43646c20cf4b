"""Signing in with a local account: the password, the second factor, and what must be done first."""

from datetime import datetime

import structlog
from prometheus_client import Counter

from chassis.database import Store
from contracts import directory
from directory import hashing, passwords
from directory.security import Security
from directory.storage import accounts, guesses
from directory.use_cases import guessing
from directory.use_cases.guessing import Place
from kernel.errors import Refused
from kernel.working_time import today

log = structlog.get_logger()

REFUSED = Counter("congvu_sign_ins_refused_total", "Sign-ins refused", ["reason"])
BREAK_GLASS = Counter("congvu_break_glass_sign_ins_total", "Sign-ins with the break-glass account, tried or done")


def sign_in(store: Store, security: Security, request: dict, now: datetime) -> dict:
    """The account, its version, and the `restriction` under which its session stands.

    No transaction is open while the password is checked: that takes a thread and some twenty milliseconds.
    """
    username = request["username"].strip().lower()
    place = Place(request["address"], request["device"])
    account = None

    def limits(tx):
        nonlocal account
        account = accounts.usable(tx, username, today(now))
        return guessing.buckets_for(tx, username, account.id if account else None, place)

    try:
        attempt = guessing.admit(store, limits, now)
    except Refused:
        if not _beyond_guessing(account, request["password"], now):
            REFUSED.labels("limit").inc()
            raise
        attempt = None
    _alert(account)
    right = passwords.matches(_present_hash(account, now), request["password"])
    newer = passwords.hashed(request["password"]) if right and hashing.is_outdated(account.password_hash) else None
    with store.transaction() as tx:
        refusal = _decide(tx, security, account, right, request["totp"], now)
        if refusal is None:
            guesses.forget(tx, attempt)
            guessing.remember(tx, account.id, place, now)
            if newer:
                accounts.rehash(tx, account.id, account.password_hash, newer)
            _write_down(tx, account, now)
        else:
            _note_refusal(tx, attempt, account, refusal)
    if refusal is not None:
        REFUSED.labels(refusal.refusal_code).inc()
        raise refusal
    return {
        "account_id": account.id, "person_id": account.person_id, "version": account.version,
        "restriction": restriction_of(security, account), "lacks_second_factor": lacks_second_factor(account),
    }  # fmt: skip


def _alert(account) -> None:
    """For the operator: the sealed account is tried, rightly or wrongly."""
    if account is not None and account.kind == "break_glass":
        BREAK_GLASS.inc()
        log.error("the break-glass account is being used", account_id=account.id)


def _write_down(tx, account, now: datetime) -> None:
    """That its owner has signed in; of the sealed account, which nothing else opens, all who administer hear."""
    tx.audit("account.signed_in", subject=account.id, kind=account.kind)
    if account.kind == "break_glass":
        tx.emit(
            directory.break_glass_used, subject=account.id, version=account.version,
            data={"account_id": account.id, "person_id": account.person_id, "at": now},
        )  # fmt: skip


def restriction_of(security: Security, account) -> str | None:
    """What its owner must do before anything else. `account.post_kinds` are those of the posts that he holds."""
    if account.password_once:
        return "password_change_required"
    return enrolment_due(security, account)


def enrolment_due(security: Security, account) -> str | None:
    """What whoever must have a second factor and has none must do."""
    due = lacks_second_factor(account) and security.totp_required_for.intersection(account.post_kinds)
    return "totp_enrolment_required" if due else None


def lacks_second_factor(account) -> bool:
    """The sealed account needs none: it is for the day when there is no phone either."""
    return account.kind != "break_glass" and account.totp_secret is None


def second_factor_is_right(tx, security: Security, account, code: str, now: datetime) -> bool:
    """A code of the present time, or one of the recovery codes; either counts once."""
    if passwords.looks_like_totp(code):
        step = passwords.totp_step(security.sealer.open(account.totp_secret, account.id), code, now)
        return step is not None and accounts.use_totp_step(tx, account.id, step)
    used = accounts.use_recovery_code(tx, account.id, passwords.recovery_hash(account.id, code), now)
    if used:
        tx.audit("account.recovery_code_used", subject=account.id)
    return used


def _beyond_guessing(account, password: str, now: datetime) -> bool:
    """Whether it is right and was drawn, so that nobody came to it by guessing: guesses of others then lock nobody out.

    Not with a second factor: its codes are few.
    """
    right = hashing.verify_drawn(_present_hash(account, now), password)
    return right and account.totp_secret is None


def _present_hash(account, now: datetime) -> str | None:
    over = account is not None and account.password_until is not None and account.password_until <= now
    return None if account is None or over else account.password_hash


def _decide(tx, security: Security, account, right: bool, code: str | None, now: datetime) -> Refused | None:
    if not right or not accounts.still(tx, account.id, account.version):
        return Refused("wrong_credentials", "The user name or the password is wrong.")
    if account.totp_secret is None:
        return None
    if not code:
        return Refused("totp_required", "This account needs a one-time code.")
    if not second_factor_is_right(tx, security, account, code, now):
        return Refused("wrong_credentials", "The one-time code is wrong or was used.")
    return None


def _note_refusal(tx, attempt: str | None, account, refusal: Refused) -> None:
    if refusal.refusal_code == "totp_required":  # the password was right: no guess
        guesses.forget(tx, attempt)
        return
    guesses.fail(tx, attempt)
    tx.audit("account.sign_in_refused", subject=account.id if account else "unknown", code=refusal.refusal_code)
