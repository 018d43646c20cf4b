"""One's own account: password, second factor, recovery codes; and ending the accounts of others."""

from datetime import date, datetime, timedelta

import pyotp

from chassis.contract import Procedure
from chassis.database import Store
from contracts import directory
from directory import hashing, passwords
from directory.domain.organisation import SPECIAL_POSTS
from directory.domain.passwords import normal, on_paper
from directory.security import Security
from directory.storage import accounts, appointments, guesses, people, units
from directory.storage.accounts import Care
from directory.use_cases import guessing
from directory.use_cases.people import described
from directory.use_cases.signing_in import restriction_of, second_factor_is_right
from directory.use_cases.writing import same_version
from kernel import policy
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from kernel.working_time import today

ISSUER = "Công Vụ"  # as authenticators show it
# Whoever gets hold of such an account has the whole city's, so only administrators look after it.
GUARDED = SPECIAL_POSTS
SETTLED = timedelta(days=3)  # in a post before one's word counts: so long the others see who was given it
REVOKERS = ("client", "unit", "administrator")  # whose revocation weighs more comes later


def get_profile(tx, person_id: str, now: datetime) -> dict:
    day = today(now)
    return {
        "person": described(tx, person_id),
        "memberships": [row._mapping for row in people.memberships(tx, person_id, day)],
        "delegations": [
            {
                "id": row.id,
                "grantor_post_id": row.grantor_post_id,
                "title": row.title,
                "kind": row.kind,
                "scope": row.scope,
                "from_day": row.valid_from,
                "to_day": row.valid_to - timedelta(days=1),
                "document_number": row.document_number,
            }
            for row in people.delegations(tx, person_id, day)
        ],
    }


# one's own


def get_own_account(tx, security: Security, person_id: str, now: datetime) -> dict:
    account = _own(tx, person_id, now)
    return {
        "id": account.id,
        "username": account.username,
        "totp_enrolled": account.totp_secret is not None,
        "totp_required": bool(security.totp_required_for.intersection(account.post_kinds)),
        "recovery_codes_left": accounts.recovery_codes_left(tx, account.id),
        "password_changed_at": account.password_changed_at,
        "restriction": restriction_of(security, account),
    }


def change_password(store: Store, security: Security, claims: dict, request: dict, now: datetime) -> dict:
    """Ends the account's other sessions."""
    account = _prove(store, security, claims, request["password"], now)
    chosen = request["new_password"]
    if normal(chosen) == normal(request["password"]):
        raise Refused("password_unchanged", "It is the present password.", field="new_password")
    with store.reading() as tx:
        words = accounts.words_of(tx, account)
    passwords.require_good(chosen, words)
    password_hash = passwords.hashed(chosen)
    with store.transaction() as tx:
        _require_unchanged(tx, account)
        _change(
            tx, account, claims, "account.password_changed", password_hash=password_hash, password_once=False,
            password_until=None, password_changed_at=now,
        )  # fmt: skip
        changed = _own(tx, claims["sub"], now)
        return {
            "account_id": changed.id, "person_id": changed.person_id, "version": changed.version,
            "restriction": restriction_of(security, changed),
        }  # fmt: skip


def begin_totp(store: Store, security: Security, claims: dict, request: dict, now: datetime) -> dict:
    """A secret that counts only once it is confirmed; until then the present one does."""
    account = _prove(store, security, claims, request["password"], now, request["totp"])
    secret = pyotp.random_base32()
    with store.transaction() as tx:
        accounts.note(tx, account.id, totp_pending=security.sealer.seal(secret, account.id))
        tx.audit("account.totp_begun", subject=account.id)
    uri = pyotp.TOTP(secret, interval=passwords.TOTP_SECONDS).provisioning_uri(
        name=account.username, issuer_name=ISSUER
    )
    return {"secret": secret, "otpauth_uri": uri}


