"""Imports: a file that is handed in piece by piece, and what is told of it in the reader's language."""

import base64
import hashlib

from chassis.contract import Procedure
from chassis.http import Answer
from contracts.imports import PART_BYTES
from gateway import exporting, import_faults
from gateway.assembling import versioned

FORM_OF = {media_type: form for form, media_type in exporting.TYPE_OF.items()}


def hand_in(begin: Procedure, add_part: Procedure, call, place: str) -> Answer:
    """The file is the call's body; `place` is where its imports stand. Repeated with its key it goes on."""
    raw = call.request.raw
    job = call.ask(begin, call.query | {
        "idempotency_key": call.idempotency_key, "form": FORM_OF[call.request.mimetype], "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    })  # fmt: skip
    if job["state"] == "receiving":
        for number, first in enumerate(range(0, len(raw), PART_BYTES)):
            content = base64.b64encode(raw[first : first + PART_BYTES]).decode()
            job = call.ask(add_part, {"id": job["id"], "number": number, "content": content})
    return versioned(told(job, call), status=202, headers={"Location": f"{place}/{job['id']}"})


def told(job: dict, call) -> dict:
    import_faults.tell([job["fault"]] if job["fault"] else [], call.request.language)
    return job


def told_rows(found: dict, call) -> dict:
    for row in found["items"]:
        import_faults.tell(row["faults"], call.request.language)
    return found
