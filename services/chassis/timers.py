"""Work that is done every so often."""

import time

import eventlet
import sqlalchemy as sa
from nameko.extensions import Entrypoint

_KNOWN = sa.text("INSERT INTO timers (name, ran_at) VALUES (:name, '-infinity') ON CONFLICT DO NOTHING")
_CLAIM = sa.text(
    "UPDATE timers SET ran_at = clock_timestamp()"
    " WHERE name = :name AND (ran_at < clock_timestamp() - make_interval(secs => :seconds)"
    "  OR ran_at > clock_timestamp())"  # the clock was set back
    " RETURNING name"
)


class Every(Entrypoint):
    """`@every(seconds=30, alone="name")`.

    With `alone` only one process does it per interval, whichever claims the tick first; no lock is held while it
    works. Ticks that were missed are skipped, never caught up in a burst.
    """

    def __init__(self, seconds: float, alone: str | None = None, **kwargs):
        self._seconds, self._alone = seconds, alone
        self._thread, self._stopping = None, False
        super().__init__(**kwargs)

    def start(self):
        self._thread = eventlet.spawn(self._run)

    def stop(self):
        self._stopping = True
        if self._thread is not None:
            self._thread.kill()

    kill = stop

    def _run(self):
        due = time.monotonic()
        while not self._stopping:
            eventlet.sleep(max(0.0, due - time.monotonic()))
            done = eventlet.event.Event()

            def handle_result(_ctx, result, exc_info, done=done):
                done.send(None)
                return result, exc_info

            self.container.spawn_worker(self, (), {}, handle_result=handle_result)
            done.wait()
            due += self._seconds * max(1, -(-(time.monotonic() - due) // self._seconds))

    def invoke(self, method):
        if self._alone is None or self._claimed():
            method()

    def _claimed(self) -> bool:
        with self.container.store.transaction() as tx:
            tx.execute(_KNOWN, {"name": self._alone})
            return tx.execute(_CLAIM, {"name": self._alone, "seconds": self._seconds * 0.9}).first() is not None


every = Every.decorator
