"""How often an account or an address may ask, by kinds of routes. What is counted is counted for all instances.

Every process counts in memory, so that no request waits for it, and once a second exchanges with the others what was
counted since, through a table (decision 0052).
"""

import hashlib
import math
import time
from collections.abc import Mapping, Sequence

import structlog
from cachetools import LRUCache, TLRUCache
from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter
from marshmallow import ValidationError
from prometheus_client import Counter

from chassis.errors import Refusal
from chassis.http import HttpRefusal, HttpRequest
from gateway import storage
from gateway.sources import Network, address_of

log = structlog.get_logger()

PER_ACCOUNT = {
    "read": "6000/minute",
    "write": "3000/minute",
    "assign": "1200/minute",
    "search": "1500/5 minutes",
    "upload": "300/minute",
    "export": "60/minute",
    "session": "60/minute",  # that are opened with a password; counted by user name
    "scim": "6000/minute",  # a client that feeds the directory
}
# Behind one address may be thousands of people: these are for floods.
PER_ADDRESS = {
    "public": "6000/minute",  # what is for everybody
    "inbound": "6000/minute",
    "sign_in": "3000/minute",
    "unauthenticated": "6000/minute",  # on routes for those who are signed in
}
AFTERWARDS = ("sign_in", "unauthenticated", "session")  # counted when it is known what came of it
DEFAULTS = PER_ACCOUNT | PER_ADDRESS
EXCHANGE_SECONDS = 1
AT_MOST = 50_000  # counts held at a time, and as many that wait for an exchange; those used least lately go first

REFUSED = Counter("congvu_http_limited_total", "Requests refused because there were too many", ["limit"])
ALONE = Counter("congvu_http_limits_alone_total", "Times that counts could not be exchanged with the other instances")


def read_limit(text: str) -> RateLimitItem:
    """In the library's notation: `6000/minute`, `600/5 minutes`."""
    try:
        [limit] = parse_many(text)
    except ValueError:
        raise ValidationError("Give one limit, such as 6000/minute or 600/5 minutes") from None
    if limit.amount < 1:
        raise ValidationError("Nobody could do anything: give 1 at least")
    return limit


def name_key(username: str) -> str:
    """By which a user name is counted: short, and no name, as the table of counts is no place for people's."""
    return hashlib.sha256(username.strip().lower().encode()).hexdigest()[:32]


class Count:
    """Of one key of the library in one window of time."""

    __slots__ = ("ends_at", "known", "untold")

    def __init__(self, ends_at: float):
        self.ends_at = ends_at  # time.time()
        self.known = 0  # of all instances, what was told of this one included
        self.untold = 0


class SharedCounts(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """What the library's sliding window counts in. Nothing in it waits, but for `exchange`."""

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self, at_most: int = AT_MOST):
        super().__init__()
        self._counts = TLRUCache(at_most, ttu=lambda _key, count, _now: count.ends_at, timer=time.time)
        self._untold: LRUCache[str, Count] = LRUCache(at_most)
        self._asked: LRUCache[str, Count] = LRUCache(at_most)  # windows of before, of which others may know

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        before, left, present, _ = self.get_sliding_window(key, expiry)
        if before * left / expiry + present + amount > limit:
            return False
        _, window = self.sliding_window_keys(key, expiry, time.time())
        self.incr(window, 2 * expiry, amount)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        now = time.time()
        before, present = self.sliding_window_keys(key, expiry, now)
        if present not in self._counts or before not in self._counts:  # the others went on after we last looked
            self._asked[before] = self._count(before, expiry)
        left = expiry - now % expiry
        return self.get(before), left, self.get(present), left + expiry

    def get(self, key: str) -> int:
        count = self._counts.get(key)
        return count.known + count.untold if count is not None else 0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        count = self._untold[key] = self._count(key, expiry)
        count.untold += amount
        return count.known + count.untold

    def _count(self, key: str, seconds: int) -> Count:
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = self._untold.get(key) or Count(time.time() + seconds)
        return count

    def exchange(self, store) -> None:
        """Tell the others what was counted here since the last time, and learn what is counted in all."""
        told = [(key, count, count.untold) for key, count in self._untold.items()]
        asked = dict(self._asked)
        if not told and not asked:
            return
        rows = [(key, amount, count.ends_at) for key, count, amount in told]
        keys = [key for key in asked if key not in self._untold]  # of what is told the answer has the total anyway
        with store.transaction() as tx:
            totals = storage.exchange_counts(tx, rows, keys)
        for key, count, amount in told:
            count.untold -= amount
            count.known = totals[key]
            if not count.untold:
                self._untold.pop(key, None)
        for key, count in asked.items():
            count.known = totals.get(key, 0)
            self._asked.pop(key, None)

    # what else the library wants of a storage

    def get_expiry(self, key: str) -> float:
        count = self._counts.get(key)
        return count.ends_at if count is not None else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> None:
        self._counts.clear()

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        for window in self.sliding_window_keys(key, expiry, time.time()):
            self.clear(window)


class RateLimits:
    """Whether somebody, an account or an address, has asked too often under the limit of a name."""

    def __init__(self, limits: Mapping[str, RateLimitItem], proxies: Sequence[Network]):
        self._limits, self._proxies = limits, proxies
        self._counts = SharedCounts()
        self._limiter = SlidingWindowCounterRateLimiter(self._counts)

    def address(self, request: HttpRequest) -> str:
        return address_of(request, self._proxies)

    def enter(self, name: str, who: str) -> None:
        """Refuses with `too_many_requests`; what is refused is not counted. What counts `AFTERWARDS` waits for
        `count`.
        """
        limit = self._limits[name]
        if not (self._limiter.test if name in AFTERWARDS else self._limiter.hit)(limit, name, who):
            REFUSED.labels(name).inc()
            seconds = self._limiter.get_window_stats(limit, name, who).reset_time - time.time()
            raise too_many(name, limit, max(1, math.ceil(seconds)))

    def count(self, name: str, who: str) -> None:
        self._limiter.hit(self._limits[name], name, who)

    def exchange(self, store) -> None:
        """Without the database every instance goes on alone, by its own counts."""
        try:
            self._counts.exchange(store)
        except Refusal as error:
            ALONE.inc()
            log.warning("counts not exchanged", error=error.refusal_code)


def too_many(name: str, limit: RateLimitItem, seconds: int) -> HttpRefusal:
    """With what the IETF's draft on RateLimit headers says of it."""
    headers = {
        "Retry-After": str(seconds),
        "RateLimit-Policy": f'"{name}";q={limit.amount};w={limit.get_expiry()}',
        "RateLimit": f'"{name}";r=0;t={seconds}',
    }
    return HttpRefusal("too_many_requests", headers=headers)
