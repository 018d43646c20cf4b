"""Personal reminders (nhắc việc cá nhân), their calendar feed, and invitations."""

import re

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import ById, Id, Line, Moment, Nothing, Page, Request, Statement, Text, one_of

REMINDER_URGENCIES = ("normal", "urgent")
REMINDER_STATES = ("active", "ended")
REMINDER_OUTCOMES = ("fired", "done", "skipped")
WORKING_DAYS_OF = ("day", "week", "month", "quarter", "year")
LINKED = re.compile(r"/api/v1/([a-z][a-z-]{0,40})/([0-9a-f-]{36})")
BEFORE_AT_MOST = 90 * 24 * 60  # minutes
INVITATION_AT_MOST = 256 * 1024  # bytes


def _link(**kwargs) -> fields.String:
    """The API path of what it is about: a task, a message, a document."""
    return fields.String(
        validate=validate.Regexp(rf"{LINKED.pattern}\Z", error="Not the path of a task, a message or a document."),
        allow_none=True, **kwargs,
    )  # fmt: skip


class NthWorkingDay(Request):
    """The `nth` working day of every period, -1 the last; of a `day` it is every working day."""

    nth = fields.Integer(load_default=1, validate=validate.And(validate.Range(-20, 20), validate.NoneOf([0])))
    of = one_of(WORKING_DAYS_OF, required=True)


class ReminderChanges(Request):
    """What changes; what is not named stays. Who names `link` of a reminder that follows its deadline names
    `before_minutes` as well.
    """

    title = Line(max=300)
    note = Text(max=5_000, allow_none=True)
    link = _link()
    urgency = one_of(REMINDER_URGENCIES)
    starts_at = Moment(allow_none=True)
    before_minutes = fields.Integer(validate=validate.Range(0, BEFORE_AT_MOST))
    rrule = Line(max=500, allow_none=True)
    working_day = fields.Nested(NthWorkingDay, allow_none=True)


class NewReminder(ReminderChanges):
    """It comes `before_minutes` before `starts_at`; without `starts_at`, before the deadline of the piece of work that
    `link` names, wherever that deadline moves. It comes again by `rrule` (RFC 5545: at least an hour apart, COUNT up to
    1000, in local time) or by `working_day`.
    """

    title = Line(max=300, required=True)
    note = Text(max=5_000, load_default=None, allow_none=True)
    link = _link(load_default=None)
    urgency = one_of(REMINDER_URGENCIES, load_default="normal")
    starts_at = Moment(load_default=None, allow_none=True)
    before_minutes = fields.Integer(load_default=0, validate=validate.Range(0, BEFORE_AT_MOST))
    rrule = Line(max=500, load_default=None, allow_none=True)
    working_day = fields.Nested(NthWorkingDay, load_default=None, allow_none=True)

    @validates_schema
    def _one_of_each(self, data, **_):
        errors = {}
        if data.get("starts_at") is None:
            named = LINKED.fullmatch(data.get("link") or "")
            if named is None or named[1] not in ("tasks", "assignments"):
                errors["starts_at"] = ["Give starts_at, or the link of a task."]
            if data.get("rrule") or data.get("working_day"):
                errors["rrule"] = ["Only with starts_at."]
        if data.get("rrule") and data.get("working_day"):
            errors["working_day"] = ["Give either rrule or working_day."]
        if errors:
            raise ValidationError(errors)


class Deadline(Request):
    """Of a piece of work that whoever asks sees, as tasks answers the edge."""

    assignment_id = Id(required=True)
    version = fields.Integer(required=True)
    due = Moment(required=True, allow_none=True)
    state = fields.String(required=True)


