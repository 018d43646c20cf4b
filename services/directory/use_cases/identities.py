"""Signing in by another issuer's word: whose account it is, and who may say so."""

import hashlib
from datetime import datetime

from chassis import clock
from contracts import directory
from directory.storage import identities
from directory.use_cases.accounts import Checked, check_totp
from kernel.errors import Refused


def find_account(tx, issuer: str, subject: str) -> Checked | None:
    """The account that an identity opens; none where nobody said so before. Accounts are not made on the way in."""
    account = identities.account_of(tx, issuer, subject)
    if account is None or account.revoked_at is not None:
        return None
    return Checked(account.id, account.person_id, account.totp_secret)


def sign_in(tx, found: Checked, second_factor: bool, totp: str | None, now: datetime) -> dict:
    """The account. Unless the issuer has seen to a second factor, a one-time code is asked for as after a password."""
    if second_factor:
        return {"account_id": found.account_id, "person_id": found.person_id}
    return check_totp(tx, found, totp, now)


def note_stranger(tx, issuer: str, subject: str) -> None:
    """For the audit: somebody whom the issuer knows and we do not. The digest tells whether it is one and the same."""
    tx.audit("identity.unknown", subject=digest(issuer, subject), issuer=issuer)


def list_of(tx, person_id: str) -> dict:
    return {"items": [row._mapping for row in identities.of_person(tx, person_id)]}


def link(tx, person_id: str, issuer: str, subject: str, now: datetime) -> dict:
    """A person adds an identity to his own account; of each issuer one. Doing it twice changes nothing."""
    account_id = _account(tx, person_id)
    present = _of_issuer(tx, account_id, issuer)
    if present is not None and present.subject != subject:
        raise Refused("identity_linked_already", "An account has one identity of each issuer.")
    return _put(tx, account_id, present, issuer, subject, now)


def feed(tx, person_id: str, issuer: str, subject: str, now: datetime) -> dict:
    """Whoever keeps the accounts says who a person is to an issuer; another identity of that issuer gives way."""
    account_id = _account(tx, person_id)
    present = _of_issuer(tx, account_id, issuer)
    if present is not None and present.subject != subject:
        _remove(tx, present)
        present = None
    return _put(tx, account_id, present, issuer, subject, now)


def unlink(tx, person_id: str, identity_id: str) -> None:
    found = next((row for row in identities.of_account(tx, _account(tx, person_id)) if row.id == identity_id), None)
    if found is None:
        raise Refused("not_found")
    _remove(tx, found)


def remove(tx, person_id: str, issuer: str) -> None:
    found = _of_issuer(tx, _account(tx, person_id), issuer)
    if found is None:
        raise Refused("not_found")
    _remove(tx, found)


def digest(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:32]


def _account(tx, person_id: str) -> str:
    account_id = identities.account_of_person(tx, person_id)
    if account_id is None:
        raise Refused("not_found")
    return account_id


def _of_issuer(tx, account_id: str, issuer: str):
    return next((row for row in identities.of_account(tx, account_id) if row.issuer == issuer), None)


def _put(tx, account_id: str, present, issuer: str, subject: str, now: datetime) -> dict:
    if present is not None:
        return present._mapping
    row = {"id": clock.new_id(), "account_id": account_id, "issuer": issuer, "subject": subject, "linked_at": now}
    if not identities.add(tx, **row):
        raise Refused("identity_taken", "This identity belongs to another account.")
    tx.audit("identity.linked", subject=account_id, issuer=issuer, identity=digest(issuer, subject))
    return row


def _remove(tx, identity) -> None:
    identities.remove(tx, identity.id)
    tx.audit(
        "identity.unlinked", subject=identity.account_id, issuer=identity.issuer,
        identity=digest(identity.issuer, identity.subject),
    )  # fmt: skip
    tx.emit(
        directory.identity_removed, subject=identity.id, version=1,
        data={"issuer": identity.issuer, "subject": identity.subject},
    )  # fmt: skip
