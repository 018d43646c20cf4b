"""Messages, and how far one has read them."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import ById, Id, Line, Moment, Nothing, Page, Request, Statement, one_of
from contracts.files import AttachedFile, FileIds
from contracts.messaging.announcements import UnseenAnnouncements
from contracts.messaging.directives import Asked, Asking, DirectiveSeen, NewAsking

MENTIONED = ("person", "post", "unit", "all")
SPOKEN_KINDS = ("text", "directive", "urging")
MESSAGE_STATES = ("said", "removed", "withdrawn")
MESSAGE_CHANGES = ("edited", "removed", "withdrawn")
MENTIONS_AT_MOST = 50
TEXT_AT_MOST = 40_000  # characters as they come; as they are kept, in NFC, half of that


class NewMention(Request):
    """Where in `text`, in code points, somebody is named; `id` is null of `all`."""

    kind = one_of(MENTIONED, required=True)
    id = Id(load_default=None, allow_none=True)
    offset = fields.Integer(required=True, validate=validate.Range(0, TEXT_AT_MOST))
    length = fields.Integer(required=True, validate=validate.Range(1, 500))

    @validates_schema
    def _names_somebody(self, data, **_):
        if (data.get("id") is None) != (data.get("kind") == "all"):
            raise ValidationError({"id": ["Whom?"]})


class Mention(Statement):
    """Of a person nothing but "@" stands in the text: his name is the directory's."""

    kind = fields.String(required=True)
    id = Id(required=True, allow_none=True)
    offset = fields.Integer(required=True)
    length = fields.Integer(required=True)


class Link(Statement):
    """Something of ours that a text leads to: a task, an assignment, a person."""

    kind = fields.String(required=True)
    id = Id(required=True)


class Message(Statement):
    """`number` counts up within the conversation without gaps, `version` with each change. `body` is the text as a tree
    of nodes, null if nothing in it is marked up: paragraph, quote, list (`items`) and code_block; within them text,
    bold, italic, code, link (`href`, and `to` if it is one of ours) and mention. What was removed has no text and no
    files any more; what was kept as long as it should be has nothing more since `expired_at`.
    """

    id = Id(required=True)
    conversation_id = Id(required=True)
    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    version = fields.Integer(required=True)
    state = one_of(MESSAGE_STATES, required=True)
    text = fields.String(required=True)
    body = fields.List(fields.Dict(), required=True, allow_none=True)
    mentions = fields.List(fields.Nested(Mention), required=True)
    links = fields.List(fields.Nested(Link), required=True)
    files = fields.List(fields.Nested(AttachedFile), required=True)
    reply_to = Id(required=True, allow_none=True)
    reply_to_number = fields.Integer(required=True, allow_none=True)
    client_id = fields.String(required=True, allow_none=True)
    sender_person_id = Id(required=True)
    sender_post_id = Id(required=True)
    sender_title = fields.String(required=True)
    sent_at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)
    ended_by_person_id = Id(required=True, allow_none=True)
    ended_reason = fields.String(required=True, allow_none=True)
    expired_at = Moment(required=True, allow_none=True)
    asking = fields.Nested(Asking, load_default=None, allow_none=True)


class MessagePage(Statement):
    """Newest first; the cursor goes back in time."""

    items = fields.List(fields.Nested(Message), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListMessages(Page):
    """`around`: the page in the middle of which this number stands; what is newer is asked for by a greater one."""

    conversation_id = Id(required=True)
    around = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 2**31 - 1000))


class SearchMessages(Page):
    """Messages that have all words of `q`, with or without diacritics, in small or capital letters."""

    q = Line(max=200, required=True)
    conversation_id = Id(load_default=None, allow_none=True)
    sender_person_id = Id(load_default=None, allow_none=True)
    since = Moment(load_default=None, allow_none=True)
    until = Moment(load_default=None, allow_none=True)


class FoundMessage(Message):
    conversation_name = fields.String(required=True, allow_none=True)


class FoundMessagePage(Statement):
    """Newest first."""

    items = fields.List(fields.Nested(FoundMessage), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SaidText(Request):
    """Unicode text; messaging keeps it in NFC, without what nobody sees. Empty only with files."""

    text = fields.String(load_default="", validate=validate.Length(max=TEXT_AT_MOST))
    mentions = fields.List(
        fields.Nested(NewMention), load_default=list, validate=validate.Length(max=MENTIONS_AT_MOST)
    )  # fmt: skip


class SaidMessage(SaidText):
    """`client_id` is the sender's own name of it: what is sent again under the same one, by whatever session, is the
    same message. Without one the Idempotency-Key is it.
    """

    client_id = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"[\x21-\x7e]{1,100}\Z"))
    reply_to = Id(load_default=None, allow_none=True)
    file_ids = FileIds()


class PostMessage(SaidMessage, NewAsking):
    conversation_id = Id(required=True)
    kind = one_of(SPOKEN_KINDS, load_default="text")
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class KeyedMessage(Request):
    """`version` None means "whatever it is now" (If-Match: *)."""

    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class EditMessage(KeyedMessage, SaidText):
    """What it says from now on; what it said before is kept."""


