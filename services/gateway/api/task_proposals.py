"""Proposals of orders from the text of an instruction."""

from contracts import tasks
from gateway.routes import route


class TaskProposalsRoutes:
    @route("POST", "/task-proposals", tag="tasks", body=tasks.Instructions, answer=tasks.Proposals,
           refusals=("not_authorised",))  # fmt: skip
    def propose_tasks(self, call):
        """What orders a text seems to give: each a body for `POST /tasks`, to be confirmed. Gives and keeps nothing."""
        return call.ask(tasks.propose, call.body)
