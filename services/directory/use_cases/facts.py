"""What the copies are told."""

from datetime import datetime

from contracts import directory
from directory.storage import facts

MOST_TOLD = 2000  # facts in one event; more are fetched by the copies themselves


def get_changes(tx, after: int, limit: int) -> dict:
    return {"newest": facts.newest(tx), "items": facts.after(tx, after, limit)}


def beat(tx, now: datetime) -> None:
    newest = facts.newest(tx)
    tx.emit(directory.directory_heartbeat, subject="directory", version=newest, data={"newest": newest, "at": now})


def record_facts(tx, event, kind: str, rows: list[dict], *, subject: str) -> None:
    """Write facts of one kind under fresh versions and tell the copies, who see by `previous` whether they miss any."""
    previous = facts.claim_versions(tx, len(rows))
    facts.write(tx, kind, [row | {"version": previous + place} for place, row in enumerate(rows, start=1)])
    tell_facts(tx, event, kind, previous, len(rows), subject=subject)


def tell_facts(tx, event, kind: str, previous: int, count: int, *, subject: str) -> None:
    """Tell the copies of facts that were written. Of too many only the last is told: the hole before it makes every
    copy ask for what it misses, page by page.
    """
    newest = previous + count
    if count > MOST_TOLD:
        previous = newest - 1
    told = facts.of_versions(tx, kind, previous + 1, newest)
    tx.emit(event, subject=subject, version=newest, data={"previous": previous, "facts": told})
