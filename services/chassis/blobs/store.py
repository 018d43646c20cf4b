"""The store of a service's settings: a folder, or a bucket of anything that speaks S3."""

from collections.abc import Callable
from typing import Any

from eventlet import tpool
from nameko.extensions import DependencyProvider

from chassis.blobs.faults import StoreUnavailable
from chassis.blobs.folder import Folder
from chassis.blobs.settings import Place
from chassis.later import Later

bucket = Later("chassis.blobs.bucket")

CHUNK = 256 * 1024  # bytes that are held at a time


def plain_store(place: Place):
    """Its calls block: it is for real threads."""
    return bucket.Bucket(place) if place.bucket else Folder(place.folder)


class Blobs(DependencyProvider):
    """Gives a service the store. Every call is made in a real thread: disks and networks are slow."""

    def setup(self):
        place = self.container.settings.blobs
        self._plain = plain_store(place) if place else None

    def get_dependency(self, worker_ctx):
        return self

    @property
    def store(self):
        """`begin(key)` writes, `open(key)` reads, `remove(key)`, `tidy(seconds)`."""
        return tpool.Proxy(self._given(), autowrap_names=("begin", "open"))

    def in_thread(self, work: Callable, *args) -> Any:
        """`work(store, *args)`, all of it in one real thread."""
        return tpool.execute(work, self._given(), *args)

    def _given(self):
        if self._plain is None:
            raise StoreUnavailable("no store is set")
        return self._plain
