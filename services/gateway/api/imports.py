"""Units, posts and people in and out as files."""

import base64
import hashlib

from contracts import directory
from contracts.fields import Page
from gateway import exporting, import_faults, schemas
from gateway.assembling import versioned
from gateway.routes import BASE, route

FORM_OF = {"text/csv": "csv", exporting.TYPE_OF["xlsx"]: "xlsx"}


class ImportsRoutes:
    @route("POST", "/directory/imports", tag="directory", query=schemas.NewImport, answer=schemas.Import, status=202,
           accepts=tuple(FORM_OF), max_body=directory.MOST_BYTES, idempotency_key=True, etag=True,
           refusals=("unknown_unit", "directory_stale"))  # fmt: skip
    def create_import(self, call):
        """Hand in a file: what it would change is found out, and applied at once if it is no dry run.

        An empty cell of telephone, mobile, e-mail or room changes nothing; `-` takes away what was known.
        """
        raw = call.request.raw
        job = call.ask(directory.begin_import, call.query | {
            "idempotency_key": call.idempotency_key, "form": FORM_OF[call.request.mimetype], "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        })  # fmt: skip
        if job["state"] == "receiving":
            for number, first in enumerate(range(0, len(raw), directory.PART_BYTES)):
                content = base64.b64encode(raw[first : first + directory.PART_BYTES]).decode()
                job = call.ask(directory.add_import_part, {"id": job["id"], "number": number, "content": content})
        location = {"Location": f"{BASE}/directory/imports/{job['id']}"}
        return versioned(_told(job, call), status=202, headers=location)

    @route("GET", "/directory/imports", tag="directory", query=Page, answer=schemas.ImportPage)
    def list_imports(self, call):
        """Imports, the newest first."""
        found = call.ask(directory.list_imports, call.query)
        return found | {"items": [_told(job, call) for job in found["items"]]}

    @route("GET", "/directory/imports/<uuid:import_id>", tag="directory", answer=schemas.Import, etag=True)
    def get_import(self, call, import_id):
        """How far an import is, and what it would change or has changed."""
        return versioned(_told(call.ask(directory.get_import, {"id": import_id}), call))

    @route("GET", "/directory/imports/<uuid:import_id>/rows", tag="directory", query=schemas.ImportRowsQuery,
           answer=schemas.ImportRowPage)  # fmt: skip
    def list_import_rows(self, call, import_id):
        """The differences that an import found, row by row, with what is wrong in which column."""
        found = call.ask(directory.list_import_rows, call.query | {"id": import_id})
        for row in found["items"]:
            _tell(row["faults"], call)
        return found

    @route("POST", "/directory/imports/<uuid:import_id>/apply", tag="directory", answer=schemas.Import, status=202,
           if_match=True, etag=True, refusals=("wrong_state", "import_has_faults", "directory_stale"))  # fmt: skip
    def apply_import(self, call, import_id):
        """Have done what the import shows, as a whole or not at all."""
        job = call.ask(directory.apply_import, {"id": import_id, "version": call.version})
        return versioned(_told(job, call), status=202)

    @route("GET", "/directory/exports", tag="directory", query=schemas.ExportQuery,
           media_type=", ".join(FORM_OF), refusals=("directory_stale",))  # fmt: skip
    def export(self, call):
        """Units, posts or people as a file. An import reads an administrator's back without a difference; whoever else
        takes out his unit gets no employee numbers but his own.
        """
        return exporting.answer(call)


def _told(job: dict, call) -> dict:
    """With what is wrong, in the reader's language."""
    _tell([job["fault"]] if job["fault"] else [], call)
    return job


def _tell(faults: list[dict], call) -> None:
    for fault in faults:
        fault["message"] = import_faults.describe(fault["code"], call.request.language)
