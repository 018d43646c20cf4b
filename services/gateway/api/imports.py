"""Units, posts and people in and out as files."""

from contracts import directory
from contracts.fields import Page
from contracts.imports import MOST_BYTES
from gateway import exporting, schemas
from gateway.assembling import versioned
from gateway.importing import FORM_OF, hand_in, told, told_rows
from gateway.routes import BASE, route


class ImportsRoutes:
    @route("POST", "/directory/imports", tag="directory", limit="upload",
           query=schemas.NewImport, answer=schemas.Import, status=202,
           accepts=tuple(FORM_OF), max_body=MOST_BYTES, idempotency_key=True, etag=True,
           refusals=("unknown_unit", "directory_stale"))  # fmt: skip
    def create_import(self, call):
        """Hand in a file: what it would change is found out, and applied at once if it is no dry run.

        An empty cell of telephone, mobile, e-mail or room changes nothing; `-` takes away what was known.
        """
        return hand_in(directory.begin_import, directory.add_import_part, call, f"{BASE}/directory/imports")

    @route("GET", "/directory/imports", tag="directory", query=Page, answer=schemas.ImportPage)
    def list_imports(self, call):
        """Imports, the newest first."""
        found = call.ask(directory.list_imports, call.query)
        return found | {"items": [told(job, call) for job in found["items"]]}

    @route("GET", "/directory/imports/<uuid:import_id>", tag="directory", answer=schemas.Import, etag=True)
    def get_import(self, call, import_id):
        """How far an import is, and what it would change or has changed."""
        return versioned(told(call.ask(directory.get_import, {"id": import_id}), call))

    @route("GET", "/directory/imports/<uuid:import_id>/rows", tag="directory", query=schemas.ImportRowsQuery,
           answer=schemas.ImportRowPage)  # fmt: skip
    def list_import_rows(self, call, import_id):
        """The differences that an import found, row by row, with what is wrong in which column."""
        return told_rows(call.ask(directory.list_import_rows, call.query | {"id": import_id}), call)

    @route("POST", "/directory/imports/<uuid:import_id>/apply", tag="directory", answer=schemas.Import, status=202,
           if_match=True, etag=True, refusals=("wrong_state", "import_has_faults", "directory_stale"))  # fmt: skip
    def apply_import(self, call, import_id):
        """Have done what the import shows, as a whole or not at all."""
        job = call.ask(directory.apply_import, {"id": import_id, "version": call.version})
        return versioned(told(job, call), status=202)

    @route("GET", "/directory/exports", tag="directory", limit="export", query=schemas.ExportQuery,
           media_type=", ".join(exporting.TYPE_OF.values()), refusals=("directory_stale",))  # fmt: skip
    def export(self, call):
        """Units, posts or people as a file. An import reads an administrator's back without a difference; whoever else
        takes out his unit gets no employee numbers but his own.
        """
        wanted = {"what": call.query["what"], "unit_id": call.query["unit_id"]}
        return exporting.answer(directory.export_lines, wanted, call, wanted["what"], call.query["format"])
