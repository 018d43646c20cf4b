"""The first administrator, and the account for the day when no other works. Both are the operator's to make."""

from datetime import datetime, timedelta

from chassis import clock
from contracts import directory
from directory import hashing
from directory.domain.names import given_name, search_form
from directory.domain.passwords import on_paper
from directory.domain.posts import RANKS
from directory.domain.usernames import name_all, stem
from directory.storage import accounts, facts, founding, handover, people
from directory.use_cases.facts import record_changes
from kernel.errors import Refused
from kernel.working_time import today

ROOT = {
    "code": "UBND", "kind": "committee", "name": "UBND Thành phố", "full_name": "Ủy ban nhân dân Thành phố Hồ Chí Minh",
    "full_name_en": "People's Committee of Ho Chi Minh City",
}  # fmt: skip
FIRST_PASSWORD_GOOD_FOR = timedelta(days=1)
SEALED_LENGTH = 24  # letters: 119 bits
ADMINISTRATOR, BREAK_GLASS = "Quản trị hệ thống", "Tài khoản khẩn cấp"
BREAK_GLASS_USERNAME = "khancap"  # unless the operator chooses another


def first_administrator(tx, name: str, username: str | None, now: datetime) -> tuple[str, str]:
    """User name and one-time password. Refused when somebody administers the platform already."""
    facts.claim_versions(tx, 0)  # whoever founds or changes posts at the same time waits
    if founding.administrator_exists(tx, today(now)):
        raise Refused("administrator_exists", "There is an administrator already.")
    handover.lock_usernames(tx)
    username = username or name_all([name], handover.taken(tx, [stem(name)]))[0]
    drawn = hashing.draw()
    account = {
        "username": username, "password_hash": hashing.hash_drawn(drawn), "password_once": True,
        "password_until": now + FIRST_PASSWORD_GOOD_FOR, "kind": "personal",
    }  # fmt: skip
    _install(tx, name, ADMINISTRATOR, account, now)
    return username, on_paper(drawn)


def seal_break_glass(tx, username: str | None, now: datetime) -> tuple[str, str]:
    """User name and password, to be printed and locked away. Doing it again replaces the password and ends sessions;
    the name stays, unless another is given.
    """
    facts.claim_versions(tx, 0)
    there = founding.break_glass(tx)
    username = username or (there.username if there else BREAK_GLASS_USERNAME)
    drawn = hashing.draw(SEALED_LENGTH)
    account = {
        "username": username, "password_hash": hashing.hash_drawn(drawn), "password_once": False,
        "password_until": None, "kind": "break_glass",
    }  # fmt: skip
    if there is None:
        _install(tx, BREAK_GLASS, BREAK_GLASS, account, now)
    else:
        changes = account | {"revoked_at": None, "revoked_by": None, "password_changed_at": now}
        version = accounts.change(tx, there.id, **changes)
        tx.emit(
            directory.break_glass_sealed, subject=there.id, version=version,
            data={"account_id": there.id, "person_id": there.person_id, "at": now},
        )  # fmt: skip
        tx.audit("account.break_glass_sealed", subject=there.id)
    return username, on_paper(drawn)


def _install(tx, name: str, title: str, account: dict, now: datetime) -> None:
    """A person in a new administrator's post of the highest unit, which is made where there is none yet."""
    day = today(now)
    root = founding.root(tx, day)
    person_id, post_id, account_id = clock.new_id(), clock.new_id(), clock.new_id()
    period = {"valid_from": day, "valid_to": None}
    changes = {}
    if root is None:
        root = clock.new_id()
        folded = search_form(f"{ROOT['full_name']} {ROOT['code']}")
        changes["unit"] = [{"id": root, **ROOT, "folded": folded, "parent_id": None, **period}]
    changes["post"] = [{
        "id": post_id, "unit_id": root, "kind": "administrator", "title": title, "is_head": False,
        "rank": RANKS["administrator"], **period,
    }]  # fmt: skip
    changes["membership"] = [
        {"id": clock.new_id(), "person_id": person_id, "post_id": post_id, "primary": True, **period}
    ]  # fmt: skip
    founding.add_person(tx, person_id, name, search_form(name), given_name(name))
    if not founding.add_account(tx, account_id, person_id, account):
        raise Refused("username_taken", "This user name is taken.")
    record_changes(tx, directory.membership_changed, changes, subject=changes["membership"][0]["id"])
    people.refresh_entries(tx, [person_id])
    tx.audit("account.founded", subject=account_id, kind=account["kind"])
