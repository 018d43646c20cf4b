"""Action items: what a post or a person must act on now."""

from marshmallow import fields, pre_load, validate

from chassis.contract import PATIENCE, Event, Procedure
from contracts.audit import list_audit_of
from contracts.fields import (
    ACTION_ITEM_KINDS,
    IN_THESE_CENTURIES,
    ITEM_DUES,
    ById,
    Id,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    one_of,
)


class ListActionItems(Page):
    """`origin`: a sibling's name. `late_since`: what became late since then. `snoozed`: what one has put off himself,
    and nothing else.
    """

    kind = one_of(ACTION_ITEM_KINDS, load_default=None, allow_none=True)
    due = one_of(ITEM_DUES, load_default=None, allow_none=True)
    origin = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 30))
    late_since = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)
    snoozed = fields.Boolean(load_default=False)


class GetOverview(Request):
    """`late_since`: what became late since then is newly late; without it, since the day began."""

    late_since = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)


class Snooze(Request):
    """`past_deadline` says that one knows that it will be late by then."""

    until = Moment(required=True)
    past_deadline = fields.Boolean(load_default=False)


class SnoozeActionItem(Snooze):
    id = Id(required=True)


class ActionItem(Statement):
    """One thing to act on now, for a post or for one person. `subject_id` is what it is about, `link` the API path that
    shows it; `task_id` is empty where it is about no task. With an `origin` a sibling of that name says that it waits,
    and `link` is its own address. `snoozed_until` is the actor's own.
    """

    id = Id(required=True)
    kind = fields.String(required=True)
    post_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    origin = fields.String(load_default=None, allow_none=True)
    subject_id = Id(required=True)
    task_id = Id(required=True, allow_none=True)
    title = fields.String(required=True)
    from_title = fields.String(required=True)
    urgency = fields.String(required=True)
    due = Moment(required=True, allow_none=True)
    link = fields.String(required=True)
    raised_at = Moment(required=True)
    snoozed_until = Moment(load_default=None, allow_none=True)


class ActionItemPage(Statement):
    items = fields.List(fields.Nested(ActionItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class KindCount(Statement):
    """`more`: so many were counted, and there are more."""

    kind = fields.String(required=True)
    count = fields.Integer(required=True)
    more = fields.Boolean(load_default=False)


class DueCount(Statement):
    due = fields.String(required=True)
    count = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class ActionItemCounts(Statement):
    """The same items by kind and by deadline, and how many the actor has put off."""

    kinds = fields.List(fields.Nested(KindCount), required=True)
    dues = fields.List(fields.Nested(DueCount), required=True)
    snoozed = fields.Integer(required=True)


class NewlyLate(Statement):
    """What became late since an instant: how many, and the first of them."""

    since = Moment(required=True)
    count = fields.Integer(required=True)
    more = fields.Boolean(required=True)
    items = fields.List(fields.Nested(ActionItem), required=True)


class Overview(Statement):
    """Counts by kind, the most burning items, and what is newly late. What the actor has snoozed is in none of them,
    and counted apart.
    """

    counts = fields.List(fields.Nested(KindCount), required=True)
    total = fields.Integer(required=True)
    more = fields.Boolean(load_default=False)
    snoozed = fields.Integer(load_default=0)
    items = fields.List(fields.Nested(ActionItem), required=True)
    newly_late = fields.Nested(NewlyLate, load_default=None, allow_none=True)


class RaisedItem(Statement):
    """Where it differs from what the event says of all, the item says so itself."""

    id = Id(required=True)
    post_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    origin = fields.String(load_default=None, allow_none=True)
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
    post_id = Id(required=True, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
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
get_action_item = Procedure("reminders", "get_action_item", ById, ActionItem, "One of them.")
count_action_items = Procedure(
    "reminders", "count_action_items", Nothing, ActionItemCounts, "How many the actor must act on now."
)  # fmt: skip
get_overview = Procedure("reminders", "get_overview", GetOverview, Overview, "Action items for the home page.")
snooze_action_item = Procedure(
    "reminders", "snooze_action_item", SnoozeActionItem, ActionItem, "The actor does not see it until then.",
    patience=PATIENCE,
)  # fmt: skip
unsnooze_action_item = Procedure(
    "reminders", "unsnooze_action_item", ById, ActionItem, "The actor sees it again.", patience=PATIENCE
)  # fmt: skip

list_audit = list_audit_of("reminders")

action_items_raised = Event(
    "reminders", "action_items_raised", ActionItemsRaised, "Somebody must act.", hearers=("gateway",)
)
action_items_closed = Event(
    "reminders", "action_items_closed", ActionItemsClosed, "It has been acted on.", hearers=("gateway",)
)
