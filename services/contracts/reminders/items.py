"""Action items: what a post or a person must act on now."""

from marshmallow import fields, pre_load

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
    """Where it differs from what the event says of all, the item says so itself."""

    id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    subject_id = Id(required=True)
    due = Moment(required=True, allow_none=True)
    link = fields.String(required=True)
    kind = fields.String()
    task_id = Id(allow_none=True)
    title = fields.String()
    from_title = fields.String()
    urgency = fields.String()


class ClosedItem(Statement):
    id = Id(required=True)
    kind = fields.String(required=True)
    post_id = Id(required=True)
    subject_id = Id(required=True)
    task_id = Id(required=True, allow_none=True)


class ActionItemsRaised(Statement):
    """Items that opened by one act; what they share stands once. `closed` are those that ended by it."""

    kind = fields.String(required=True)
    task_id = Id(required=True, allow_none=True)
    title = fields.String(required=True)
    from_title = fields.String(required=True)
    urgency = fields.String(required=True)
    raised_at = Moment(required=True)
    items = fields.List(fields.Nested(RaisedItem), required=True)
    closed = fields.List(fields.Nested(ClosedItem), load_default=list)


class ActionItemsClosed(Statement):
    closed_at = Moment(required=True)
    items = fields.List(fields.Nested(ClosedItem), required=True)

    @pre_load
    def _of_the_first_form(self, data, **_):
        """Kind and order stood once, for all items."""
        shared = {name: data[name] for name in ("kind", "task_id") if name in data}
        return data | {"items": [shared | item for item in data["items"]]} if shared else data


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