class KeyedReminder(Request):
    """`version` None means "whatever it is now" (If-Match: *)."""

    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class CreateReminder(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    reminder = fields.Nested(NewReminder, required=True)
    deadline = fields.Nested(Deadline, load_default=None, allow_none=True)


class ChangeReminder(KeyedReminder):
    changes = fields.Nested(ReminderChanges, required=True)
    deadline = fields.Nested(Deadline, load_default=None, allow_none=True)


class DiscardReminder(KeyedReminder):
    """It goes, with what it was to say."""


class OneOccurrence(Request):
    occurrence = Moment(required=True)


class SettleOccurrence(KeyedReminder, OneOccurrence):
    """One occurrence is done or skipped; the others come."""


class NthWorkingDayFact(Statement):
    nth = fields.Integer(required=True)
    of = fields.String(required=True)


class Reminder(Statement):
    """`next_occurrence` is what is waited for, null when it is over (`ended`) or the work it follows waits for nobody;
    it is said at `next_at`. `starts_at` is the first occurrence, null of what follows a deadline; `assignment_id` is
    the piece of work whose deadline that is.
    """

    id = Id(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)
    urgency = one_of(REMINDER_URGENCIES, required=True)
    starts_at = Moment(required=True, allow_none=True)
    before_minutes = fields.Integer(required=True)
    rrule = fields.String(required=True, allow_none=True)
    working_day = fields.Nested(NthWorkingDayFact, required=True, allow_none=True)
    assignment_id = Id(required=True, allow_none=True)
    state = one_of(REMINDER_STATES, required=True)
    next_occurrence = Moment(required=True, allow_none=True)
    next_at = Moment(required=True, allow_none=True)


class ReminderDetail(Reminder):
    upcoming = fields.List(Moment(), required=True)


class ReminderPage(Statement):
    items = fields.List(fields.Nested(Reminder), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListReminders(Page):
    """What comes first stands first, what has ended last."""

    state = one_of(REMINDER_STATES, load_default=None, allow_none=True)


class OfReminder(Page):
    reminder_id = Id(required=True)


class ReminderOccurrence(Statement):
    """What came of an occurrence: it was said (`fired_at`, with so many `missed` before it), done, or skipped."""

    occurrence = Moment(required=True)
    outcome = one_of(REMINDER_OUTCOMES, required=True)
    missed = fields.Integer(required=True)
    fired_at = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)


class ReminderOccurrencePage(Statement):
    items = fields.List(fields.Nested(ReminderOccurrence), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ImportInvitation(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    text = fields.String(required=True, validate=validate.Length(1, INVITATION_AT_MOST))


class ImportedInvitation(Statement):
    """`unchanged`: what is over, or known in a newer form."""

    created = fields.List(Id(), required=True)
    changed = fields.List(Id(), required=True)
    removed = fields.List(Id(), required=True)
    unchanged = fields.Integer(required=True)


class MakeFeed(Request):
    """Not kept under a key: the answer holds a secret that is stored nowhere. Asked twice, the second one counts."""


class CalendarFeed(Statement):
    """`token` is shown now and never again; a former one reads nothing any more."""

    token = fields.String(required=True)
    made_at = Moment(required=True)


class ReadFeed(Request):
    token = fields.String(required=True, validate=validate.Length(1, 200))


class ReadCalendar(ReadFeed):
    """`address` is where people reach us: what stands in the calendar leads there."""

    address = fields.String(required=True)


class Calendar(Statement):
    text = fields.String(required=True)


class FiredReminder(Statement):
    """It has moved on: `occurrence` is said now, in a nudge to whoever did not mute them; `missed` earlier ones were
    never said, because nobody was there to say them.
    """

    reminder_id = Id(required=True)
    person_id = Id(required=True)
    occurrence = Moment(required=True)
    missed = fields.Integer(required=True)


class ReminderFired(Statement):
    """Reminders whose time has come, of any number of persons."""

    at = Moment(required=True)
    items = fields.List(fields.Nested(FiredReminder), required=True)


def _act(name: str, request: type[Request], reply: type[Statement] | type[Request], summary: str, **more) -> Procedure:
    return Procedure("reminders", name, request, reply, summary, patience=PATIENCE, **more)


create_reminder = _act("create_reminder", CreateReminder, ReminderDetail, "To be reminded of something.")
change_reminder = _act("change_reminder", ChangeReminder, ReminderDetail, "Of something else, or at another time.")
discard_reminder = _act("discard_reminder", DiscardReminder, Nothing, "It goes, with what it was to say.")
mark_done = _act("mark_done", SettleOccurrence, ReminderDetail, "One occurrence is done; the others come.")
skip_occurrence = _act("skip_occurrence", SettleOccurrence, ReminderDetail, "One occurrence is left out.")
get_reminder = Procedure("reminders", "get_reminder", ById, ReminderDetail, "A reminder with its next occurrences.")
list_reminders = Procedure("reminders", "list_reminders", ListReminders, ReminderPage, "The person's own reminders.")
list_reminder_occurrences = Procedure(
    "reminders", "list_reminder_occurrences", OfReminder, ReminderOccurrencePage, "What came of a reminder."
)
import_invitation = _act(
    "import_invitation", ImportInvitation, ImportedInvitation, "Events of an iCalendar file become reminders.",
    timeout=10.0,
)  # fmt: skip
make_feed = Procedure("reminders", "make_feed", MakeFeed, CalendarFeed, "A private address for calendar programs.")
revoke_feed = Procedure("reminders", "revoke_feed", Nothing, Nothing, "The address reads nothing any more.")
read_feed = Procedure(
    "reminders", "read_feed", ReadCalendar, Calendar, "The calendar of whoever made this token.", caller="service",
    callers=("gateway",),
)  # fmt: skip

reminder_fired = Event(
    "reminders", "reminder_fired", ReminderFired, "Personal reminders whose time has come.", hearers=("gateway",)
)
