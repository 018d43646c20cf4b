"""Nudges (nhắc): attempts to get a person's attention."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Event, Procedure
from contracts.fields import Day, Id, Moment, Nothing, Page, Request, Statement, one_of

CHANNELS = ("in_app", "push", "email", "sms", "voice")
NUDGE_KINDS = ("personal", "yellow", "red", "deep_red", "unreceived", "other", "directive", "waiting")
COUNTED_BY = ("person", "unit")


class ToldNudge(Statement):
    """`subject_id` is what it is about, `link` the API path that shows it."""

    id = Id(required=True)
    kind = fields.String(required=True)
    rule = fields.String(required=True)
    rung = fields.String(required=True)
    urgency = fields.String(required=True)
    subject_id = Id(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    link = fields.String(required=True)


class Told(Statement):
    """What one person is told at once; of many nudges the most urgent are here, and how many `more` there are."""

    person_id = Id(required=True)
    nudges = fields.List(fields.Nested(ToldNudge), required=True)
    more = fields.Integer(required=True)


class NudgeDue(Statement):
    at = Moment(required=True)
    told = fields.List(fields.Nested(Told), required=True)


class ListNudges(Page):
    unread = fields.Boolean(load_default=False)


class Nudge(ToldNudge):
    sent_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)


class NudgePage(Statement):
    items = fields.List(fields.Nested(Nudge), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReadNudges(Request):
    """These, or all that were told until a moment."""

    ids = fields.List(Id(), validate=validate.Length(1, 200))
    until = Moment()

    @validates_schema
    def _one_of_both(self, data, **_):
        if ("ids" in data) == ("until" in data):
            raise ValidationError("Give either ids or until.")


class ListNudgeCounts(Page):
    """Of one day, the present one by default."""

    by = one_of(COUNTED_BY, load_default="person")
    day = Day(load_default=None, allow_none=True)


class NudgeCount(Statement):
    """`nudges` came to a person, or to the people whose first post is in a unit, as so many `deliveries`. The
    name is a unit's.
    """

    id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    nudges = fields.Integer(required=True)
    deliveries = fields.Integer(required=True)


class NudgeCountPage(Statement):
    by = fields.String(required=True)
    day = Day(required=True)
    items = fields.List(fields.Nested(NudgeCount), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


nudge_due = Event("reminders", "nudge_due", NudgeDue, "People are nudged.", hearers=("gateway",))

list_nudges = Procedure("reminders", "list_nudges", ListNudges, NudgePage, "What one was nudged about.")
read_nudges = Procedure("reminders", "read_nudges", ReadNudges, Nothing, "One has seen these nudges.")
list_nudge_counts = Procedure(
    "reminders", "list_nudge_counts", ListNudgeCounts, NudgeCountPage, "How much people are nudged in a day."
)
