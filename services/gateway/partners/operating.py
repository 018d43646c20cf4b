"""Who is a partner, by the operator's word; each act is in the audit log."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts import siblings
from gateway.partners import storage
from gateway.partners.keys import key_id
from kernel.errors import Refused

OLD_KEY_KEPT = timedelta(days=7)  # in which a partner changes to its new one
# A name, never a number, nobody's name and password, nothing that two readers read differently.
_URL = re.compile(
    r"https://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?(?::([0-9]{1,5}))?"
    r"/[A-Za-z0-9._~:/?&=%+,;@!$'()*-]*"
)


def add(tx, name: str, says: Sequence[str], hears: Sequence[str], url: str | None, now: datetime) -> bool:
    """Make a partner, or change what it may say and hear; whether it is new. Raises `invalid_request`."""
    if fault := siblings.fault_in(name, list(hears), says):
        raise Refused("invalid_request", fault)
    if not says and not hears:
        raise Refused("invalid_request", f"Say what {name} may say, or hear: {', '.join(siblings.published())}.")
    if bool(hears) != bool(url):
        raise Refused("invalid_request", "What it hears goes with the address where it is brought.")
    if url and not is_address(url):
        raise Refused("invalid_request", "An address is https://, a host's name, perhaps a port, and a path.")
    there = storage.partner(tx, name)
    storage.put_partner(tx, name, sorted(set(says)), sorted(set(hears)), url, now)
    tx.audit("partner.set", subject=name, says=sorted(set(says)), hears=sorted(set(hears)), webhook=bool(url))
    return there is None


def is_address(url: str) -> bool:
    found = _URL.fullmatch(url)
    return found is not None and len(url) <= 2_000 and 0 < int(found[1] or 443) < 2**16


def add_key(tx, name: str, public: Ed25519PublicKey, now: datetime, at_once: bool = False) -> str:
    """Another key for a partner; those before end after a week, or at once. Raises `not_found`, `wrong_state`."""
    if has_key(tx, name, public, now):
        raise Refused("wrong_state", "It has this key already.")
    _there(tx, name)
    made = key_id(name, public)
    before = storage.keys_of(tx, name, now)
    if storage.is_key(tx, made):  # it may have ended because somebody else has it
        raise Refused("wrong_state", "It had this key before: give it another.")
    storage.end_keys(tx, name, now)
    if before and not at_once:  # two at a time, not more
        storage.keep_key(tx, before[0].id, now + OLD_KEY_KEPT)
    storage.add_key(tx, made, name, public.public_bytes_raw(), now)
    tx.audit("partner.key_added", subject=name, key_id=made, at_once=at_once)
    return made


def has_key(tx, name: str, public: Ed25519PublicKey, now: datetime) -> bool:
    """Whether it is good now."""
    return key_id(name, public) in {each.id for each in storage.keys_of(tx, name, now)}


def remove(tx, name: str) -> None:
    """Its keys are worth nothing from now on, and nothing is brought to it. Raises `not_found`."""
    _there(tx, name)
    storage.remove_partner(tx, name)
    tx.audit("partner.removed", subject=name)


def replay(tx, name: str, numbers: Sequence[int], now: datetime) -> int:
    """What is dead is tried anew, and a webhook that was paused goes on; answers how much. Raises `not_found`."""
    _there(tx, name)
    count = storage.revive(tx, name, numbers, now)
    storage.resume(tx, name, now)
    tx.audit("partner.replayed", subject=name, count=count)
    return count


def _there(tx, name: str) -> None:
    if storage.partner(tx, name) is None:
        raise Refused("not_found", f"There is no partner {name}.")
