"""What the directory does when asked: one function per verb, in a transaction that the caller opened."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis.errors import InvalidRequest
from chassis.paging import a_number, an_id, page, position
from contracts import directory
from directory import passwords
from directory.domain.names import fold
from directory.domain.posts import DEPUTIES
from directory.storage import accounts, facts, people, search, units
from kernel.errors import Refused
from kernel.working_time import today

SHORTEST_SEARCH = 2  # letters


# Who signs in


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


# Who people are


def get_profile(tx, person_id: str, now: datetime) -> dict:
    day = today(now)
    return {
        "person": _person(tx, person_id),
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


def get_person(tx, person_id: str, now: datetime) -> dict:
    entries = people.entries_of_person(tx, person_id, today(now))
    return {**_person(tx, person_id), "entries": [row._mapping for row in entries]}


def get_names(tx, person_ids: list[str]) -> dict:
    return {"items": [row._mapping for row in people.names(tx, person_ids)]}


def search_people(tx, request: dict, now: datetime) -> dict:
    words = _words(request["q"])
    if request["q"] and len("".join(words)) < SHORTEST_SEARCH:
        raise InvalidRequest("a search needs more letters", errors={"q": ["At least 2 letters or digits."]})
    wanted = search.Wanted(
        words=tuple(words),
        unit_ids=_units_searched(tx, request["unit_id"], request["sub_units"]),
        post_kind=request["post"],
        day=today(now),
        after=position(request["cursor"], a_number, a_number, an_id),
        limit=request["limit"] + 1,
    )
    found, next_cursor = page(
        search.find(tx, wanted), request["limit"], lambda row: (row.match, row.rank, row.membership_id)
    )
    return {"items": [row._mapping for row in found], "next_cursor": next_cursor}


def _units_searched(tx, unit_id: str | None, sub_units: bool) -> tuple[str, ...] | None:
    if unit_id is None:
        return None
    return tuple(units.with_sub_units(tx, unit_id)) if sub_units else (unit_id,)


def _person(tx, person_id: str) -> dict:
    person = people.one(tx, person_id)
    if person is None:
        raise Refused("not_found")
    return {"id": person.id, "name": person.name}


def _words(q: str | None) -> list[str]:
    return fold(q).split() if q else []


# What units there are


def list_units(tx, request: dict, now: datetime) -> dict:
    after = position(request["cursor"], _a_code)
    rows = units.page(
        tx, today(now), kind=request["kind"], parent_id=request["parent_id"], words=_words(request["q"]),
        after_code=after[0] if after else None, limit=request["limit"] + 1,
    )  # fmt: skip
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.code,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def _a_code(value) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not a unit's code")
    return value


def get_unit(tx, unit_id: str, now: datetime) -> dict:
    day = today(now)
    unit = units.one(tx, unit_id, day)
    if unit is None:
        raise Refused("not_found")
    leaders = people.entries_of_unit(tx, unit_id, DEPUTIES, day)
    return {
        **unit._mapping,
        "head": next((row._mapping for row in leaders if row.is_head), None),
        "deputies": [row._mapping for row in leaders if not row.is_head],
        "divisions": [row._mapping for row in units.divisions(tx, unit_id, day)],
    }


def list_audiences(tx) -> dict:
    return {"items": [row._mapping for row in units.audiences(tx)]}


# What the copies are told


def get_changes(tx, after: int, limit: int) -> dict:
    return {"newest": facts.newest(tx), "items": facts.after(tx, after, limit)}


def beat(tx, now: datetime) -> None:
    newest = facts.newest(tx)
    tx.emit(directory.directory_heartbeat, subject="directory", version=newest, data={"newest": newest, "at": now})


def appoint(tx, *, person_id: str, post_id: str, from_day: date, membership_id: str) -> None:
    """A person takes up a post as his primary one and leaves the one before.

    A post that heads its unit has one holder, so whoever holds it leaves it that day. One event tells of all of it.
    """
    _person(tx, person_id)
    post = units.post(tx, post_id, from_day)
    if post is None:
        raise Refused("not_found")
    facts.claim_versions(tx, 0)  # from here on nobody else changes facts until the commit
    ending = people.open_memberships(tx, person_id=person_id, day=from_day)
    if post.is_head:
        ending += people.open_memberships(tx, post_id=post_id, day=from_day)
    changed = {row["id"]: row | {"valid_to": max(from_day, row["valid_from"])} for row in ending}
    changed[membership_id] = {
        "id": membership_id, "person_id": person_id, "post_id": post_id, "primary": True,
        "valid_from": from_day, "valid_to": None,
    }  # fmt: skip
    record_facts(tx, directory.membership_changed, "membership", list(changed.values()), subject=person_id)
    people.refresh_entries(tx, {row["person_id"] for row in changed.values()})


def record_facts(tx, event, kind: str, rows: list[dict], *, subject: str) -> None:
    """Write facts of one kind under fresh versions and tell the copies, who see by `previous` whether they miss any."""
    previous = facts.claim_versions(tx, len(rows))
    newest = previous + len(rows)
    facts.write(tx, kind, [row | {"version": previous + place} for place, row in enumerate(rows, start=1)])
    told = facts.of_versions(tx, kind, previous + 1, newest)
    tx.emit(event, subject=subject, version=newest, data={"previous": previous, "facts": told})
