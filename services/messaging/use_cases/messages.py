"""What is said, and how far each person has read it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import orjson

from chassis import clock
from chassis.contract import schema
from chassis.errors import IdempotencyKeyReused, InvalidRequest
from chassis.idempotency import answer_once
from chassis.paging import a_moment, a_number, an_id, page, position
from chassis.wire import weight
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from messaging.domain import markup
from messaging.domain.conversations import Addressees
from messaging.domain.directives import led
from messaging.domain.saying import (
    MOST_VERSIONS,
    Pace,
    Unsayable,
    cleaned,
    has_something,
    may_call,
    may_change,
    may_withdraw,
)
from messaging.storage import files as file_storage
from messaging.storage import messages as storage
from messaging.storage import transcripts
from messaging.storage.conversations import addressees_of, find_bare
from messaging.storage.conversations import unread as count_unread
from messaging.storage.mentions import count_called, leave_unread, mentions_read, taking_part
from messaging.storage.searching import search as search_storage
from messaging.storage.words import sought
from messaging.use_cases import announcements, asking, conversations, files, pacing, telling

REFUSALS = {
    "not_authorised": "It is another's.",
    "message_cannot_change": "What asks for something is withdrawn, and not changed.",
    "message_ended": "It was removed or withdrawn.",
    "message_too_old": "Too much time has passed.",
}
SOUGHT_AT_MOST = 8  # words
MOST = 2**31 - 1
INSTANT = timedelta(microseconds=1)


def list_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    """`around` begins with as many newer ones as half a page takes."""
    actor = actor_for(tx, contract.list_messages, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    before, around, limit = position(request["cursor"], a_number), request["around"], request["limit"]
    end = before[0] if before else MOST if around is None else around + limit // 2 + 1
    rows = storage.messages_of(tx, conversation["id"], _open_to(conversation, end), limit + 1)
    found, next_cursor = _page(rows, limit)
    if before is None and around is not None:
        from_there = [row for row in rows if row["number"] <= around]
        if from_there and found[-1]["number"] > around:  # what is newer fills the page
            found, next_cursor = _page(from_there, limit)
    return {"items": asking.shown(tx, actor, found), "next_cursor": next_cursor}


def _page(rows: Sequence[Mapping], limit: int) -> tuple[Sequence[dict], str | None]:
    return page([shown(row) for row in rows], limit, lambda row: [row["number"]], weight)


def _open_to(conversation: Mapping, end: int = MOST) -> range:
    """The numbers that the actor may read of it."""
    until = conversation["until_number"]
    return range(conversation["from_number"], end if until is None else min(end, until + 1))


def search_messages(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.search_messages, claims, now)
    words = sought(request["q"])
    if not words or len(words) > SOUGHT_AT_MOST:
        raise InvalidRequest("what is sought?", errors={"q": [f"1 to {SOUGHT_AT_MOST} words."]})
    if request["conversation_id"]:
        conversations.own(tx, actor, request["conversation_id"])
    before = position(request["cursor"], a_moment, an_id, a_number)
    rows = search_storage(tx, conversations.ids_of(actor), words, request, before, request["limit"] + 1)
    found, next_cursor = page(
        [shown(row) for row in rows],
        request["limit"],
        lambda row: [row["sent_at"].isoformat(), row["conversation_id"], row["number"]],
        weight,
    )
    return {"items": asking.shown(tx, actor, found), "next_cursor": next_cursor}


def get_message(tx, claims: dict, request: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_message, claims, now)
    return asking.shown(tx, actor, [shown(own(tx, actor, request["id"])[0])])[0]


def own(tx, actor: Actor, message_id: str, *, lock: bool = False) -> tuple[Mapping, Mapping]:
    """A message that the actor may read, and its conversation; any other is as if it were not there. What one is asked,
    or has asked, one may read whether one takes part by now or not.
    """
    message = storage.find_message(tx, message_id, lock=lock)
    if message is not None:
        conversation = conversations.find(tx, actor, message["conversation_id"])
        if conversation is not None and message["number"] in _open_to(conversation):
            return message, conversation
        if asking.concerns(tx, actor, message):
            return message, find_bare(tx, message["conversation_id"])
    raise Refused("not_found", "There is no such message for you.")


def shown(message: Mapping) -> dict:
    """As it is told: its text as a tree where anything in it is marked up, and what of ours that leads to."""
    body = markup.tree(message["text"], message["mentions"] or ())
    files = [] if message["state"] == "removed" else message["files"] or []
    lists = {"mentions": message["mentions"] or [], "files": files}
    return dict(message) | lists | {"body": body, "links": markup.links(body)}


# speaking


def post_message(tx, claims: dict, request: dict, pace: Pace, scans: bool, now: datetime) -> dict:
    """Raises SaidMeanwhile; asked again it answers what the other one has said."""
    actor = actor_for(tx, contract.post_message, claims, now)
    text, mentions = _sayable(request["text"], request["mentions"])
    if not has_something(text) and not request["file_ids"]:
        raise InvalidRequest("nothing is said", errors={"text": ["Shorter than minimum length 1."]})
    client_id = request["client_id"] or request["idempotency_key"]
    try:
        conversation = conversations.writable(tx, actor, request["conversation_id"])
        reached = addressees_of(tx, conversation["id"])
        conversations.require_fresh_if_lent(tx, actor, reached, now)
        asks = asking.asked_by(tx, actor, conversation, request, now)
    except Refused:
        if said := _said_before(tx, actor, request, client_id):
            return said
        raise
    turn = storage.take_turn(tx, conversation["id"], actor.person_id, client_id, pace, now)
    if turn is None:
        if said := _said_before(tx, actor, request, client_id):
            return said
        raise Refused("conversation_closed")  # since
    if not turn.in_pace:
        raise pacing.too_fast(storage.turn_waits(tx, conversation["id"], actor.person_id, pace, now))
    _require_taking_part(tx, actor, conversation, mentions, reached, now)
    message = {
        "id": clock.new_id(),
        "conversation_id": conversation["id"],
        "number": turn.number,
        "kind": request["kind"],
        "text": text,
        "mentions": mentions or None,
        "sender_person_id": actor.person_id,
        "sender_post_id": actor.post_id,
        "sender_title": actor.post_title,
        "acting_for": actor.acting_for,
        "sent_at": turn.at,
        "client_id": client_id,
        "request_hash": _hash_of(request),
    }
    if request["reply_to"]:
        message |= _answered(tx, actor, conversation, request["reply_to"])
    if request["file_ids"]:
        message["files"] = _attached(tx, actor, request["file_ids"], message["id"], scans, now)
    asked = asking.keep(tx, message, asks) if asks else {}
    return say(tx, message, conversation["name"], reached, asked)


def say(tx, message: Mapping, conversation_name: str | None, reached: Addressees, asked: Mapping | None = None) -> dict:
    """The message, whatever its kind, is kept and told to all who take part: the act's one event. `asked`: what it asks
    of whom.
    """
    storage.add_message(tx, message)
    told = shown(storage.AS_NEW | message) | (asked or {"asking": None})
    telling.tell_posted(tx, told, conversation_name, reached)
    return told


def _sayable(text: str, mentions: Sequence[Mapping]) -> tuple[str, list[dict]]:
    try:
        return cleaned(text, mentions)
    except Unsayable as unsayable:
        raise InvalidRequest(str(unsayable), errors={unsayable.field: [unsayable.message]}) from unsayable


def _said_before(tx, actor: Actor, request: dict, client_id: str) -> dict | None:
    """Sent again it is the same message, whatever has become of its conversation, or of the sender's part in it."""
    message = storage.sent_before(tx, request["conversation_id"], actor.person_id, client_id)
    if message is None:
        return None
    if message["request_hash"] != _hash_of(request):
        raise IdempotencyKeyReused("this client_id was used for another message")
    return asking.shown(tx, actor, [shown(message)])[0]


