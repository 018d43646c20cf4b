"""Who signs in, and in which capacities."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import directory
from directory import passwords
from directory.storage import accounts, people
from directory.use_cases.people import described
from kernel.errors import Refused
from kernel.working_time import today


@dataclass(frozen=True)
class Checked:
    """An account whose password was right; a one-time code may still be due."""

    account_id: str
    person_id: str
    totp_secret: str | None


def check_password(store, username: str, password: str) -> Checked:
    """No transaction is open while the password is checked: that takes a thread and some twenty milliseconds."""
    with store.reading() as tx:
        account = accounts.by_username(tx, username.strip().lower())
    usable = account is not None and account.revoked_at is None
    if not passwords.matches(account.password_hash if usable else None, password):
        raise Refused("wrong_credentials", "The user name or the password is wrong.")
    return Checked(account.id, account.person_id, account.totp_secret)


def check_totp(tx, checked: Checked, code: str | None, now: datetime) -> dict:
    """The account, once its one-time code (where it has one) is right and was not used before."""
    if checked.totp_secret is not None:
        if not code:
            raise Refused("totp_required", "This account needs a one-time code.")
        step = passwords.totp_step(checked.totp_secret, code, now)
        if step is None or not accounts.use_totp_step(tx, checked.account_id, step):
            raise Refused("wrong_credentials", "The one-time code is wrong or was used.")
    return {"account_id": checked.account_id, "person_id": checked.person_id}


def revoke_account(tx, account_id: str, now: datetime) -> None:
    """From now on nobody signs in with it, and its sessions end. Doing it twice changes nothing."""
    account = accounts.revoke(tx, account_id, now)
    if account is not None:
        tx.emit(
            directory.account_revoked, subject=account.id, version=account.version,
            data={"account_id": account.id, "person_id": account.person_id},
        )  # fmt: skip
    elif not accounts.exists(tx, account_id):
        raise Refused("not_found")


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
                "from_day": row.valid_from,
                "to_day": row.valid_to - timedelta(days=1),
                "document_number": row.document_number,
            }
            for row in people.delegations(tx, person_id, day)
        ],
    }
