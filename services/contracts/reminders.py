"""reminders: what a post or a person must act on now, until he has acted."""

from marshmallow import fields

from chassis.contract import Event, Procedure
from contracts.audit import list_audit_of
from contracts.fields import ACTION_ITEM_KINDS, Id, Moment, Nothing, Page, Statement, one_of


class ListActionItems(Page):
    kind = one_of(ACTION_ITEM_KINDS, load_default=None, allow_none=True)


class ActionItem(Statement):
    """One thing to act on now. `subject_id` is what it is about, `link` the API path that shows it; `task_id` is empty
    where it is about no task.
    """

    id = Id(required=True)
    kind = fields.String(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    subject_id = Id(required=True)
    task_id = Id(required=True, allow_none=True)
    title = fields.String(required=True)
    from_title = fields.String(required=True)
    urgency = fields.String(required=True)
    due = Moment(required=True, allow_none=True)
    link = fields.String(required=True)
    raised_at = Moment(required=True)


class ActionItemPage(Statement):
    items = fields.List(fields.Nested(ActionItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class KindCount(Statement):
    kind = fields.String(required=True)
    count = fields.Integer(required=True)


class Overview(Statement):
    """Counts by kind and the most burning items."""

    counts = fields.List(fields.Nested(KindCount), required=True)
    total = fields.Integer(required=True)
    items = fields.List(fields.Nested(ActionItem), required=True)


class RaisedItem(Statement):
    id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    subject_id = Id(required=True)
    due = Moment(required=True, allow_none=True)
    link = fields.String(required=True)


class ActionItemsRaised(Statement):
    """Items of one kind about one thing; what they share stands once."""

    kind = fields.String(required=True)
    task_id = Id(required=True, allow_none=True)
    title = fields.String(required=True)
    from_title = fields.String(required=True)
    urgency = fields.String(required=True)
    raised_at = Moment(required=True)
    items = fields.List(fields.Nested(RaisedItem), required=True)


class ClosedItem(Statement):
    id = Id(required=True)
    post_id = Id(required=True)
    subject_id = Id(required=True)


class ActionItemsClosed(Statement):
    kind = fields.String(required=True)
    task_id = Id(required=True, allow_none=True)
    closed_at = Moment(required=True)
    items = fields.List(fields.Nested(ClosedItem), required=True)


list_action_items = Procedure(
    "reminders", "list_action_items", ListActionItems, ActionItemPage, "What the actor must act on now."
)
get_overview = Procedure("reminders", "get_overview", Nothing, Overview, "Action items for the home page.")

list_audit = list_audit_of("reminders")

action_items_raised = Event(
    "reminders", "action_items_raised", ActionItemsRaised, "Somebody must act.", hearers=("gateway",)
)
action_items_closed = Event(
    "reminders", "action_items_closed", ActionItemsClosed, "It has been acted on.", hearers=("gateway",)
)
