"""Orders that recur: what is ordered, and when its draft is put before a leader."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Procedure
from contracts.fields import (
    MODES,
    REPORTING,
    ROLES,
    SOURCES,
    URGENCIES,
    AudienceName,
    ById,
    Day,
    Id,
    Line,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip
from contracts.tasks.moves import Keyed

DAY_OFF = ("before", "after", "keep")
TEMPLATE_STATES = ("active", "paused")
OUTCOMES = ("drafted", "missed", "refused")


class RecurringAssignment(Request):
    unit_id = Id(required=True)
    role = one_of(ROLES, load_default="lead")


class RecurringOrder(Request):
    """An order without its date: it is due `due_in` working days after the day on which it is drafted, or has no
    deadline. `{day}`, `{month}`, `{quarter}` and `{year}` in `title` and `content` become those of the occurrence.
    """

    title = Line(max=280, required=True)
    content = Text(max=19_000, required=True)
    mode = one_of(MODES, required=True)
    audience = AudienceName(load_default=None, allow_none=True)
    assignments = fields.List(
        fields.Nested(RecurringAssignment), load_default=None, allow_none=True, validate=validate.Length(1, 400)
    )
    urgency = one_of(URGENCIES, load_default="urgent")
    due_in = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 250))
    no_deadline = fields.Boolean(load_default=False)
    expected_result = Text(max=2_000, required=True)
    source = one_of(SOURCES, load_default="city_pc")
    followers = fields.List(Id(), load_default=list, validate=validate.Length(max=50))
    reporting = one_of(REPORTING, load_default=None, allow_none=True)

    @validates_schema
    def _one_of_each(self, data, **_):
        errors = {}
        if (data.get("audience") is None) == (data.get("assignments") is None):
            errors["audience"] = ["Give either audience or assignments."]
        if (data.get("due_in") is not None) == (data.get("no_deadline") is True):
            errors["due_in"] = ["Give either due_in or no_deadline."]
        if errors:
            raise ValidationError(errors)


class Recurrence(Request):
    """`rrule` as in RFC 5545, from `starts_on` to `ends_on`: FREQ, INTERVAL, and, as they fit, BYDAY, BYMONTHDAY and
    BYMONTH.

    An occurrence on a day off is moved by `day_off`, and from there by `offset` working days: "the first working day of
    a month" is FREQ=MONTHLY;BYMONTHDAY=1 with `after`, "three working days before its end" BYMONTHDAY=-1 with `before`
    and -3.
    """

    rrule = Line(max=200, required=True)
    starts_on = Day(required=True)
    ends_on = Day(load_default=None, allow_none=True)
    day_off = one_of(DAY_OFF, load_default="after")
    offset = fields.Integer(load_default=0, validate=validate.Range(-20, 20))


class NewTemplate(Request):
    """`leader_post_ids`: before whom the draft is put."""

    order = fields.Nested(RecurringOrder, required=True)
    recurrence = fields.Nested(Recurrence, required=True)
    leader_post_ids = fields.List(Id(), required=True, validate=validate.Length(1, 10))


class CreateTemplate(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    template = fields.Nested(NewTemplate, required=True)


class ChangeTemplate(Keyed):
    template = fields.Nested(NewTemplate, required=True)


class TemplateStep(Keyed):
    """A step that needs no words."""


class NextOccurrence(Statement):
    """`occurrence` is the day of the rule, `day` the one on which the draft is made."""

    occurrence = Day(required=True)
    day = Day(required=True)


class TemplateSummary(Statement):
    """`next` is null while nothing is to come."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    state = one_of(TEMPLATE_STATES, required=True)
    title = fields.String(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    next = fields.Nested(NextOccurrence, required=True, allow_none=True)


class RecurringOrderFact(Statement):
    title = fields.String(required=True)
    content = fields.String(required=True)
    mode = fields.String(required=True)
    audience = fields.String(required=True, allow_none=True)
    assignments = fields.List(fields.Nested(RecurringAssignment), required=True, allow_none=True)
    urgency = fields.String(required=True)
    due_in = fields.Integer(required=True, allow_none=True)
    no_deadline = fields.Boolean(required=True)
    expected_result = fields.String(required=True)
    source = fields.String(required=True)
    followers = fields.List(Id(), required=True)
    reporting = fields.String(required=True, allow_none=True)


class RecurrenceFact(Statement):
    rrule = fields.String(required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True, allow_none=True)
    day_off = fields.String(required=True)
    offset = fields.Integer(required=True)


class Template(TemplateSummary):
    """`person_id` is who wrote it last: the drafts are made in his name."""

    order = fields.Nested(RecurringOrderFact, required=True)
    recurrence = fields.Nested(RecurrenceFact, required=True)
    leader_post_ids = fields.List(Id(), required=True)
    person_id = Id(required=True)
    next_occurrences = fields.List(fields.Nested(NextOccurrence), required=True)
    allowed = fields.List(fields.String(), required=True)


class TemplatePage(Statement):
    items = fields.List(fields.Nested(TemplateSummary), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Occurrence(Statement):
    """What came of an occurrence: `drafted` as `task_id`, `missed` because nobody was there to make it in time, or
    `refused` by the rules of orders, for the reason in `code`.
    """

    occurrence = Day(required=True)
    outcome = one_of(OUTCOMES, required=True)
    task_id = Id(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    at = Moment(required=True)


class OccurrencePage(Statement):
    items = fields.List(fields.Nested(Occurrence), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListTemplates(Page):
    pass


class OfTemplate(Page):
    template_id = Id(required=True)


create_template = Procedure(
    "tasks", "create_template", CreateTemplate, Template, "Write down an order that recurs.", patience=PATIENCE
)
change_template = Procedure(
    "tasks", "change_template", ChangeTemplate, Template, "Write it anew; drafts that stand stay.", patience=PATIENCE
)
pause_template = Procedure(
    "tasks", "pause_template", TemplateStep, Template, "No drafts until it is resumed.", patience=PATIENCE
)
resume_template = Procedure(
    "tasks", "resume_template", TemplateStep, Template, "Drafts again, from the next occurrence on.", patience=PATIENCE
)
discard_template = Procedure(
    "tasks", "discard_template", TemplateStep, Nothing, "It goes; its drafts and orders stay.", patience=PATIENCE
)
get_template = Procedure("tasks", "get_template", ById, Template, "A recurring order with its next occurrences.")
list_templates = Procedure("tasks", "list_templates", ListTemplates, TemplatePage, "The recurring orders one sees.")
list_occurrences = Procedure(
    "tasks", "list_occurrences", OfTemplate, OccurrencePage, "What came of a recurring order, the latest first."
)
