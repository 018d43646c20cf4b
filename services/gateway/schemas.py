"""Bodies, parameters and answers of HTTP: the contracts' schemas, with what only HTTP adds or takes away."""

import re

import orjson
from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema

from contracts import audit, directory, messaging, reminders, tasks
from contracts.catalogue import SERVICES
from contracts.fields import REPORT_CLASSES, AudienceName, Day, Id, Moment, Page, Request, Statement, one_of
from gateway.live_log import EVENT_ID

# session


class Token(directory.Restricted):
    token = fields.String(required=True)
    expires_at = Moment(required=True)


class BrowserSession(directory.Restricted):
    """The session itself is in the cookie; `csrf_token` goes into the X-CSRF-Token header of every write."""

    csrf_token = fields.String(required=True)
    expires_at = Moment(required=True)


class Me(directory.Profile, directory.Restricted):
    """`restriction` is what must be done before any other route answers."""


class SessionEntry(Schema):
    id = Id(required=True)
    kind = one_of(("browser", "token"), required=True)
    client = fields.String(required=True)
    created_at = Moment(required=True)
    last_used_at = Moment(required=True)
    expires_at = Moment(required=True)
    current = fields.Boolean(required=True)


class SessionList(Schema):
    items = fields.List(fields.Nested(SessionEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# partners


class EventsTaken(Schema):
    """How many events were kept, and how many had been before. Whether they have effect is not known yet."""

    taken = fields.Integer(required=True)
    known = fields.Integer(required=True)


# single sign-on

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,499}")


def _local(path: str) -> None:
    """A path on this host and nothing that a browser could read as another one."""
    if not _LOCAL.fullmatch(path):
        raise ValidationError("Not a path of this site.")


class ReturnTo(Request):
    """A path of this site, where the browser goes in the end."""

    return_to = fields.String(load_default="/", validate=_local)


class ProviderAnswer(Statement):
    """What a provider gives the browser to bring back; it may say more."""

    state = fields.String(required=True, validate=validate.Length(1, 500))
    code = fields.String(load_default=None, validate=validate.Length(1, 4000))
    error = fields.String(load_default=None, validate=validate.Length(1, 500))
    iss = fields.String(load_default=None, validate=validate.Length(1, 500))


class ProviderEntry(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)


class ProviderList(Schema):
    items = fields.List(fields.Nested(ProviderEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class IdentityEntry(Schema):
    """`provider` is null for one that is no longer offered."""

    id = Id(required=True)
    provider = fields.String(required=True, allow_none=True)
    issuer = fields.String(required=True)
    linked_at = Moment(required=True)


class IdentityEntries(Schema):
    items = fields.List(fields.Nested(IdentityEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class IdentityOf(directory.IdentityOf):
    """`provider` is null for one that is no longer offered."""

    provider = fields.String(required=True, allow_none=True)


class IdentityOfPage(directory.IdentityOfPage):
    items = fields.List(fields.Nested(IdentityOf), required=True)


class NewIdentity(ReturnTo):
    """`password` is the present one, where there is one."""

    password = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 200))
    provider = fields.String(required=True, validate=validate.Length(1, 50))


class ProviderAddress(Schema):
    """Where the browser goes now."""

    url = fields.String(required=True)


class SignOutAddress(Schema):
    """Where the browser goes to sign out at the provider as well; null where there is no such place, or it is away."""

    url = fields.String(required=True, allow_none=True)


class CodeForm(Request):
    """What `totp_required` is answered with: the ticket of that answer's details, and the code."""

    ticket = fields.String(required=True)
    totp = fields.String(required=True)


class LogoutForm(Statement):
    """OpenID Connect Back-Channel Logout."""

    logout_token = fields.String(required=True)


class Subject(Request):
    """A provider's own name for somebody."""

    subject = fields.String(required=True, validate=validate.Length(1, directory.SUBJECT_AT_MOST))


# accounts


class HandoverWanted(directory.Handover):
    """`form` slips are HTML to be printed and cut, a sheet is CSV."""

    class Meta(Request.Meta):
        exclude = ("unit_id",)


# reminders


class CalendarFeed(Schema):
    """`url` holds a secret: whoever has it reads one's calendar."""

    url = fields.String(required=True)
    made_at = Moment(required=True)


class NotificationSettings(reminders.NotificationSettings):
    """`channels` are those that there are; what is `fixed` is always on, or never: nobody changes it.

    `calendar_feed_url` is the secret of `POST /calendar-feed`: null where one has made none.
    """

    calendar_feed_url = fields.String(required=True, allow_none=True)

    class Meta(reminders.NotificationSettings.Meta):
        exclude = ("calendar_feed_token",)


# the audit log


class AuditQuery(audit.ListAudit):
    """`from` up to, without, `to`; `actor` is a person's id or `service:<name>`."""

    service = one_of(SERVICES, required=True)
    since = Moment(load_default=None, allow_none=True, data_key="from")
    until = Moment(load_default=None, allow_none=True, data_key="to")


# directory


class UnitQuery(directory.GetUnit):
    class Meta(Request.Meta):
        exclude = ("id",)


class PageQuery(Page):
    """How much of a list."""


class OnDay(Request):
    """The day from which it is so."""

    on_day = Day(required=True)


# people


class StaffQuery(directory.ListStaff):
    class Meta(Request.Meta):
        exclude = ("unit_id",)


# tasks


class NewOrder(tasks.Order):
    """An order that is given at once; with `issue` false a draft, which nobody has given yet."""

    issue = fields.Boolean(load_default=True)


class Task(tasks.Task):
    """`assigner_name` is null while the directory is away."""

    assigner_name = fields.String(required=True, allow_none=True)


class NewDocumentOrders(tasks.DocumentOrders):
    """Orders that are given at once; with `issue` false drafts, which nobody has given yet."""

    issue = fields.Boolean(load_default=True)


class ReportLinesQuery(tasks.ListReportLines):
    report_class = one_of(REPORT_CLASSES, load_default=None, allow_none=True, data_key="class")

    class Meta(Request.Meta):
        exclude = ("report_id",)


class AssignmentsQuery(tasks.ListAssignments):
    class Meta(Request.Meta):
        exclude = ("task_id",)


class Happening(tasks.Happening):
    """`actor_name` is null while the directory is away."""

    actor_name = fields.String(required=True, allow_none=True)


class HistoryPage(tasks.HistoryPage):
    items = fields.List(fields.Nested(Happening), required=True)


class UnitLoadQuery(Request):
    """Either a named audience or one unit; without `due_on` the week is the present one."""

    audience = AudienceName(load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    due_on = fields.Date(load_default=None, allow_none=True)

    @validates_schema
    def _audience_or_unit(self, data, **_):
        if (data.get("audience") is None) == (data.get("unit_id") is None):
            raise ValidationError({"audience": ["Give either audience or unit_id."]})


class MoveAssignments(tasks.MoveAssignments):
    class Meta(Request.Meta):
        exclude = ("id", "idempotency_key")


# imports and exports


class HeaderMapping(fields.String):
    """A JSON object in a query parameter: header of the file -> column."""

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            mapping = orjson.loads(super()._deserialize(value, attr, data, **kwargs))
        except orjson.JSONDecodeError as error:
            raise ValidationError("Not a JSON object of texts.") from error
        if not isinstance(mapping, dict) or not all(isinstance(column, str) for column in mapping.values()):
            raise ValidationError("Not a JSON object of texts.")
        return mapping


class NewImport(Request):
    what = one_of(directory.IMPORTED, required=True)
    unit_id = Id(load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=True)
    end_missing = fields.Boolean(load_default=False)
    mapping = HeaderMapping(load_default=dict, validate=validate.Length(max=100))


class ImportFault(directory.ImportFault):
    """Programs act on `code`, people read `message`."""

    message = fields.String(required=True)


class Import(directory.Import):
    fault = fields.Nested(ImportFault, required=True, allow_none=True)


class ImportPage(directory.ImportPage):
    items = fields.List(fields.Nested(Import), required=True)


class ImportRowsQuery(directory.ListImportRows):
    class Meta(Request.Meta):
        exclude = ("id",)


class ImportRowFault(directory.ImportRowFault):
    message = fields.String(required=True)


class ImportRow(directory.ImportRow):
    faults = fields.List(fields.Nested(ImportRowFault), required=True)


class ImportRowPage(directory.ImportRowPage):
    items = fields.List(fields.Nested(ImportRow), required=True)


class NewTaskImport(Request):
    assigner_post_id = Id(load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=True)
    mapping = HeaderMapping(load_default=dict, validate=validate.Length(max=100))


class TaskImport(tasks.TaskImport):
    fault = fields.Nested(ImportFault, required=True, allow_none=True)


class TaskImportPage(tasks.TaskImportPage):
    items = fields.List(fields.Nested(TaskImport), required=True)


class TaskImportRowsQuery(tasks.ListTaskImportRows):
    class Meta(Request.Meta):
        exclude = ("id",)


class TaskImportRow(tasks.TaskImportRow):
    faults = fields.List(fields.Nested(ImportRowFault), required=True)


class TaskImportRowPage(tasks.TaskImportRowPage):
    items = fields.List(fields.Nested(TaskImportRow), required=True)


class ParkedTask(tasks.ParkedTask):
    faults = fields.List(fields.Nested(ImportRowFault), required=True)


class ParkedTaskPage(tasks.ParkedTaskPage):
    items = fields.List(fields.Nested(ParkedTask), required=True)


class CompletedTask(tasks.CompletedTask):
    parked = fields.Nested(ParkedTask, required=True, allow_none=True)


class PrintedBoardQuery(tasks.GetExceptionBoard):
    class Meta(Request.Meta):
        exclude = ("limit", "cursor")


class TaskExportQuery(tasks.TaskFilter):
    format = one_of(tasks.TASK_FORMS, load_default="xlsx")


class ExportQuery(Request):
    what = one_of(directory.IMPORTED, required=True)
    format = one_of(directory.FORMS, load_default="csv")
    unit_id = Id(load_default=None, allow_none=True)


# home


class Home(Schema):
    """Each service's part; one that does not answer is left out and named in `unavailable`."""

    tasks = fields.Nested(tasks.Summary)
    reminders = fields.Nested(reminders.Overview)
    messaging = fields.Nested(messaging.Unread)
    unavailable = fields.List(one_of(("tasks", "reminders", "messaging")), required=True)


# messaging


class ParticipantsQuery(messaging.ListParticipants):
    class Meta(Request.Meta):
        exclude = ("conversation_id",)


class ConversationChanges(messaging.RenameConversation):
    class Meta(Request.Meta):
        exclude = ("id", "idempotency_key", "version")


class PartChange(messaging.ChangeParticipant):
    class Meta(Request.Meta):
        exclude = ("conversation_id", "id", "idempotency_key")


class Participant(messaging.Participant):
    """`person_name` is null while the directory is away, and of posts and units."""

    person_name = fields.String(required=True, allow_none=True)


class ParticipantPage(messaging.ParticipantPage):
    items = fields.List(fields.Nested(Participant), required=True)


class MessagesQuery(messaging.ListMessages):
    class Meta(Request.Meta):
        exclude = ("conversation_id",)


class NewMessage(messaging.PostMessage):
    class Meta(Request.Meta):
        exclude = ("conversation_id", "idempotency_key")


class KeepingReason(messaging.HoldConversation):
    class Meta(Request.Meta):
        exclude = ("conversation_id",)


class AnnouncementToMake(messaging.NewAnnouncement):
    """With `publish: false` a draft."""

    publish = fields.Boolean(load_default=True)


class ReadUpTo(messaging.MarkRead):
    class Meta(Request.Meta):
        exclude = ("conversation_id",)


class Card(messaging.Link):
    """`title` is the task's or the person's name, null for who may not see it."""

    title = fields.String(required=True, allow_none=True)


class NamedMention(messaging.Mention):
    """`name` is a person's; null while the directory is away."""

    name = fields.String(required=True, allow_none=True)


class Message(messaging.Message):
    """`sender_name` is null while the directory is away."""

    sender_name = fields.String(required=True, allow_none=True)
    mentions = fields.List(fields.Nested(NamedMention), required=True)
    links = fields.List(fields.Nested(Card), required=True)


class MessagePage(messaging.MessagePage):
    items = fields.List(fields.Nested(Message), required=True)


class FoundMessage(messaging.FoundMessage):
    sender_name = fields.String(required=True, allow_none=True)
    mentions = fields.List(fields.Nested(NamedMention), required=True)
    links = fields.List(fields.Nested(Card), required=True)


class FoundMessagePage(messaging.FoundMessagePage):
    items = fields.List(fields.Nested(FoundMessage), required=True)


class MessageVersionsQuery(messaging.ListMessageVersions):
    class Meta(Request.Meta):
        exclude = ("message_id",)


class MessageVersion(messaging.MessageVersion):
    changed_by_name = fields.String(required=True, allow_none=True)
    mentions = fields.List(fields.Nested(NamedMention), required=True)


class MessageVersionPage(messaging.MessageVersionPage):
    items = fields.List(fields.Nested(MessageVersion), required=True)


class ReceiptsQuery(messaging.ListReceipts):
    class Meta(Request.Meta):
        exclude = ("message_id",)


class Receipt(messaging.Receipt):
    """`person_name` is null while nobody has acknowledged it, or the directory is away."""

    person_name = fields.String(required=True, allow_none=True)


class ReceiptPage(messaging.ReceiptPage):
    items = fields.List(fields.Nested(Receipt), required=True)


# operators


class ServiceHealth(Schema):
    """`code` is why it did not answer."""

    name = fields.String(required=True)
    answers = fields.Boolean(required=True)
    code = fields.String(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True)


class CopyHealth(Schema):
    """The gateway's copy of the directory. While it is older than five minutes some writes are refused."""

    complete = fields.Boolean(required=True)
    age_seconds = fields.Float(required=True, allow_none=True)


class Health(Schema):
    services = fields.List(fields.Nested(ServiceHealth), required=True)
    directory_copy = fields.Nested(CopyHealth, required=True)


# live


class LiveQuery(Request):
    last_event_id = fields.String(load_default=None, validate=validate.Regexp(EVENT_ID))


class ActionItemClosed(reminders.ClosedItem):
    closed_at = Moment(required=True)


class AssignmentChange(tasks.AssignmentChanged):
    class Meta:
        exclude = ("pieces", "awaits", "extension", "waiting", "concerns")


class TaskRevocation(tasks.TaskRevoked):
    class Meta:
        exclude = ("pieces", "concerns")


class ExtensionChange(tasks.ExtensionChanged):
    class Meta:
        exclude = ("awaits", "waiting", "concerns")


TAKING_PART = ("participant_post_ids", "participant_person_ids", "participant_unit_ids")


class PostedMessage(messaging.MessagePosted):
    class Meta:
        exclude = TAKING_PART


CONCERNED = ("concerns", "concerned_person_ids", "concerned_unit_ids")


class DirectiveReceipt(messaging.DirectiveAcknowledged):
    class Meta:
        exclude = CONCERNED


class SeenDirective(messaging.DirectiveSeen):
    conversation_id = Id(required=True)
    person_id = Id(required=True)
    at = Moment(required=True)

    class Meta:
        exclude = CONCERNED


class ReadConversation(messaging.ConversationRead):
    class Meta:
        exclude = ("seen",)


class ChangedMessage(messaging.MessageChanged):
    class Meta:
        exclude = TAKING_PART


class ConversationChange(messaging.ConversationChanged):
    class Meta:
        exclude = TAKING_PART


class SealedTranscript(messaging.TranscriptSealed):
    class Meta:
        exclude = TAKING_PART


class DraftChange(tasks.DraftChanged):
    class Meta:
        exclude = ("waiting", "concerns")


class ProgressChange(tasks.ProgressReported):
    class Meta:
        exclude = ("waiting", "concerns")


class BlockerChange(tasks.BlockerChanged):
    class Meta:
        exclude = ("waiting", "concerns")


class UrgingAnswer(tasks.UrgingAnswered):
    class Meta:
        exclude = ("waiting", "concerns")


class CorrectionChange(tasks.CorrectionChanged):
    class Meta:
        exclude = ("waiting", "concerns", "pieces")


class FiredReminder(reminders.FiredReminder):
    at = Moment(required=True)

    class Meta:
        exclude = ("person_id",)


class ToldNudges(reminders.Told):
    """Everything that one is told at once; `more` is how many nudges are not shown here."""

    at = Moment(required=True)

    class Meta:
        exclude = ("person_id",)


class PublishedAnnouncement(messaging.AnnouncementPublished):
    class Meta(messaging.AnnouncementPublished.Meta):
        exclude = ("to",)


class WithdrawnAnnouncement(messaging.AnnouncementWithdrawn):
    class Meta(messaging.AnnouncementWithdrawn.Meta):
        exclude = ("to",)


LIVE_EVENTS: dict[str, type[Schema]] = {
    "action_item_raised": reminders.ActionItem,
    "action_item_closed": ActionItemClosed,
    "assignment_changed": AssignmentChange,
    "task_revoked": TaskRevocation,
    "extension_requested": ExtensionChange,
    "extension_decided": ExtensionChange,
    "draft_changed": DraftChange,
    "progress_reported": ProgressChange,
    "blocker_raised": BlockerChange,
    "blocker_resolved": BlockerChange,
    "urging_answered": UrgingAnswer,
    "correction_proposed": CorrectionChange,
    "correction_decided": CorrectionChange,
    "message_posted": PostedMessage,
    "message_changed": ChangedMessage,
    "directive_acknowledged": DirectiveReceipt,
    "directive_seen": SeenDirective,
    "announcement_published": PublishedAnnouncement,
    "announcement_withdrawn": WithdrawnAnnouncement,
    "conversation_changed": ConversationChange,
    "conversation_read": ReadConversation,
    "transcript_sealed": SealedTranscript,
    "reminder_fired": FiredReminder,
    "nudge_due": ToldNudges,
}


# errors


class FieldFault(Schema):
    field = fields.String(required=True)
    message = fields.String(required=True)


class Problem(Schema):
    """RFC 9457. Programs act on `code`, people read `title`."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    instance = fields.String()
    errors = fields.List(fields.Nested(FieldFault))
    details = fields.Dict()


class OpenApiDocument(Schema):
    """OpenAPI 3.1."""

    openapi = fields.String(required=True)
    info = fields.Dict(required=True)
    paths = fields.Dict(required=True)
    components = fields.Dict(required=True)

    class Meta:
        unknown = INCLUDE


class ProblemKind(Schema):
    """A code, and what it means to people."""

    code = fields.String(required=True)
    status = fields.Integer(required=True)
    title_vi = fields.String(required=True)
    title_en = fields.String(required=True)


class ProblemKindList(Schema):
    items = fields.List(fields.Nested(ProblemKind), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# ladders


class LadderVersion(reminders.LadderVersion):
    """`person_name` is null while the directory is away, and of the program's own."""

    person_name = fields.String(required=True, allow_none=True)


class LadderVersionPage(reminders.LadderVersionPage):
    items = fields.List(fields.Nested(LadderVersion), required=True)


class Ladders(reminders.Ladders, LadderVersion):
    pass


class PersonCount(reminders.PersonCount):
    """`person_name` is null while the directory is away."""

    person_name = fields.String(required=True, allow_none=True)


class Simulated(reminders.Simulated):
    per_person = fields.List(fields.Nested(PersonCount), required=True)


class Simulation(reminders.Simulation):
    in_force = fields.Nested(Simulated, required=True)
    changed = fields.Nested(Simulated, required=True)
