"""Conversations, and who takes part in them."""

import base64

import orjson
from eventlet import tpool

from chassis.contract import schema
from chassis.http import Answer, HttpRefusal
from chassis.later import Later
from contracts import messaging
from gateway import exporting, schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned, with_mentions, with_names
from gateway.routes import BASE, route

transcript_paper = Later("gateway.papers.transcript")
NAMED = (
    "direct_is_between_two", "oneself_alone", "participant_twice", "unknown_person", "unknown_post", "unknown_unit",
    "unit_of_others",
)  # fmt: skip
IN_A_GROUP = ("not_authorised", "not_a_group", "conversation_left")
LINES, PDF = "application/x-ndjson", "application/pdf"
LINES_AT_ONCE, MOST_LINES, MOST_PRINTED = 200, 20_000, 2000


class ConversationsRoutes:
    @route("GET", "/conversations", tag="messaging", query=messaging.ListConversations,
           answer=messaging.ConversationPage)  # fmt: skip
    def list_conversations(self, call):
        """One's conversations: those that one has pinned first, each the most lately active first."""
        page = call.ask(messaging.list_conversations, call.query)
        self._name(call, page["items"])
        return page

    @route("POST", "/conversations", tag="messaging", body=messaging.NewConversation, answer=messaging.Conversation,
           status=201, idempotency_key=True, etag=True, refusals=("not_found", "too_many_messages",
                     *NAMED))  # fmt: skip
    def create_conversation(self, call):
        """Between two persons (the same two always get the same one), a new group, or the room of one's unit."""
        request = {"idempotency_key": call.idempotency_key, "conversation": call.body}
        begun = self._named(call, call.ask(messaging.begin_conversation, request))
        return versioned(begun, status=201, headers={"Location": f"{BASE}/conversations/{begun['id']}"})

    @route("GET", "/conversations/<uuid:conversation_id>", tag="messaging", answer=messaging.Conversation, etag=True)
    def get_conversation(self, call, conversation_id):
        """One conversation."""
        return versioned(self._named(call, call.ask(messaging.get_conversation, {"id": conversation_id})))

    @route("PATCH", "/conversations/<uuid:conversation_id>", tag="messaging", body=schemas.ConversationChanges,
           answer=messaging.Conversation, idempotency_key=True, if_match=True, etag=True,
           refusals=IN_A_GROUP)  # fmt: skip
    def rename_conversation(self, call, conversation_id):
        """Call a group something else."""
        return versioned(call.ask(messaging.rename_conversation, keyed(call, conversation_id) | call.body))

    @route("PATCH", "/conversations/<uuid:conversation_id>/settings", tag="messaging",
           body=messaging.ConversationSettings, answer=messaging.Conversation, etag=True,
           refusals=("too_many_pinned",))  # fmt: skip
    def set_conversation_settings(self, call, conversation_id):
        """Pin it or mute it, for oneself alone."""
        changed = call.ask(messaging.set_conversation_settings, {"id": conversation_id, "settings": call.body})
        return versioned(self._named(call, changed))

    @route("GET", "/conversations/<uuid:conversation_id>/participants", tag="messaging",
           query=schemas.ParticipantsQuery, answer=schemas.ParticipantPage,
           refusals=("conversation_left",))  # fmt: skip
    def list_participants(self, call, conversation_id):
        """Who takes part, and as what."""
        page = call.ask(messaging.list_participants, call.query | {"conversation_id": conversation_id})
        with_names(call, self.names, page["items"], "person_id", "person_name")
        return page

    @route("POST", "/conversations/<uuid:conversation_id>/participants", tag="messaging",
           body=messaging.NewParticipants, answer=messaging.Conversation, status=201, idempotency_key=True, etag=True,
           refusals=(*IN_A_GROUP, *NAMED[1:], "participant_exists", "too_many_participants",
                     "too_many_messages"))  # fmt: skip
    def add_participants(self, call, conversation_id):
        """More take part in a group; `history` says how much they see of what was said."""
        request = {"conversation_id": conversation_id, "idempotency_key": call.idempotency_key, "added": call.body}
        return versioned(call.ask(messaging.add_participants, request), status=201)

    @route("PATCH", "/conversations/<uuid:conversation_id>/participants/<uuid:participant_id>", tag="messaging",
           body=schemas.PartChange, status=204, idempotency_key=True,
           refusals=(*IN_A_GROUP, "owner_must_hand_over", "unit_owns_nothing"))  # fmt: skip
    def change_participant(self, call, conversation_id, participant_id):
        """Another part; the owner's is handed over."""
        call.ask(messaging.change_participant, _of(call, conversation_id, participant_id) | call.body)
        return Answer(status=204)

    @route("DELETE", "/conversations/<uuid:conversation_id>/participants/<uuid:participant_id>", tag="messaging",
           status=204, idempotency_key=True, refusals=IN_A_GROUP)  # fmt: skip
    def remove_participant(self, call, conversation_id, participant_id):
        """Rời nhóm, or somebody is removed: he keeps what he saw."""
        call.ask(messaging.remove_participant, _of(call, conversation_id, participant_id))
        return Answer(status=204)

    @route("GET", "/conversations/<uuid:conversation_id>/transcript", tag="messaging", limit="export",
           media_type=LINES, etag=True,
           refusals=("transcript_not_sealed", "transcript_expired", "too_many_to_export"))  # fmt: skip
    def get_transcript(self, call, conversation_id):
        """What was said about a task until it closed, a line of JSON for each message: the file whose SHA-256 was
        sealed then; `Repr-Digest` (RFC 9530) says it.
        """
        with exporting.room():
            sealed, _, lines = _transcript(call, conversation_id, MOST_LINES)
        content = "".join(f"{line}\n" for line in lines).encode()
        digest = base64.b64encode(bytes.fromhex(sealed["sha256"])).decode()
        answer = exporting.file(content, LINES, f"trao-doi-{sealed['task_id']}.jsonl")
        answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
        answer.etag = sealed["sha256"]
        return answer

    @route("GET", "/conversations/<uuid:conversation_id>/transcript.pdf", tag="messaging", limit="export",
           media_type=PDF, refusals=("transcript_not_sealed", "transcript_expired", "too_many_to_export"))  # fmt: skip
    def print_transcript(self, call, conversation_id):
        """The same to be read on paper, with the names of those who spoke and the hash of the file."""
        with exporting.room():
            sealed, name, lines = _transcript(call, conversation_id, MOST_PRINTED)
            said = [orjson.loads(line) for line in lines]
            with_names(call, self.names, said, "sender_person_id", "sender_name")
            with_mentions(call, self.names, said)
            sealed = schema(messaging.Sealed).load(sealed)
            content = tpool.execute(_printed, sealed, name, said)
        return exporting.file(content, PDF, f"trao-doi-{sealed['task_id']}.pdf")

    def _name(self, call, conversations: list[dict]) -> None:
        """Between two persons it is called after the other one."""
        direct = [each for each in conversations if each["kind"] == "direct"]
        with_names(call, self.names, direct, "person_id", "name")

    def _named(self, call, conversation: dict) -> dict:
        self._name(call, [conversation])
        return conversation


def _of(call, conversation_id: str, participant_id: str) -> dict:
    return {"conversation_id": conversation_id, "id": participant_id, "idempotency_key": call.idempotency_key}


def _printed(*about) -> bytes:
    """In a real thread, the first time with what it takes to print."""
    return transcript_paper.pdf(*about)


def _transcript(call, conversation_id: str, most: int) -> tuple[dict, str | None, list[str]]:
    """How it was sealed, of what, and its lines."""
    lines, cursor, is_first = [], None, True
    while is_first or cursor:
        request = {"conversation_id": conversation_id, "limit": LINES_AT_ONCE, "cursor": cursor}
        page = call.ask(messaging.get_transcript, request)
        if page["sealed"]["count"] > most:
            raise HttpRefusal("too_many_to_export", limit=most)
        lines += page["lines"]
        cursor, is_first = page["next_cursor"], False
    return page["sealed"], page["name"], lines
