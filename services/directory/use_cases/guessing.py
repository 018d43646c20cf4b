"""How often one may guess (promise S10, decision 0019).

Only failures count. Each account has a bucket for every place from which it signed in before, and one for all the
rest: whoever guesses from elsewhere spends what strangers have, never what the owner has.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import eventlet

from chassis import clock
from directory.storage import guesses
from kernel.errors import Refused

WINDOW = timedelta(minutes=15)
PER_BUCKET = 10
PER_SOURCE = 300  # over all accounts: an office of hundreds may stand behind one address
KNOWN = {"device": 10, "address": 3}  # how many places are remembered for an account
TURN_SECONDS, TURNS = 0.05, 40  # for attempts at the same time, that are not decided yet


@dataclass(frozen=True)
class Place:
    """Where an attempt comes from: an address, and the device when it shows that it was here before."""

    address: str = ""
    device: str | None = None

    @property
    def sources(self) -> dict[str, str]:
        """Hashes by kind, the better evidence first."""
        found = {"device": self.device, "address": self.address}
        return {kind: _hash(f"{kind}:{value}") for kind, value in found.items() if value}


def buckets_for(tx, username: str, account_id: str | None, place: Place) -> dict[str, int]:
    """The limits that an attempt to sign in stands under. A name that nobody has is counted like any other."""
    sources = place.sources
    known = guesses.known_sources(tx, account_id, list(sources.values()))
    mine = next((source for source in sources.values() if source in known), "elsewhere")
    limits = {f"account:{_hash(username)}:{mine}": PER_BUCKET}
    if place.address and sources.get("device") not in known:  # a known one guesses at its own accounts only
        limits[f"source:{sources['address']}"] = PER_SOURCE
    return limits


def admit(store, buckets_of, now: datetime) -> str:
    """The attempt's id, once it may be made. `buckets_of(tx)` says under which limits. Raises `too_many_attempts`."""
    for _ in range(TURNS):
        with store.transaction() as tx:
            limits = buckets_of(tx)
            guesses.lock(tx, list(limits))
            counted = guesses.counted(tx, list(limits), now - WINDOW)
            full = [counted[bucket] for bucket, limit in limits.items() if _reached(counted, bucket, limit, "all")]
            if not full:
                attempt = clock.new_id()
                guesses.enter(tx, attempt, list(limits), now)
                return attempt
            if any(_reached(counted, bucket, limit, "failed") for bucket, limit in limits.items()):
                break
        eventlet.sleep(TURN_SECONDS)
    seconds = max(1, math.ceil((max(row.first for row in full) + WINDOW - now).total_seconds()))
    raise Refused("too_many_attempts", "Too many wrong guesses: later again.", retryable=True, retry_after=seconds)


def remember(tx, account_id: str, place: Place, now: datetime) -> None:
    for kind, source in place.sources.items():
        guesses.remember_source(tx, account_id, source, kind, now, KNOWN[kind])


def forget_old(tx, now: datetime) -> None:
    guesses.forget_before(tx, now - WINDOW)


def _reached(counted: dict, bucket: str, limit: int, count: str) -> bool:
    return bucket in counted and getattr(counted[bucket], count) >= limit


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
