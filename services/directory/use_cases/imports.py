"""Imports: taking a file in, having it compared, and having applied what was looked at."""

import base64
from datetime import datetime, timedelta

from chassis import clock
from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import directory
from directory.storage import units
from directory.storage.imports import files
from directory.use_cases.writing import once
from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import today

KEPT = timedelta(days=7)  # what was in the files


def begin_import(tx, actor: Actor, request: dict, now: datetime) -> dict:
    """Room for a file; its parts follow. The same key again answers the same import."""
    wanted = {name: value for name, value in request.items() if name != "idempotency_key"}
    return once(tx, actor, directory.begin_import, request, wanted, lambda: _begun(tx, actor, wanted, now))


def _begun(tx, actor: Actor, request: dict, now: datetime) -> dict:
    if request["unit_id"] and units.one(tx, request["unit_id"], today(now)) is None:
        raise Refused("unknown_unit", "There is no such unit.", field="unit_id")
    row = request | {
        "id": clock.new_id(), "state": "receiving", "step": "compare" if request["dry_run"] else "apply",
        "person_id": actor.person_id, "created_at": now,
    }  # fmt: skip
    files.add(tx, row)
    tx.audit("import.begun", subject=row["id"], what=row["what"], unit_id=row["unit_id"], sha256=row["sha256"])
    return get_import(tx, row["id"])


def add_part(tx, import_id: str, number: int, content: str) -> dict:
    """With the last part the work begins. A part that came twice counts once."""
    job = _one(tx, import_id, lock=True)
    if job.state == "receiving":
        files.add_part(tx, import_id, number, base64.b64decode(content))
        if files.received(tx, import_id) >= job.size:
            files.change(tx, import_id, state="waiting")
    return get_import(tx, import_id)


def get_import(tx, import_id: str) -> dict:
    return described(_one(tx, import_id))


def list_imports(tx, request: dict) -> dict:
    before = position(request["cursor"], a_moment, an_id)
    rows = files.page(tx, before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.created_at.isoformat(), row.id))
    return {"items": [described(row) for row in rows], "next_cursor": next_cursor}


def list_rows(tx, request: dict) -> dict:
    _one(tx, request["id"])
    after = position(request["cursor"], a_number)
    rows = files.rows(tx, request["id"], request["kind"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.number,))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def apply_import(tx, import_id: str, version: int | None) -> dict:
    """Have done what the comparison shows. What has been begun or done already is not begun again."""
    job = _one(tx, import_id, lock=True)
    if job.step == "apply" and job.state in ("waiting", "running", "applied"):
        return described(job)
    if version is not None and version != job.version:
        raise Refused("stale_version", "The import has changed since it was read.")
    if job.state != "compared":
        raise Refused("wrong_state", "There is nothing to be applied.", state=job.state)
    if job.counts["invalid"] or job.counts["conflict"]:
        raise Refused("import_has_faults", "Rows of the file are wrong; it is applied whole or not at all.")
    files.change(tx, import_id, state="waiting", step="apply", attempts=0)
    tx.audit("import.apply_asked", subject=import_id, digest=job.digest)
    return get_import(tx, import_id)


def _one(tx, import_id: str, lock: bool = False):
    job = files.one(tx, import_id, lock)
    if job is None:
        raise Refused("not_found")
    return job


def described(job) -> dict:
    return dict(job._mapping) | {"progress": {"stage": job.stage, "done": job.done, "total": job.total}}


def forget(tx, now: datetime) -> None:
    files.forget(tx, now - KEPT)
