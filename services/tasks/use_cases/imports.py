"""Tasks under way elsewhere: taking a file in, having it compared, and having taken what is good in it."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta

from chassis import clock
from chassis.paging import a_moment, a_number, an_id, page, position
from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.columns import Fault, Line, read_cell
from kernel.directory_copy import posts, require_fresh
from kernel.errors import Refused
from kernel.policy import STANDING_PC
from kernel.working_time import today
from tasks.domain.columns import BY_NAME
from tasks.domain.incoming import compare
from tasks.storage import imports as storage
from tasks.storage.imports import files
from tasks.use_cases import moving
from tasks.use_cases.progress import head_of_kind
from tasks.use_cases.taking import By, Taking, find_units_in, orders_here, same_of

KEPT = timedelta(days=7)  # what was in the files


def begin_import(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Room for a file; its parts follow. The same key again answers the same import."""
    return moving.once(tx, contract.begin_import, claims, request, now, _begin)


def _begin(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    row = {name: value for name, value in request.items() if name != "idempotency_key"} | {
        "id": clock.new_id(),
        "assigner_post_id": _assigner(tx, request["assigner_post_id"], now),
        "state": "receiving",
        "step": "compare" if request["dry_run"] else "apply",
        "person_id": actor.person_id,
        "post_id": actor.post_id,
        "acting_for": actor.acting_for,
        "created_at": now,
    }
    files.add(tx, row)
    tx.audit("tasks.import_begun", subject=row["id"], sha256=row["sha256"])
    return described(_one(tx, row["id"]))


def _assigner(tx, post_id: str | None, now: datetime) -> str:
    """A leader of the city, in whose name the work was ordered."""
    found = post_id or head_of_kind(tx, "committee", now)
    post = posts(tx, [found]).get(found) if found else None
    if post is None or post.kind not in STANDING_PC:
        raise Refused("unknown_post", "No leader has this post.", field="assigner_post_id")
    return found


def add_part(tx, claims: dict, request: dict, now: datetime) -> dict:
    """With the last part the work begins. A part that came twice counts once."""
    actor_for(tx, contract.add_import_part, claims, now)
    require_fresh(tx, now)
    job = _one(tx, request["id"], lock=True)
    if job.state == "receiving":
        files.add_part(tx, job.id, request["number"], base64.b64decode(request["content"]))
        if files.received(tx, job.id) >= job.size:
            files.change(tx, job.id, state="waiting")
    return described(_one(tx, job.id))


def get_import(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor_for(tx, contract.get_import, claims, now)
    return described(_one(tx, request["id"]))


def list_imports(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor_for(tx, contract.list_imports, claims, now)
    before = position(request["cursor"], a_moment, an_id)
    rows = files.page(tx, before, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.created_at.isoformat(), row.id))
    return {"items": [described(row) for row in rows], "next_cursor": next_cursor}


def list_rows(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor_for(tx, contract.list_import_rows, claims, now)
    _one(tx, request["id"])
    after = position(request["cursor"], a_number)
    rows = files.rows(tx, request["id"], request["kind"], after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.number,))
    return {"items": [dict(row._mapping) for row in rows], "next_cursor": next_cursor}


def apply_import(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Have taken what is good in it; what is incomplete is parked. What was begun or done is not begun again."""
    actor_for(tx, contract.apply_import, claims, now)
    require_fresh(tx, now)
    job = _one(tx, request["id"], lock=True)
    if job.step == "apply" and job.state in ("waiting", "running", "applied"):
        return described(job)
    if request["version"] is not None and request["version"] != job.version:
        raise Refused("stale_version", "It has changed since you read it.", current=job.version)
    if job.state != "compared":
        raise Refused("wrong_state", "There is nothing to be applied.", state=job.state)
    files.change(tx, job.id, state="waiting", step="apply", attempts=0, done=0, total=0)
    tx.audit("tasks.import_apply_asked", subject=job.id)
    return described(_one(tx, job.id))


def _one(tx, import_id: str, lock: bool = False):
    job = files.one(tx, import_id, lock)
    if job is None:
        raise Refused("not_found")
    return job


def described(job) -> dict:
    return dict(job._mapping) | {"progress": {"stage": job.stage, "done": job.done, "total": job.total}}


def forget(tx, now: datetime) -> None:
    files.forget(tx, now - KEPT)


# what is parked


def list_parked(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor_for(tx, contract.list_parked, claims, now)
    after = position(request["cursor"], an_id)
    rows = storage.parked(tx, after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {"items": rows, "next_cursor": next_cursor}


def complete_parked(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Bổ sung: what the line lacks is said; as soon as nothing is lacking it is taken."""
    return moving.once(tx, contract.complete_parked, claims, request, now, _complete)


def _complete(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    if unknown := sorted(request["cells"].keys() - BY_NAME.keys()):
        raise Refused("unknown_column", "There is no such column.", field="cells", columns=unknown)
    storage.write_alone(tx)
    row = _parked(tx, request)
    cells = {name: text for name, text in (row["cells"] | request["cells"]).items() if text}
    line = line_of(row["line"], cells)
    orders = orders_here(tx, [line.get("code")] if line.get("code") else [], lock=True)
    [found] = compare(
        [line], orders.get(line.get("code")), find_units_in(tx, now), today(now), each=row["each"]
    )  # fmt: skip
    tx.audit("tasks.complete_parked", subject=row["id"], columns=sorted(request["cells"]))
    if found is not None and found.kind in ("incomplete", "conflict"):
        faults, same = [fault.plain() for fault in found.faults], same_of(line.number, cells)
        if storage.is_parked(tx, same, row["id"]):
            raise Refused("already_parked", "Another parked line says the same.", field="cells")
        changed = storage.change_parked(tx, row["id"], cells=cells, faults=faults, code=found.code, same=same)
        return {"parked": changed, "task_id": None}
    job = files.one(tx, row["import_id"])
    taking = Taking(tx, By(actor.person_id, actor.post_id, actor.acting_for), job, now)
    task_ids = taking.take([found] if found else [], orders)
    storage.discard_parked(tx, row["id"])
    known = orders.get(line.get("code"))
    return {"parked": None, "task_id": task_ids[0] if task_ids else known.task_id}


def line_of(number: int, cells: Mapping[str, str]) -> Line:
    """A line from what was written in its cells; one that was a formula is empty."""
    values, faults = {}, []
    for name, column in BY_NAME.items():
        text = cells.get(name, "")
        if column.optional and not text:
            continue
        value, fault = read_cell(column, "'" + text if text.startswith(("=", "+", "-", "@")) and text != "-" else text)
        values[name] = value
        if fault:
            faults.append(Fault(name, fault))
    return Line(number, values, tuple(faults))


def discard_parked(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Bỏ dòng."""
    return moving.once(tx, contract.discard_parked, claims, request, now, _discard)


def _discard(tx, actor: Actor, request: dict, now: datetime) -> dict:
    require_fresh(tx, now)
    row = _parked(tx, request)
    storage.discard_parked(tx, row["id"])
    tx.audit("tasks.discard_parked", subject=row["id"], import_id=row["import_id"], line=row["line"])
    return {"id": row["id"]}


def _parked(tx, request: dict) -> Mapping:
    row = storage.find_parked(tx, request["id"])
    if row is None:
        raise Refused("not_found", "There is no such line.")
    if request["version"] is not None and request["version"] != row["version"]:
        raise Refused("stale_version", "It has changed since you read it.", current=row["version"])
    return row
