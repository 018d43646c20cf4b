"""Signing in by another issuer's word: whose account it is, and who may say so."""

import hashlib
from datetime import datetime, timedelta

from chassis import clock
from chassis.database import Store
from chassis.paging import page, position
from contracts import directory
from directory.security import Security
from directory.storage import accounts, guesses, identities, people
from directory.storage.provisioning import is_protected
from directory.use_cases import guessing
from directory.use_cases.accounts import require_settled
from directory.use_cases.signing_in import enrolment_due, lacks_second_factor, second_factor_is_right
from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import today

OPEN_FOR = timedelta(days=1)  # until the second official has said the same


def sign_in(store: Store, security: Security, request: dict, now: datetime) -> dict:
    """The account that an identity opens. Nobody's is made on the way in.

    Unless the issuer has seen to a second factor, ours is asked for as after a password. The password plays no part.
    """
    issuer, subject, seen_to = request["issuer"], request["subject"], request["second_factor"]
    with store.reading() as tx:
        account = accounts.of_identity(tx, issuer, subject, today(now))
    if account is None:
        with store.transaction() as tx:
            tx.audit("identity.unknown", subject=digest(issuer, subject), issuer=issuer)
        raise Refused("unknown_identity", "Nobody here has this identity.")
    if account.totp_secret is not None and not seen_to:
        _require_code(store, security, account, request["totp"], now)
    with store.transaction() as tx:
        tx.audit("account.signed_in", subject=account.id, kind=account.kind, issuer=issuer)
    return {
        "account_id": account.id, "person_id": account.person_id, "version": account.version,
        "restriction": None if seen_to else enrolment_due(security, account),
        "lacks_second_factor": not seen_to and lacks_second_factor(account),
    }  # fmt: skip


def _require_code(store: Store, security: Security, account, code: str | None, now: datetime) -> None:
    if not code:
        raise Refused("totp_required", "This account needs a one-time code.")
    attempt = guessing.admit(store, lambda tx: {f"identity:{account.id}": guessing.PER_BUCKET}, now)
    with store.transaction() as tx:
        if second_factor_is_right(tx, security, account, code, now):
            guesses.forget(tx, attempt)
            return
        guesses.fail(tx, attempt)
        tx.audit("account.sign_in_refused", subject=account.id, code="wrong_code")
    raise Refused("wrong_credentials", "The one-time code is wrong or was used.")


def list_of(tx, person_id: str) -> dict:
    return {"items": [row._mapping for row in identities.of_person(tx, person_id)]}


def link(tx, person_id: str, issuer: str, subject: str, now: datetime) -> dict:
    """A person adds an identity to his own account; of each issuer one. Doing it twice changes nothing.

    Not with a one-time password: what the desk has ended does not come back by a session that was open until then.
    """
    account_id = _account(tx, person_id)
    if accounts.of_id(tx, account_id, today(now)).password_once:
        raise Refused("password_change_required", "Change the one-time password first.")
    present = _of_issuer(tx, account_id, issuer)
    if present is not None and present.subject != subject:
        raise Refused("identity_linked_already", "An account has one identity of each issuer.")
    return _put(tx, account_id, present, issuer, subject, now)


def list_known(tx, request: dict, now: datetime) -> dict:
    person_id, after = request["person_id"], position(request["cursor"], _an_issuer)
    if people.one(tx, person_id) is None:
        raise Refused("not_found")
    rows = identities.known_of(tx, person_id, now - OPEN_FOR, after and after[0], request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.issuer,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def feed(tx, by: Actor, person_id: str, issuer: str, subject: str, now: datetime) -> dict:
    """Who a person is to an issuer, by the word of two who keep the accounts: each says it himself, within a day."""
    account_id = _account(tx, person_id)
    if is_protected(tx, [person_id], today(now)):
        raise Refused("not_authorised", "Administrators and auditors link their identities themselves.")
    present = _of_issuer(tx, account_id, issuer)
    if present is not None and present.subject != subject:
        raise Refused("identity_linked_already", "An account has one identity of each issuer.")
    asked = identities.proposal(tx, account_id, issuer, now - OPEN_FOR)
    agreed = asked is not None and asked.subject == subject and asked.asked_by != by.person_id
    require_settled(tx, by, today(asked.asked_at if agreed else now))
    if present is not None or agreed:
        linked = _put(tx, account_id, present, issuer, subject, now)
        return {"issuer": issuer, "state": "linked", "since": linked["linked_at"], "asked_by": None}
    if asked is None or asked.subject != subject:
        told = {"issuer": issuer, "subject": subject, "asked_by": by.person_id, "asked_at": now}
        identities.propose(tx, account_id=account_id, **told)
        tx.audit("identity.asked", subject=account_id, issuer=issuer, identity=digest(issuer, subject))
        asked = identities.proposal(tx, account_id, issuer, now - OPEN_FOR)
    return {"issuer": issuer, "state": "asked", "since": asked.asked_at, "asked_by": asked.asked_by}


def unlink(tx, person_id: str, identity_id: str) -> None:
    found = next((row for row in identities.of_account(tx, _account(tx, person_id)) if row.id == identity_id), None)
    if found is None:
        raise Refused("not_found")
    _remove(tx, found)


def remove(tx, person_id: str, issuer: str) -> None:
    """What somebody is to an issuer, and what was asked for."""
    account_id = _account(tx, person_id)
    asked = identities.drop_proposals(tx, account_id, issuer)
    if asked:
        tx.audit("identity.withdrawn", subject=account_id, issuer=issuer)
    found = _of_issuer(tx, account_id, issuer)
    if found is not None:
        _remove(tx, found)
    elif not asked:
        raise Refused("not_found")


def end_all(tx, account_id: str) -> None:
    """For whoever ends the account's sessions as well: nothing is said of each identity."""
    identities.drop_proposals(tx, account_id)
    for identity in identities.of_account(tx, account_id):
        _end(tx, identity)


def forget_old(tx, now: datetime) -> None:
    identities.drop_old_proposals(tx, now - OPEN_FOR)


def digest(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:32]


def _account(tx, person_id: str) -> str:
    account_id = identities.account_of_person(tx, person_id)
    if account_id is None:
        raise Refused("not_found")
    return account_id


def _an_issuer(value) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("not an issuer")
    return value


def _of_issuer(tx, account_id: str, issuer: str):
    return next((row for row in identities.of_account(tx, account_id) if row.issuer == issuer), None)


def _put(tx, account_id: str, present, issuer: str, subject: str, now: datetime) -> dict:
    if present is not None:
        return present._mapping
    row = {"id": clock.new_id(), "account_id": account_id, "issuer": issuer, "subject": subject, "linked_at": now}
    if not identities.add(tx, **row):
        raise Refused("identity_taken", "This identity belongs to another account.")
    identities.drop_proposals(tx, account_id, issuer)
    tx.audit("identity.linked", subject=account_id, issuer=issuer, identity=digest(issuer, subject))
    return row


def _remove(tx, identity) -> None:
    _end(tx, identity)
    tx.emit(
        directory.identity_removed, subject=identity.id, version=1,
        data={"issuer": identity.issuer, "subject": identity.subject},
    )  # fmt: skip


def _end(tx, identity) -> None:
    identities.remove(tx, identity.id)
    tx.audit(
        "identity.unlinked", subject=identity.account_id, issuer=identity.issuer,
        identity=digest(identity.issuer, identity.subject),
    )  # fmt: skip
