"""An order before it is given: drafted, put before a leader, sent back, issued."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import Id, Nothing, Request
from contracts.tasks.moves import ForAReason, Keyed
from contracts.tasks.orders import AssignRequest, Order, Task


class Leaders(Request):
    """The leader, or the group of leaders, in whose name it is to be given; any one of them may give it."""

    leader_post_ids = fields.List(Id(), required=True, validate=validate.Length(1, 10))


class EditDraft(Keyed):
    order = fields.Nested(Order, required=True)


class SubmitForIssue(Keyed, Leaders):
    """The draft goes to those who may give it."""


class Step(Keyed):
    """A step that needs no words."""


draft = Procedure("tasks", "draft", AssignRequest, Task, "Prepare an order, without giving it.", patience=PATIENCE)
edit_draft = Procedure("tasks", "edit_draft", EditDraft, Task, "The draft is written anew.", patience=PATIENCE)
discard_draft = Procedure("tasks", "discard_draft", Step, Nothing, "One's own draft goes.", patience=PATIENCE)
submit_for_issue = Procedure(
    "tasks", "submit_for_issue", SubmitForIssue, Task, "The draft is put before a leader.", patience=PATIENCE
)
return_draft = Procedure(
    "tasks", "return_draft", ForAReason, Task, "The leader sends the draft back.", patience=PATIENCE
)  # fmt: skip
issue = Procedure(
    "tasks", "issue", Step, Task, "The leader gives the order as it was drafted.", timeout=10.0, patience=PATIENCE
)  # fmt: skip
