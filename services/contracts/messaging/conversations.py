"""Conversations, who takes part in them, and how each person keeps them."""

import unicodedata

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import (
    CONVERSATION_KINDS,
    IN_THESE_CENTURIES,
    PARTICIPANT_ROLES,
    ById,
    Id,
    Line,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    one_of,
)

NAMED_AT_ONCE = 200
HISTORIES = ("all", "none", "from")
PARTICIPANT_CHANGES = ("begun", "named", "added", "left", "removed", "role_changed", "closed", "reopened")


class Name(Line):
    """What a group is called: one line, without characters that nobody sees."""

    def _deserialize(self, value, attr, data, **kwargs):
        line = super()._deserialize(value, attr, data, **kwargs)
        return " ".join("".join(each for each in line if unicodedata.category(each) != "Cf").split())


class Conversation(Statement):
    """`role` is the actor's own part: owner, responsible, member or follower; what he sees begins at `from_number`.

    Between two persons `person_id` is the other one, and there is no name. Nothing is said any more since `closed_at`,
    and by the actor where he has `left`.
    """

    id = Id(required=True)
    kind = one_of(CONVERSATION_KINDS, required=True)
    name = fields.String(required=True, allow_none=True)
    task_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    role = one_of(PARTICIPANT_ROLES, required=True)
    version = fields.Integer(required=True)
    from_number = fields.Integer(required=True)
    last_number = fields.Integer(required=True)
    unread = fields.Integer(required=True)
    pinned = fields.Boolean(required=True)
    muted_until = Moment(required=True, allow_none=True)
    left = fields.Boolean(required=True)
    closed_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)


