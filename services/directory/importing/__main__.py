"""`python -m directory.importing ID`: carries one import out, with limits on what it may use.

A file may be made to eat memory and time, and reading it would stop every other green thread of a service: so it has a
process of its own. Whatever ends it, nothing is half done, and the service sees that it has gone.
Exit codes: 0 carried out, 3 another process does it, 1 anything else.
"""

import os
import resource
import sys
import time

import structlog

from chassis import context, logs
from chassis.database import Store
from directory.importing.sheets import BadFile
from directory.importing.work import carry_out, refuse
from directory.storage import imports

log = structlog.get_logger()

MEMORY = 1536 * 1024 * 1024  # bytes of addresses; a city of 50,000 takes a third of it
CPU_SECONDS = 240
TOLD_SECONDS = 0.5


def limit_itself() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(url: str, import_id: str) -> int:
    store = Store(url, pool_size=2)
    with imports.alive(url, import_id) as alone:
        with store.reading() as tx:
            job = imports.one(tx, import_id)
        if not alone or job is None or job.state != "running":
            return 3
        with context.working(context.Context(call_id=import_id, actor={"sub": job.person_id})):
            began = time.monotonic()
            try:
                carry_out(store, job, _teller(store, import_id))
            except MemoryError:
                refuse(store, job, BadFile("too_costly"))
            used = resource.getrusage(resource.RUSAGE_SELF)
            log.info(
                "import carried out", import_id=import_id, seconds=round(time.monotonic() - began, 1),
                cpu_seconds=round(used.ru_utime + used.ru_stime, 1), peak_mb=used.ru_maxrss // 1024,
            )  # fmt: skip
    return 0


def _teller(store: Store, import_id: str):
    told_at = 0.0

    def tell(stage: str, done: int, total: int) -> None:
        """Beside the work's own transaction, so that it is seen at once."""
        nonlocal told_at
        if time.monotonic() - told_at > TOLD_SECONDS:
            told_at = time.monotonic()
            with store.transaction() as tx:
                imports.tell_progress(tx, import_id, stage, done, total)

    return tell


if __name__ == "__main__":
    limit_itself()
    logs.configure("directory", os.environ.get("CONGVU_LOG_LEVEL", "INFO"))
    sys.exit(run(os.environ["CONGVU_DATABASE_URL"], sys.argv[1]))
