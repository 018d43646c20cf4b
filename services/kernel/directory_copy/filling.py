"""Bringing the copy up to date: at the start, and whenever an event or a heartbeat showed a hole."""

from chassis import clock
from chassis.errors import DatabaseUnavailable, DeadlineExceeded
from chassis.rpc import Remote
from contracts import directory
from kernel.directory_copy.facts import apply_page, read_state

PAGE = 5000  # facts


class DirectoryCopy(Remote):
    """Keeps a service's copy filled. The process is not ready before it was filled once."""

    def setup(self):
        self._was_filled = False
        self.container.readiness("directory_copy", self._is_filled)

    def get_dependency(self, worker_ctx):
        return self

    def fill(self) -> None:
        fill(self.container.store, self.bound(), self.take)

    def take(self, tx, after: int, items: list[dict], *rest) -> None:
        """A page of facts; a service that must act on what changes in its copy does so around this."""
        apply_page(tx, after, items, *rest)

    def _is_filled(self) -> bool:
        if not self._was_filled:
            try:
                with self.container.store.reading() as tx:
                    self._was_filled = read_state(tx).filled
            except (DatabaseUnavailable, DeadlineExceeded):
                return False
        return self._was_filled


def fill(store, remote, take=apply_page) -> None:
    """Ask the directory for what is missing until nothing is.

    No transaction stays open while the directory is asked. Two processes of one service may both fill:
    the page of the slower one no longer fits and is dropped.
    """
    while True:
        with store.reading() as tx:
            here = read_state(tx)
        if here.complete:
            return
        page = remote.call(directory.get_changes, {"after": here.version, "limit": PAGE})
        is_last = len(page["items"]) < PAGE
        with store.transaction() as tx:
            take(tx, here.version, page["items"], page["newest"], is_last, clock.now())
        if is_last:
            return  # a directory restored from a backup may be behind what we once heard of: not now, but later again
