"""Who may wait for a place to be worked on: a burst may, a crowd that does not end may not."""

import time

import structlog
from eventlet.semaphore import Semaphore
from prometheus_client import Gauge

from chassis.http.refusals import HttpRefusal

log = structlog.get_logger()

WAITING = Gauge("congvu_http_waiting", "Requests that wait for a place")


class Admission:
    """Places, and the line before them, first come first served (decision 0051).

    The line may be `length` long while it was empty at some time in the last `burst_seconds`. If it was not, more comes
    than can be done: then no more than there are places may wait, for `short_seconds`, and the others hear so at once.
    """

    def __init__(self, places: int, length: int, seconds: float, burst_seconds: float, short_seconds: float):
        self.places = Semaphore(places)
        self.waiting = 0
        self._length, self._seconds = length, seconds
        self._short_length, self._short_seconds = min(places, length), short_seconds
        self._burst_seconds = burst_seconds
        self._began = 0.0  # when the line of now was begun; time.monotonic()
        self._is_told = False

    @property
    def is_crowded(self) -> bool:
        return self.waiting > 0 and time.monotonic() - self._began > self._burst_seconds

    @property
    def is_full(self) -> bool:
        """Whoever came now would be refused."""
        return self.waiting >= (self._short_length if self.is_crowded else self._length)

    def enter(self) -> None:
        """Take a place, which the caller releases. Raises HttpRefusal("overloaded") when none is to be had soon."""
        if self.is_full:
            self._tell()
            raise HttpRefusal("overloaded")
        patience = self._short_seconds if self.is_crowded else self._seconds
        if self.waiting == 0:
            self._began, self._is_told = time.monotonic(), False
        self._wait(1)
        try:
            if not self.places.acquire(timeout=patience):
                self._tell()
                raise HttpRefusal("overloaded")
        finally:
            self._wait(-1)

    def _wait(self, one: int) -> None:
        self.waiting += one
        WAITING.set(self.waiting)

    def _tell(self) -> None:
        """Once for each line: who is refused by thousands must not fill the log."""
        if not self._is_told:
            self._is_told = True
            log.warning("more requests than can be done", waiting=self.waiting)
