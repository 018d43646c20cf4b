"""What the copies are told."""

from collections import defaultdict
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
    record_changes(tx, event, {kind: rows}, subject=subject)


def record_changes(tx, event, changes: dict[str, list[dict]], *, subject: str, **told_too) -> None:
    """The same for facts of several kinds that change together: one row of versions, one event.

    Of too many facts only the last is told: the hole before it makes every copy ask for what it misses, page by page.
    """
    previous = newest = facts.claim_versions(tx, sum(len(rows) for rows in changes.values()))
    told = []
    for kind in [
        kind for kind in facts.FACTS if changes.get(kind)
    ]:  # a unit before its posts, these before who holds them
        first = newest + 1
        newest += len(changes[kind])
        facts.write(tx, kind, [row | {"version": first + place} for place, row in enumerate(changes[kind])])
        told += facts.of_versions(tx, kind, first, newest)
    ids = _ids_in(told)
    if len(told) > MOST_TOLD:
        previous, told = newest - 1, told[-1:]
    data = {"previous": previous, "facts": told, **ids, **told_too}
    tx.emit(event, subject=subject, version=newest, data=data)


def _ids_in(told: list[dict]) -> dict:
    """What the published forms say: which units, posts, audiences and years it is about. Each event takes its own."""
    ids = defaultdict(dict)
    for each in told:
        ids[each["kind"]][each["id"]] = None
        for field in ("post_id", "grantor_post_id"):
            if field in each["fact"]:
                ids["post"][each["fact"][field]] = None
    return {
        "unit_ids": list(ids["unit"]),
        "post_ids": list(ids["post"]),
        "delegation_ids": list(ids["delegation"]),
        "audiences": list(ids["audience"]),
        "years": sorted({int(day[:4]) for day in ids["working_day"]}),
    }
