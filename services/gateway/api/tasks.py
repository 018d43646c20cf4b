"""Orders and their pieces."""

from contracts import tasks
from gateway import problems, schemas
from gateway.assembling import versioned, with_names
from gateway.routes import BASE, route


class TasksRoutes:
    @route("POST", "/tasks", tag="tasks", body=schemas.NewOrder, answer=schemas.Task, status=201,
           idempotency_key=True, etag=True,
           refusals=("not_authorised", "unknown_audience", "unknown_unit", "unknown_post", "one_lead_needed",
                     "unit_twice", "unit_not_direct", "role_not_in_mode",
                     "due_in_past", "due_too_far", "due_after_task", "directory_stale"))  # fmt: skip
    def create_task(self, call):
        """Giao việc ngay: order work to units at once."""
        order = {name: value for name, value in call.body.items() if name != "issue"}
        task = call.ask(tasks.assign, {"idempotency_key": call.idempotency_key, "order": order})
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        for warning in task["warnings"]:
            warning["message"] = problems.describe_warning(warning, call.request.language)
        return versioned(task, status=201, headers={"Location": f"{BASE}/tasks/{task['id']}"})

    @route("GET", "/tasks", tag="tasks", query=tasks.ListTasks, answer=tasks.TaskPage)
    def list_tasks(self, call):
        """Orders in one of one's boxes."""
        return call.ask(tasks.list_tasks, call.query)

    @route("GET", "/tasks/<uuid:task_id>", tag="tasks", answer=schemas.Task, etag=True)
    def get_task(self, call, task_id):
        """An order with its roll-up and first pieces."""
        task = call.ask(tasks.get_task, {"id": task_id})
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        return versioned(task)

    @route("GET", "/tasks/<uuid:task_id>/assignments", tag="tasks", query=schemas.AssignmentsQuery,
           answer=tasks.AssignmentPage)  # fmt: skip
    def list_assignments(self, call, task_id):
        """The pieces of an order."""
        return call.ask(tasks.list_assignments, call.query | {"task_id": task_id})

    @route("GET", "/assignments/<uuid:assignment_id>", tag="tasks", answer=tasks.AssignmentDetail, etag=True)
    def get_assignment(self, call, assignment_id):
        """One piece, as its owner sees it."""
        return versioned(call.ask(tasks.get_assignment, {"id": assignment_id}))

    @route("POST", "/assignments/<uuid:assignment_id>/accept", tag="tasks", answer=tasks.AssignmentDetail,
           idempotency_key=True, if_match=True, etag=True,
           refusals=("not_authorised", "wrong_state", "directory_stale"))  # fmt: skip
    def accept_assignment(self, call, assignment_id):
        """Tiếp nhận: the unit receives the work."""
        request = {"id": assignment_id, "version": call.version, "idempotency_key": call.idempotency_key}
        return versioned(call.ask(tasks.accept, request))