def confirm_totp(store: Store, security: Security, claims: dict, code: str, now: datetime) -> dict:
    with store.reading() as tx:
        account = _own(tx, claims["sub"], now)
    if account.totp_pending is None:
        raise Refused("wrong_state", "No second factor waits to be confirmed.")
    step = passwords.totp_step(security.sealer.open(account.totp_pending, account.id), code, now)
    attempt = _admitted(store, account, now)
    with store.transaction() as tx:
        if step is not None:
            _require_unchanged(tx, account)
            guesses.forget(tx, attempt)
            _change(
                tx, account, claims, "account.totp_enrolled", totp_secret=account.totp_pending, totp_pending=None,
                totp_last_step=step,
            )  # fmt: skip
            codes = _new_recovery_codes(tx, account.id)
            return {"recovery_codes": codes, "restriction": restriction_of(security, _own(tx, claims["sub"], now))}
        guesses.fail(tx, attempt)
    raise Refused("wrong_code", "The one-time code is wrong.")


def renew_recovery_codes(store: Store, security: Security, claims: dict, request: dict, now: datetime) -> dict:
    account = _prove(store, security, claims, request["password"], now, request["totp"])
    if account.totp_secret is None:
        raise Refused("wrong_state", "There is no second factor that they could stand for.")
    with store.transaction() as tx:
        tx.audit("account.recovery_codes_renewed", subject=account.id)
        return {"recovery_codes": _new_recovery_codes(tx, account.id), "restriction": restriction_of(security, account)}


def prove_oneself(store: Store, security: Security, claims: dict, password: str | None, now: datetime) -> None:
    """By the present password, where there is one."""
    with store.reading() as tx:
        account = _own(tx, claims["sub"], now)
    if account.password_hash is not None:
        _prove(store, security, claims, password or "", now)


# those of others


def get_account(tx, claims: dict, person_id: str, now: datetime) -> dict:
    account = accounts.of_person(tx, person_id, today(now))
    require_care(tx, directory.get_account, claims, account, now)
    return _state(account)


def revoke_account(tx, claims: dict, account_id: str, version: int | None, now: datetime) -> dict:
    """From now on nobody signs in with it, and its sessions end. Doing it twice changes nothing, so it needs no key."""
    account, actor = _cared_for(tx, directory.revoke_account, claims, account_id, now)
    if account.revoked_at is None:
        same_version(account.version, version)
        revoked = accounts.revoke(tx, account_id, _revoker(actor), now)
        tx.audit("account.revoked", subject=account_id)
        tx.emit(
            directory.account_revoked, subject=account_id, version=revoked.version,
            data={"account_id": account_id, "person_id": account.person_id},
        )  # fmt: skip
    elif _weight(_revoker(actor)) > _weight(account.revoked_by):
        accounts.note(tx, account_id, revoked_by=_revoker(actor))
        tx.audit("account.revoked", subject=account_id)
    return _state(accounts.of_id(tx, account_id, today(now)))


def restore_account(tx, claims: dict, account_id: str, version: int | None, now: datetime) -> dict:
    """Doing it twice changes nothing, so it needs no key."""
    account, actor = _cared_for(tx, directory.restore_account, claims, account_id, now)
    if account.revoked_at is not None:
        same_version(account.version, version)
        if _weight(_revoker(actor)) < _weight(account.revoked_by):
            raise Refused("not_authorised", "An administrator revoked it, and only administrators restore it.")
        accounts.change(tx, account_id, revoked_at=None, revoked_by=None)
        tx.audit("account.restored", subject=account_id)
    return _state(accounts.of_id(tx, account_id, today(now)))


def require_care(tx, procedure: Procedure, claims: dict, account, now: datetime) -> Actor:
    """The actor, if he looks after this account. One that he does not looks to him like none."""
    actor = actor_for(tx, procedure, claims, now)
    if account is None or account.kind != "personal" or account.person_id == actor.person_id:
        raise Refused("not_found")
    posts = accounts.posts_of(tx, account.person_id, today(now))
    if GUARDED.intersection(post.kind for post in posts) and actor.post_kind != "administrator":
        raise Refused("not_found")
    paths = [units.path(tx, unit_id) for unit_id in dict.fromkeys(post.unit_id for post in posts)] or [[]]
    if not all(policy.allows(procedure.full_name, actor, path) for path in paths):
        raise Refused("not_found")
    return actor


