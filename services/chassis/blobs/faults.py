"""What a store refuses, and what goes wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import Refusal

Faults = tuple[type[Exception], ...]


class BlobGone(Refusal):
    """There is nothing under this key."""

    refusal_code = "not_found"


class StoreFull(Refusal):
    refusal_code = "storage_full"


class StoreUnavailable(Refusal):
    refusal_code = "storage_unavailable"
    retryable = True


@contextmanager
def told(gone: Faults, full: tuple[int, ...], wrong: Faults) -> Iterator[None]:
    """Turns the faults of what is below into those of a store."""
    try:
        yield
    except gone as error:
        raise BlobGone("there is no such blob") from error
    except wrong as error:
        if getattr(error, "errno", None) in full:
            raise StoreFull("the store is full") from error
        raise StoreUnavailable(f"the store does not answer: {type(error).__name__}") from error
