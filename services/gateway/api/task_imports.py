"""Tasks under way elsewhere, brought in as files."""

from chassis.http import Answer
from contracts import tasks
from contracts.fields import Page
from contracts.imports import MOST_BYTES
from gateway import import_faults, schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.importing import FORM_OF, hand_in, told, told_rows
from gateway.routes import BASE, route


class TaskImportsRoutes:
    @route("POST", "/task-imports", tag="tasks", limit="upload",
           query=schemas.NewTaskImport, answer=schemas.TaskImport, status=202,
           accepts=tuple(FORM_OF), max_body=MOST_BYTES, idempotency_key=True, etag=True,
           refusals=("not_authorised", "unknown_post", "directory_stale"))  # fmt: skip
    def create_task_import(self, call):
        """Hand in a file of tasks under way elsewhere: what it would change is found out, and taken at once if it is no
        dry run. An empty cell says nothing, and `-` that there is none.
        """
        return hand_in(tasks.begin_import, tasks.add_import_part, call, f"{BASE}/task-imports")

    @route("GET", "/task-imports", tag="tasks", query=Page, answer=schemas.TaskImportPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_task_imports(self, call):
        """Imports of tasks, the newest first."""
        found = call.ask(tasks.list_imports, call.query)
        return found | {"items": [told(job, call) for job in found["items"]]}

    @route("GET", "/task-imports/<uuid:import_id>", tag="tasks", answer=schemas.TaskImport, etag=True,
           refusals=("not_authorised",))  # fmt: skip
    def get_task_import(self, call, import_id):
        """How far an import is, and what it would change or has changed."""
        return versioned(told(call.ask(tasks.get_import, {"id": import_id}), call))

    @route("GET", "/task-imports/<uuid:import_id>/rows", tag="tasks", query=schemas.TaskImportRowsQuery,
           answer=schemas.TaskImportRowPage, refusals=("not_authorised",))  # fmt: skip
    def list_task_import_rows(self, call, import_id):
        """The lines that change something, or cannot, with what is wrong in which column."""
        return told_rows(call.ask(tasks.list_import_rows, call.query | {"id": import_id}), call)

    @route("POST", "/task-imports/<uuid:import_id>/apply", tag="tasks", answer=schemas.TaskImport, status=202,
           if_match=True, etag=True, refusals=("not_authorised", "wrong_state", "directory_stale"))  # fmt: skip
    def apply_task_import(self, call, import_id):
        """Take what is good in the file; what is incomplete is parked."""
        job = call.ask(tasks.apply_import, {"id": import_id, "version": call.version})
        return versioned(told(job, call), status=202)

    @route("GET", "/parked-tasks", tag="tasks", query=Page, answer=schemas.ParkedTaskPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_parked_tasks(self, call):
        """Lines that say too little, until somebody completes or discards them; the oldest first."""
        return told_rows(call.ask(tasks.list_parked, call.query), call)

    @route("POST", "/parked-tasks/<uuid:parked_id>/complete", tag="tasks", body=tasks.Cells,
           answer=schemas.CompletedTask, idempotency_key=True, if_match=True,
           refusals=("not_authorised", "unknown_column", "already_parked", "directory_stale"))  # fmt: skip
    def complete_parked_task(self, call, parked_id):
        """Bổ sung: say what a line lacks; once all is said, it is taken."""
        found = call.ask(tasks.complete_parked, keyed(call, parked_id) | call.body)
        if found["parked"]:
            import_faults.tell(found["parked"]["faults"], call.request.language)
        return found

    @route("DELETE", "/parked-tasks/<uuid:parked_id>", tag="tasks", status=204, idempotency_key=True, if_match=True,
           refusals=("not_authorised",))  # fmt: skip
    def discard_parked_task(self, call, parked_id):
        """Bỏ dòng: throw away a line that nobody will complete."""
        call.ask(tasks.discard_parked, keyed(call, parked_id))
        return Answer(status=204)
