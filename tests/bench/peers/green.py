"""Imported first by green processes: everything patched in the order in which the launcher does it."""

import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import eventlet

eventlet.monkey_patch()

import time  # noqa: E402
from collections.abc import Callable  # noqa: E402

from eventlet.green import os as green_os  # noqa: E402

from tests.bench.peers import obeying  # noqa: E402


def obey(act: Callable[..., dict] = dict) -> None:
    os.set_blocking(0, False)
    obeying.obey(act, read=green_os.read)


def repeat(once: Callable[[], None], seconds: float, callers: int) -> dict:
    """So many green threads do it again and again for so long: how often it was done, and how long each took."""
    took: list[float] = []
    began = time.perf_counter()

    def caller() -> None:
        while (start := time.perf_counter()) < began + seconds:
            once()
            took.append(time.perf_counter() - start)

    threads = [eventlet.spawn(caller) for _ in range(callers)]
    for thread in threads:
        thread.wait()
    return {
        "count": len(took),
        "seconds": time.perf_counter() - began,
        "took": sorted(took)[:: max(1, len(took) // 500)],
    }


def take_tracing_out(tracing) -> None:
    """Put what does nothing in the place of the chassis's tracing, to see what it costs while it is off."""
    nothing = tracing.Unrecorded({})
    tracing.span = lambda *_: nothing
    tracing.carrier_of = lambda _headers: {}