class RemoveMessage(KeyedMessage):
    """Its text goes; its number stays, with who removed it and when."""


class Withdrawal(Request):
    reason = Line(max=500, required=True)


class WithdrawMessage(KeyedMessage, Withdrawal):
    """What it asked for is asked for no more; what it said stays."""


class MessageVersion(Statement):
    """What a message said until then."""

    version = fields.Integer(required=True)
    text = fields.String(required=True)
    mentions = fields.List(fields.Nested(Mention), required=True)
    until = Moment(required=True)
    changed_by_person_id = Id(required=True)


class MessageVersionPage(Statement):
    """The latest first."""

    items = fields.List(fields.Nested(MessageVersion), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListMessageVersions(Page):
    message_id = Id(required=True)


class MarkRead(Request):
    conversation_id = Id(required=True)
    number = fields.Integer(required=True, validate=validate.Range(min=0, max=2**53))


class ConversationRead(Statement):
    """A person has read up to `number`: told to himself alone. `seen`: the receipts that this has moved."""

    conversation_id = Id(required=True)
    person_id = Id(required=True)
    number = fields.Integer(required=True)
    at = Moment(required=True)
    seen = fields.List(fields.Nested(DirectiveSeen), required=True)


class MentionsRead(ConversationRead):
    """`message_ids`: those that mention him, and that he has read by it."""

    message_ids = fields.List(Id(), required=True)


class Unread(Statement):
    """What one has muted is counted apart; `directives`: so many wait until one has taken note."""

    conversations = fields.Integer(required=True)
    messages = fields.Integer(required=True)
    directives = fields.Integer(load_default=0)
    announcements = fields.Nested(UnseenAnnouncements, required=True)
    muted_conversations = fields.Integer(load_default=0)
    muted_messages = fields.Integer(load_default=0)


class MessagePosted(Message):
    """`conversation_name` is null between two persons."""

    conversation_name = fields.String(required=True, allow_none=True)
    participant_post_ids = fields.List(Id(), required=True)
    participant_person_ids = fields.List(Id(), load_default=list)
    participant_unit_ids = fields.List(Id(), load_default=list)


class MessageChanged(MessagePosted):
    change = one_of(MESSAGE_CHANGES, required=True)
    changed_at = Moment(required=True)


class MessageAddressed(MessagePosted):
    """`mentions` name people and posts; of units and of all a hearer knows himself who they are. `asked`: who is to
    take note of a directive, or of an urging that is no task's; `inside`: that is no matter of the city's Office.
    `muted_person_ids`: who does not want to be called there by the name of a unit or of all.
    """

    change = one_of(("posted", *MESSAGE_CHANGES), required=True)
    changed_at = Moment(required=True, allow_none=True)
    asked = fields.List(fields.Nested(Asked), load_default=list)
    inside = fields.Boolean(load_default=False)
    muted_person_ids = fields.List(Id(), load_default=list)


list_messages = Procedure("messaging", "list_messages", ListMessages, MessagePage, "What was said, newest first.")
search_messages = Procedure(
    "messaging", "search_messages", SearchMessages, FoundMessagePage, "What was said with these words, newest first."
)
get_message = Procedure("messaging", "get_message", ById, Message, "One message.")
list_message_versions = Procedure(
    "messaging", "list_message_versions", ListMessageVersions, MessageVersionPage, "What a message said before."
)
post_message = Procedure("messaging", "post_message", PostMessage, Message, "Say something.", patience=PATIENCE)
edit_message = Procedure("messaging", "edit_message", EditMessage, Message, "Say it otherwise.", patience=PATIENCE)
remove_message = Procedure("messaging", "remove_message", RemoveMessage, Message, "Unsay it.", patience=PATIENCE)
withdraw_message = Procedure(
    "messaging", "withdraw_message", WithdrawMessage, Message, "Ask no more for what was asked.", patience=PATIENCE
)
mark_read = Procedure(
    "messaging", "mark_read", MarkRead, Nothing, "The actor has read up to this number.", patience=PATIENCE
)
get_unread = Procedure("messaging", "get_unread", Nothing, Unread, "Unread counts for the home page.")

message_posted = Event(
    "messaging", "message_posted", MessagePosted, "Somebody spoke, and called for nobody.", hearers=("gateway",)
)
message_changed = Event(
    "messaging", "message_changed", MessageChanged, "What called for nobody was edited or removed.",
    hearers=("gateway",),
)  # fmt: skip
message_addressed = Event(
    "messaging", "message_addressed", MessageAddressed, "What mentions or asks somebody was said, or changed.",
    hearers=("gateway", "reminders"),
)  # fmt: skip
conversation_read = Event(
    "messaging", "conversation_read", ConversationRead, "Somebody has read further, or a directive was seen.",
    hearers=("gateway",),
)  # fmt: skip
mentions_read = Event(
    "messaging", "mentions_read", MentionsRead, "Somebody has read further, and what mentions him.",
    hearers=("gateway", "reminders"),
)  # fmt: skip