def _hash_of(request: dict) -> str:
    asked = [request[name] for name in ("text", "mentions", "reply_to", "file_ids")]
    if request["kind"] != "text":
        asked += asking.said(request)
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _require_taking_part(
    tx, actor: Actor, conversation: Mapping, mentions: Sequence[Mapping], reached: Addressees, now: datetime
) -> None:  # fmt: skip
    if not mentions:
        return
    named: dict[str, set[str]] = {}
    for mention in mentions:
        named.setdefault(mention["kind"], set()).add(mention["id"])
    calls_all = named.pop("all", None) is not None
    outside = {(kind, id_) for kind, ids in named.items() for id_ in ids} - taking_part(tx, reached, named, now)
    if outside:
        raise Refused("mention_outside", "They do not take part.", ids=sorted(id_ for _, id_ in outside))
    if calls_all or "unit" in named:
        called = count_called(tx, reached, None if calls_all else named["unit"], led(actor), now)
        if not may_call(called, conversation["role"]):
            raise Refused("too_many_to_mention", "Only who is responsible, or leads them, calls so many.")


def _answered(tx, actor: Actor, conversation: Mapping, message_id: str) -> dict:
    message = storage.find_message(tx, message_id)
    if (
        message is None
        or message["conversation_id"] != conversation["id"]
        or message["number"] not in _open_to(conversation)
    ):
        raise Refused("unknown_message", "There is no such message in this conversation.", field="reply_to")
    return {"reply_to": message["id"], "reply_to_number": message["number"]}


