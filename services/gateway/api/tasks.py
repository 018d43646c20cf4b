"""Orders and their pieces."""

from contracts import tasks
from gateway import schemas
from gateway.api.assignments import keyed, told
from gateway.assembling import versioned, with_names
from gateway.routes import BASE, route


class TasksRoutes:
    @route("POST", "/tasks", tag="tasks", limit="assign", body=schemas.NewOrder, answer=schemas.Task, status=201,
           idempotency_key=True, etag=True,
           refusals=("not_authorised", "unknown_audience", "unknown_unit", "unknown_post", "one_lead_needed",
                     "unit_twice", "unit_not_direct", "role_not_in_mode",
                     "due_in_past", "due_too_far", "due_after_task", "directory_stale"))  # fmt: skip
    def create_task(self, call):
        """Giao việc ngay: order work to units at once; with `issue` false a draft, which nobody has given yet."""
        order = {name: value for name, value in call.body.items() if name != "issue"}
        procedure = tasks.assign if call.body["issue"] else tasks.draft
        task = call.ask(procedure, {"idempotency_key": call.idempotency_key, "order": order})
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        told(call, task)
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

    @route("GET", "/tasks/<uuid:task_id>/history", tag="tasks", query=schemas.PageQuery, answer=schemas.HistoryPage)
    def list_task_history(self, call, task_id):
        """What happened to an order and its pieces, in order."""
        page = call.ask(tasks.list_task_history, call.query | {"task_id": task_id})
        with_names(call, self.names, page["items"], "actor_person_id", "actor_name")
        return page

    @route("POST", "/tasks/<uuid:task_id>/revoke", tag="tasks", body=tasks.Reason, answer=schemas.Task,
           idempotency_key=True, if_match=True, etag=True, refusals=("not_authorised", "wrong_state"))  # fmt: skip
    def revoke_task(self, call, task_id):
        """Thu hồi: an order is taken back with all its open pieces."""
        task = call.ask(tasks.revoke_task, keyed(call, task_id) | call.body)
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        return versioned(task)
