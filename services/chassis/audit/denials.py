"""Refusals for want of authority, written down in a transaction of their own, and never so many as to fill a disk."""

import time
from collections import Counter
from dataclasses import replace

import structlog

from chassis import context, metrics
from chassis.errors import CallFailed

log = structlog.get_logger()

CODES = frozenset({"not_authorised", "unknown_capacity", "caller_not_listed", "csrf_token_invalid", "foreign_origin"})
WINDOW = 60.0  # seconds
OF_ONE = 10  # entries in a window, of one actor
OF_ALL = 200  # entries in a window, of this process
WRITING = 2.0  # seconds: the refusal is given whether it could be written or not


class Denials:
    """Beyond the limits they are only counted, and the next entry says how many."""

    def __init__(self, store):
        self._store = store
        self._window = 0.0
        self._written: Counter[str] = Counter()
        self._left_out = 0

    def note(self, asked: str, error: BaseException) -> None:
        """Write that the present work was refused what it asked for. What another service refused stands in its log."""
        code = getattr(error, "refusal_code", None)
        work = context.current()
        if code not in CODES or isinstance(error, CallFailed) or work is None:
            return
        if not self._admits(work.actor_id):
            self._left_out += 1
            metrics.DENIALS_LEFT_OUT.inc()
            return
        left_out, self._left_out = self._left_out, 0
        details = {"code": code} | ({"left_out": left_out} if left_out else {})
        try:
            with (
                context.working(replace(work, deadline=time.monotonic() + WRITING)),
                self._store.transaction() as tx,
            ):
                tx.audit("denied", subject=asked, **details)
        except Exception as failure:  # noqa: BLE001 - the answer is the refusal, not this
            self._left_out += left_out + 1
            metrics.DENIALS_LEFT_OUT.inc()
            log.error("denial not written", asked=asked, code=code, error=type(failure).__name__)

    def _admits(self, actor_id: str) -> bool:
        now = time.monotonic()
        if now - self._window > WINDOW:
            self._window = now
            self._written.clear()
        if self._written[actor_id] >= OF_ONE or self._written.total() >= OF_ALL:
            return False
        self._written[actor_id] += 1
        return True