def require_settled(tx, actor: Actor, day: date) -> None:
    """Where two must say the same: neither has made the other one for it. `day`: when the first word was said."""
    began = appointments.membership(tx, actor.membership_id).valid_from
    if began + SETTLED > day:
        raise Refused("newly_appointed", "Who took up his post so lately has no say in this.", post_id=actor.post_id)


def care_of(tx, procedure: Procedure, actor: Actor) -> Care:
    """Whom the actor looks after, as `require_care` has it, for what concerns many at once."""
    city = policy.allows(procedure.full_name, actor)
    unit_ids = None if city else units.with_sub_units(tx, actor.unit_id)
    return Care(actor.person_id, unit_ids, frozenset() if actor.post_kind == "administrator" else GUARDED)


def end_sessions(tx, account, audited: str, kept_session_id: str | None = None, **changes) -> None:
    """Change what an account is checked against. Its sessions end, but for one that may be kept."""
    version = accounts.change(tx, account.id, **changes)
    tx.audit(audited, subject=account.id)
    tx.emit(
        directory.credentials_changed, subject=account.id, version=version,
        data={"account_id": account.id, "person_id": account.person_id, "kept_session_id": kept_session_id},
    )  # fmt: skip


def _change(tx, account, claims: dict, audited: str, **changes) -> None:
    end_sessions(tx, account, audited, claims["session_id"], **changes)


def _own(tx, person_id: str, now: datetime):
    account = accounts.of_person(tx, person_id, today(now))
    if account is None or account.kind != "personal":
        raise Refused("not_found", "There is no local account.")
    return account


def _cared_for(tx, procedure: Procedure, claims: dict, account_id: str, now: datetime):
    """The account, which nobody else changes until the commit, and whoever looks after it."""
    accounts.lock(tx, account_id)
    account = accounts.of_id(tx, account_id, today(now))
    return account, require_care(tx, procedure, claims, account, now)


def _revoker(actor: Actor) -> str:
    return "administrator" if actor.post_kind == "administrator" else "unit"


def _weight(revoker: str | None) -> int:
    """A revocation of which nobody knows any more who made it weighs most."""
    return REVOKERS.index(revoker or "administrator")


def _prove(store: Store, security: Security, claims: dict, password: str, now: datetime, *codes: str | None):
    """The actor's account, once he has shown anew that it is his: who finds an open session can change nothing.

    With `codes`, the second factor as well, where there is one.
    """
    with store.reading() as tx:
        account = _own(tx, claims["sub"], now)
    attempt = _admitted(store, account, now)
    refusal = None
    if not passwords.matches(account.password_hash, password):
        refusal = Refused("wrong_password", "The present password is wrong.", field="password")
    with store.transaction() as tx:
        if refusal is None and codes and account.totp_secret is not None:
            code = codes[0]
            if not code or not second_factor_is_right(tx, security, account, code, now):
                refusal = Refused("wrong_code", "The one-time code is wrong or was used.", field="totp")
        if refusal is None:
            guesses.forget(tx, attempt)
            return account
        guesses.fail(tx, attempt)
        tx.audit("account.proof_refused", subject=account.id, code=refusal.refusal_code)
    raise refusal


def _admitted(store: Store, account, now: datetime) -> str:
    limits = {f"session:{account.id}": guessing.PER_BUCKET}
    return guessing.admit(store, lambda tx: limits, now)


def _require_unchanged(tx, account) -> None:
    if not accounts.still(tx, account.id, account.version):
        raise Refused("wrong_state", "The account was changed at the same time.")


def _new_recovery_codes(tx, account_id: str) -> list[str]:
    drawn = [hashing.draw() for _ in range(passwords.RECOVERY_CODES)]
    accounts.replace_recovery_codes(tx, account_id, [passwords.recovery_hash(account_id, code) for code in drawn])
    return [on_paper(code) for code in drawn]


def _state(account) -> dict:
    if account.revoked_at is not None:
        state = "revoked"
    elif account.password_hash is None:
        state = "no_password"
    else:
        state = "one_time_password" if account.password_once else "active"
    return {
        "id": account.id, "person_id": account.person_id, "username": account.username, "state": state,
        "totp_enrolled": account.totp_secret is not None, "version": account.version,
    }  # fmt: skip