def _attached(
    tx, actor: Actor, file_ids: Sequence[str], message_id: str, scans: bool, now: datetime
) -> list[dict]:  # fmt: skip
    held = files.hold(tx, actor.person_id, file_ids, scans, now)
    files.attach(tx, files.HERE, message_id, file_ids)
    return [{name: file[name] for name in ("id", "name", "media_type", "size", "sha256")} for file in held]


# changing


def edit_message(tx, claims: dict, request: dict, pace: Pace, within: timedelta, now: datetime) -> dict:
    def edit(actor: Actor, message: Mapping, conversation: Mapping) -> dict:
        _permit(may_change(message, actor.person_id, now, within))
        text, mentions = _sayable(request["text"], request["mentions"])
        if not has_something(text) and not message["files"]:
            raise InvalidRequest("nothing is said", errors={"text": ["Shorter than minimum length 1."]})
        if message["version"] >= MOST_VERSIONS:
            raise Refused("too_many_versions", limit=MOST_VERSIONS)
        _require_taking_part(tx, actor, conversation, mentions, addressees_of(tx, conversation["id"]), now)
        if _named(mentions) - _named(message["mentions"] or ()):
            leave_unread(tx, message)
        pacing.keep(tx, actor.person_id, pace, now)
        return {"text": text, "mentions": mentions or None, "edited_at": now}

    return _change(tx, contract.edit_message, claims, request, now, "edited", edit)


def _named(mentions: Sequence[Mapping]) -> set[tuple]:
    return {(mention["kind"], mention["id"]) for mention in mentions}


def remove_message(tx, claims: dict, request: dict, within: timedelta, now: datetime) -> dict:
    """Its number stays, with who removed it and when."""

    def remove(actor: Actor, message: Mapping, _conversation) -> dict:
        _permit(may_change(message, actor.person_id, now, within))
        ended = {"state": "removed", "ended_at": now, "ended_by_person_id": actor.person_id}
        return {"text": "", "mentions": None, **ended}

    return _change(tx, contract.remove_message, claims, request, now, "removed", remove)


def withdraw_message(tx, claims: dict, request: dict, now: datetime) -> dict:
    """What was asked for is asked for no more; what was said stays to be read."""

    def withdraw(actor: Actor, message: Mapping, conversation: Mapping) -> dict:
        _permit(may_withdraw(message, actor.person_id, [actor.post_id]))
        asking.may_end(tx, message)
        sealed = conversation["closed_at"] and transcripts.find(tx, conversation)
        ended_at = max(now, sealed["sealed_at"] + INSTANT) if sealed else now  # what was sealed stands as it was
        ended = {"state": "withdrawn", "ended_at": ended_at, "ended_by_person_id": actor.person_id}
        return ended | {"ended_reason": request["reason"]}

    return _change(tx, contract.withdraw_message, claims, request, now, "withdrawn", withdraw)


def _permit(code: str | None) -> None:
    if code:
        raise Refused(code, REFUSALS[code])


