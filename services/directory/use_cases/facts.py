"""What the copies are told."""

from datetime import datetime

from contracts import directory
from directory.storage import facts


def get_changes(tx, after: int, limit: int) -> dict:
    return {"newest": facts.newest(tx), "items": facts.after(tx, after, limit)}


def beat(tx, now: datetime) -> None:
    newest = facts.newest(tx)
    tx.emit(directory.directory_heartbeat, subject="directory", version=newest, data={"newest": newest, "at": now})


def record_facts(tx, event, kind: str, rows: list[dict], *, subject: str) -> None:
    """Write facts of one kind under fresh versions and tell the copies, who see by `previous` whether they miss any."""
    previous = facts.claim_versions(tx, len(rows))
    newest = previous + len(rows)
    facts.write(tx, kind, [row | {"version": previous + place} for place, row in enumerate(rows, start=1)])
    told = facts.of_versions(tx, kind, previous + 1, newest)
    tx.emit(event, subject=subject, version=newest, data={"previous": previous, "facts": told})