class ConversationPage(Statement):
    """First those that one has pinned, each the most lately active first."""

    items = fields.List(fields.Nested(Conversation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListConversations(Page):
    """With `left`: those in which one takes part no more."""

    task_id = Id(load_default=None, allow_none=True)
    kind = one_of(CONVERSATION_KINDS, load_default=None, allow_none=True)
    left = fields.Boolean(load_default=False)


class Participant(Statement):
    """A post, a person, or a whole unit: its staff, whoever they are. `unit_id` is that unit, or the post's."""

    id = Id(required=True)
    post_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    role = one_of(PARTICIPANT_ROLES, required=True)
    from_number = fields.Integer(required=True)
    joined_at = Moment(required=True, allow_none=True)


class ParticipantPage(Statement):
    items = fields.List(fields.Nested(Participant), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListParticipants(Page):
    conversation_id = Id(required=True)


class Named(Request):
    """One of the three ids."""

    person_id = Id(load_default=None, allow_none=True)
    post_id = Id(load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    role = one_of(("member", "follower"), load_default="member")


def _named(least: int) -> fields.List:
    at_once = validate.Length(least, NAMED_AT_ONCE)
    return fields.List(fields.Nested(Named), load_default=list, validate=at_once)


class NewConversation(Request):
    """`direct`: with one person. `group`: with a name and those who take part beside oneself. `unit`: the room of a
    unit to whose staff one belongs.
    """

    kind = one_of(("direct", "group", "unit"), required=True)
    name = Name(max=200, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    participants = _named(0)


class BeginConversation(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    conversation = fields.Nested(NewConversation, required=True)


class RenameConversation(Request):
    id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    version = fields.Integer(required=True, allow_none=True)
    name = Name(max=200, required=True)


class ConversationSettings(Request):
    """`muted_until` null: it is heard again."""

    pinned = fields.Boolean()
    muted_until = Moment(allow_none=True, validate=IN_THESE_CENTURIES)


class SetConversationSettings(Request):
    id = Id(required=True)
    settings = fields.Nested(ConversationSettings, required=True)


class NewParticipants(Request):
    """`history`: how much of what was said they see: all of it, none, or from the message `from_number` on."""

    participants = _named(1)
    history = one_of(HISTORIES, load_default="none")
    from_number = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**31 - 1))


class AddParticipants(Request):
    conversation_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    added = fields.Nested(NewParticipants, required=True)


class OneParticipant(Request):
    conversation_id = Id(required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    id = Id(required=True)


class ChangeParticipant(OneParticipant):
    role = one_of(("owner", "member", "follower"), required=True)


class ChangedParticipant(Statement):
    id = Id(required=True)
    post_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True, allow_none=True)
    role = one_of(PARTICIPANT_ROLES, required=True)


class PartChanged(Statement):
    """`participants` are those whom the change is about. `owner_id`: under which of the ids that take part a group is
    owned from now on.
    """

    conversation_id = Id(required=True)
    kind = one_of(CONVERSATION_KINDS, required=True)
    name = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    change = one_of(PARTICIPANT_CHANGES, required=True)
    participants = fields.List(fields.Nested(ChangedParticipant), required=True)
    owner_id = Id(required=True, allow_none=True)


class PartsChanged(Statement):
    """What follows for participants, of whom each is told his own: an order's piece was given to another, the last of
    what leads was done (`closed`) or is open again (`reopened`), the owner of groups went away.
    """

    changed = fields.List(fields.Nested(PartChanged), required=True)
    at = Moment(required=True)


class ConversationChanged(PartChanged):
    """All whom it reaches are told. Nobody's act, where it followed from something else."""

    at = Moment(required=True)
    actor_person_id = Id(required=True, allow_none=True)
    acting_for = Id(required=True, allow_none=True)
    participant_post_ids = fields.List(Id(), required=True)
    participant_person_ids = fields.List(Id(), required=True)
    participant_unit_ids = fields.List(Id(), required=True)


class Sealed(Statement):
    """The transcript of what was said until the task closed: SHA-256 over its lines, and how many they are."""

    conversation_id = Id(required=True)
    task_id = Id(required=True)
    closed_at = Moment(required=True)
    count = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    sealed_at = Moment(required=True)


class TranscriptSealed(Sealed):
    participant_post_ids = fields.List(Id(), required=True)
    participant_person_ids = fields.List(Id(), required=True)
    participant_unit_ids = fields.List(Id(), required=True)


class TranscriptPage(Statement):
    """Lines as they were sealed, in the order in which they were said."""

    name = fields.String(required=True, allow_none=True)
    sealed = fields.Nested(Sealed, required=True)
    lines = fields.List(fields.String(), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class GetTranscript(Page):
    conversation_id = Id(required=True)


list_conversations = Procedure(
    "messaging", "list_conversations", ListConversations, ConversationPage,
    "The actor's conversations: those that he has pinned first, each the most lately active first.",
)  # fmt: skip
get_conversation = Procedure("messaging", "get_conversation", ById, Conversation, "One conversation.")
begin_conversation = Procedure(
    "messaging", "begin_conversation", BeginConversation, Conversation,
    "A conversation with somebody, a new group, or the room of one's unit.", patience=PATIENCE,
)  # fmt: skip
rename_conversation = Procedure(
    "messaging", "rename_conversation", RenameConversation, Conversation, "Call a group something else.",
    patience=PATIENCE,
)  # fmt: skip
set_conversation_settings = Procedure(
    "messaging", "set_conversation_settings", SetConversationSettings, Conversation,
    "Pin or mute it, for oneself alone.", patience=PATIENCE,
)  # fmt: skip
list_participants = Procedure(
    "messaging", "list_participants", ListParticipants, ParticipantPage, "Who takes part, and as what."
)
add_participants = Procedure(
    "messaging", "add_participants", AddParticipants, Conversation, "More take part in a group.", patience=PATIENCE
)
change_participant = Procedure(
    "messaging", "change_participant", ChangeParticipant, Nothing, "Another part in a group, or its owner's.",
    patience=PATIENCE,
)  # fmt: skip
remove_participant = Procedure(
    "messaging", "remove_participant", OneParticipant, Nothing, "Somebody takes part no more, or oneself.",
    patience=PATIENCE,
)  # fmt: skip
get_transcript = Procedure(
    "messaging", "get_transcript", GetTranscript, TranscriptPage, "What was said about a task until it closed."
)

conversation_changed = Event(
    "messaging", "conversation_changed", ConversationChanged, "It was begun, named, or others take part in it.",
    hearers=("gateway",),
)  # fmt: skip
parts_changed = Event(
    "messaging", "parts_changed", PartsChanged,
    "Some take part otherwise, or a case is closed or open again, by nobody's act in the conversation.",
    hearers=("gateway",),
)  # fmt: skip
transcript_sealed = Event(
    "messaging", "transcript_sealed", TranscriptSealed, "A task closed; what was said about it is sealed.",
    hearers=("tasks", "gateway"), published=("conversation_id", "task_id", "count", "sha256"),
)  # fmt: skip