def _change(tx, procedure, claims: dict, request: dict, now: datetime, change: str, act) -> dict:
    actor = actor_for(tx, procedure, claims, now)

    def produce() -> dict:
        storage.leave_unsealed(tx, request["id"])
        message, conversation = own(tx, actor, request["id"], lock=True)
        if change != "withdrawn":  # which says nothing, and would go on being asked for in what was closed or left
            conversations.writable(tx, actor, conversation["id"])
        reached = addressees_of(tx, conversation["id"])
        conversations.require_fresh_if_lent(tx, actor, reached, now)
        if request["version"] not in (None, message["version"]):
            raise Refused("stale_version", "It has changed since you read it.", current=message["version"])
        changed = storage.change_message(tx, message, actor.person_id, now, **act(actor, message, conversation))
        told = shown(changed) | (asking.end(tx, message, now) if change == "withdrawn" else {"asking": None})
        tx.audit(f"message.{change}", subject=message["id"], conversation_id=conversation["id"])
        may_see = addressees_of(tx, conversation["id"], message["number"])
        telling.tell_changed(tx, message, told, change, conversation["name"], may_see, now)
        return schema(procedure.reply).dump(told)

    asked = {name: value for name, value in request.items() if name != "idempotency_key"}
    return answer_once(
        tx, who=actor.person_id, key=request["idempotency_key"], request=[procedure.full_name, asked], produce=produce
    )


def list_versions(tx, claims: dict, request: dict, now: datetime) -> dict:
    """For who said it, and for auditors, whose reading is written down."""
    actor = actor_for(tx, contract.list_message_versions, claims, now)
    message = storage.find_message(tx, request["message_id"])
    if message is None:
        raise Refused("not_found", "There is no such message for you.")
    if message["sender_person_id"] != actor.person_id:
        if actor.post_kind != "auditor" or actor.acting_for:
            own(tx, actor, message["id"])
            raise Refused("not_authorised", REFUSALS["not_authorised"])
        tx.audit("message.history_read", subject=message["id"], conversation_id=message["conversation_id"])
    before = position(request["cursor"], a_number)
    rows = storage.versions_of(tx, message["id"], before[0] if before else None, request["limit"] + 1)
    found = [dict(row) | {"mentions": row["mentions"] or []} for row in rows]
    found, next_cursor = page(found, request["limit"], lambda row: [row["version"]], weight)
    return {"items": found, "next_cursor": next_cursor}


def opens_file(tx, claims: dict, file_id: str, now: datetime) -> bool:
    """Whether a message that the actor may read has this file."""
    try:
        actor = actor_for(tx, contract.open_file, claims, now)
        return any(_is_open(tx, actor, message_id) for message_id in file_storage.subjects_of(tx, file_id, files.HERE))
    except Refused:
        return False


def _is_open(tx, actor: Actor, message_id: str) -> bool:
    try:
        return own(tx, actor, message_id)[0]["state"] != "removed"
    except Refused:
        return False


# reading


def mark_read(tx, claims: dict, request: dict, now: datetime) -> dict:
    """It is told where something comes of it: to the reader's other devices, and to whom directives concern that he has
    seen by it.
    """
    actor = actor_for(tx, contract.mark_read, claims, now)
    conversation = conversations.own(tx, actor, request["conversation_id"])
    number = min(request["number"], conversation["last_number"])
    moved = storage.mark_read(tx, actor.person_id, conversation["id"], number)
    seen = asking.note_seen(tx, actor, conversation, number, now)
    named = mentions_read(tx, actor.person_id, conversation, conversations.ids_of(actor))
    if moved or seen or named:
        read = {"conversation_id": conversation["id"], "person_id": actor.person_id, "number": number, "at": now}
        telling.tell_read(tx, read | {"seen": seen}, named)
    return {}


def get_unread(tx, claims: dict, now: datetime) -> dict:
    actor = actor_for(tx, contract.get_unread, claims, now)
    unread = dict(count_unread(tx, actor.person_id, conversations.ids_of(actor), now))
    return unread | {
        "directives": asking.count_waiting(tx, actor),
        "announcements": announcements.unseen(tx, actor, now),
    }
