"""Who may wait for a place to be worked on: a burst may, a crowd that does not end may not."""

import time

import structlog
from eventlet.semaphore import Semaphore
from prometheus_client import Gauge

from chassis.http.refusals import HttpRefusal

log = structlog.get_logger()

LATELY = 32  # places given back, over which the pace is a mean
FORGOTTEN = 30.0  # seconds after which the pace says nothing of now
WAITING = Gauge("congvu_http_waiting", "Requests that wait for a place")


class Admission:
    """Places, and the line before them, in the order they came but for who comes just as a place gets free (decision
    0051).

    The line may be `length` long, or what is served in half of a patience of `seconds`, while it was empty at some time
    in the last `burst_seconds`. If it was not, more comes than can be done: then no more than there are places may
    wait, for `short_seconds`, and the others hear so at once.
    """

    def __init__(self, places: int, length: int, seconds: float, burst_seconds: float, short_seconds: float):
        self.places = Semaphore(places)
        self.waiting = 0
        self._length, self._seconds = length, seconds
        self._short_length, self._short_seconds = min(places, length), short_seconds
        self._burst_seconds = burst_seconds
        self._began = 0.0  # when the line of now was begun; time.monotonic()
        self._left = 0.0  # when a place was given back, lately
        self._pace = 0.0  # seconds from one to the next while somebody waited, in the mean
        self._is_told = False

    @property
    def is_crowded(self) -> bool:
        return self.waiting > 0 and time.monotonic() - self._began > self._burst_seconds

    @property
    def is_full(self) -> bool:
        """Whoever came now would be refused."""
        if self.is_crowded:
            return self.waiting >= self._short_length
        soon = self._seconds / 2 >= self.waiting * self._pace
        return self.waiting >= (self._length if soon else self._short_length)

    def enter(self) -> None:
        """Take a place, and give it back by `leave`. Raises HttpRefusal("overloaded") when none is to be had soon."""
        if self.is_full:
            self._tell()
            raise HttpRefusal("overloaded")
        patience = self._short_seconds if self.is_crowded else self._seconds
        if self.waiting == 0:
            self._began, self._is_told = time.monotonic(), False
            if self._began - self._left > FORGOTTEN:
                self._pace = 0.0
        self._wait(1)
        try:
            if not self.places.acquire(timeout=patience):
                self._tell()
                raise HttpRefusal("overloaded")
        finally:
            self._wait(-1)

    def leave(self) -> None:
        if self.waiting:
            now = time.monotonic()
            self._pace += (now - max(self._left, self._began) - self._pace) / LATELY
            self._left = now
        self.places.release()

    def _wait(self, one: int) -> None:
        self.waiting += one
        WAITING.set(self.waiting)

    def _tell(self) -> None:
        """Once for each line: who is refused by thousands must not fill the log."""
        if not self._is_told:
            self._is_told = True
            log.warning("more requests than can be done", waiting=self.waiting)
