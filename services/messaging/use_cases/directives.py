"""What asks those who take part to do or to answer something: whom it reaches, who takes note; tasks' urgings."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chassis import clock
from chassis.paging import an_id, page, position
from contracts import messaging as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.directory_copy import require_fresh_if_lent
from kernel.errors import Refused
from messaging.domain import directives as rules
from messaging.storage import directives as storage
from messaging.storage.cases import begin_case
from messaging.storage.conversations import addressees_of
from messaging.storage.messages import next_number
from messaging.use_cases import asking, messages
from messaging.use_cases.conversations import ids_of

TO_ANSWER = "urging_to_answer"
ACKNOWLEDGED = 2  # of a receipt's versions; first it is asked


def list_receipts(tx, claims: dict, request: dict, now: datetime) -> dict:
    """All of them for the sender and whoever follows, else those of one's own posts."""
    actor = actor_for(tx, contract.list_receipts, claims, now)
    message, conversation = messages.own(tx, actor, request["message_id"])
    directive = _directive(tx, message)
    follow = {each["addressee"] for each in asking.following(storage.followers(tx, conversation), message["number"])}
    sees_all = message["sender_post_id"] in actor.serves or follow.intersection(ids_of(actor))
    posts = None if sees_all else actor.serves
    after = position(request["cursor"], an_id)
    rows = storage.receipts_of(tx, message["id"], posts, after[0] if after else None, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["id"]])
    return {
        "purpose": rules.PURPOSE,
        "retention": rules.RETENTION,
        "answer_by": directive["answer_by"],
        "counts": storage.counts(tx, message["id"], posts),
        "items": rows,
        "next_cursor": next_cursor,
    }


def acknowledge(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Again it changes nothing, so it needs no key."""
    actor = actor_for(tx, contract.acknowledge, claims, now)
    message, conversation = messages.own(tx, actor, request["id"])
    _directive(tx, message)
    receipt = _asked_of(actor, storage.own_receipts(tx, message["id"], actor.serves), request["post_id"])
    if receipt["urging_id"] is not None:
        raise Refused("answer_the_urging", "It is answered on the task.", urging_id=receipt["urging_id"])
    if receipt["acknowledged_at"] is not None:
        return dict(receipt)
    if receipt["ended_at"] is not None:
        raise Refused("message_withdrawn", "It was withdrawn: nothing is asked any more.")
    require_fresh_if_lent(tx, actor, now, [receipt["post_id"]])
    receipt = storage.acknowledge(tx, receipt["id"], actor.person_id, actor.acting_for, now)
    if actor.post_id != receipt["post_id"]:
        tx.audit("messaging.acknowledge", subject=message["id"], post_id=receipt["post_id"])
    told = ("message_id", "conversation_id", "number", "post_id", "unit_id", "person_id", "acting_for")
    receipt_of = dict(receipt) | {"sender_post_id": message["sender_post_id"]}
    tx.emit(
        contract.directive_acknowledged,
        subject=receipt["id"],
        version=ACKNOWLEDGED,
        data={name: receipt[name] for name in told}
        | {"receipt_id": receipt["id"], "sender_post_id": message["sender_post_id"], "at": now}
        | asking.concerned(receipt_of, storage.followers(tx, conversation)),
    )
    return dict(receipt)


def _directive(tx, message: Mapping) -> Mapping:
    found = storage.askings(tx, [message["id"]], ())
    if message["id"] not in found:
        raise Refused("nothing_is_asked", "An ordinary message asks nobody.")
    return found[message["id"]]


def _asked_of(actor: Actor, receipts: Sequence[Mapping], post_id: str | None) -> Mapping:
    """The post that was named; else the one in which he acts; else the first of those that he serves and that has not
    answered.
    """
    if post_id is not None:
        receipts = [each for each in receipts if each["post_id"] == post_id]
    if not receipts:
        raise Refused("not_authorised", "It is not asked of a post of yours.", action="acknowledge")
    return min(receipts, key=lambda each: (each["post_id"] != actor.post_id, each["ended_at"] is not None, each["id"]))


# urgings of tasks


def post_urging(tx, urging: Mapping) -> None:
    """It is said to all who take part, and names nobody: who is late is not told to his neighbours. What is heard
    before the order itself finds its conversation begun.
    """
    if urging["inside"]:
        return
    at = urging["at"]
    begun = {
        "id": clock.new_id(), "kind": "case", "name": urging["title"], "task_id": urging["task_id"],
        "created_at": at, "active_at": at,
    }  # fmt: skip
    conversation = begin_case(tx, begun)
    message = {
        "id": urging["act_id"],
        "conversation_id": conversation["id"],
        "number": next_number(tx, conversation["id"], at, even_closed=True),
        "kind": rules.URGING,
        "text": urging["text"],
        "sender_person_id": urging["actor_person_id"],
        "sender_post_id": urging["from_post_id"],
        "sender_title": urging["from_title"],
        "acting_for": urging["acting_for"],
        "sent_at": at,
    }
    storage.add_directive(tx, message, urging["urgency"], urging["answer_due"])
    if urging["urgings"]:
        asked = [{**each, "receipt_id": each["urging_id"]} for each in urging["urgings"]]
        storage.add_receipts(tx, message, asked, of_task=True)
    asks = {"asking": {"urgency": urging["urgency"], "answer_by": urging["answer_due"], "own": []}}
    messages.say(tx, message, conversation["name"], addressees_of(tx, conversation["id"]), asks)


def follow_urgings(tx, at: datetime, about: Iterable[Mapping]) -> None:
    """What waits for an answer on a task waits for it in its conversation, and for nobody when it does not there."""
    waiting = {}
    for each in (each for piece in about for each in piece["waiting"] if each["kind"] == TO_ANSWER):
        known = waiting.get(each["subject_id"])
        if known is None or known["version"] < each["version"]:
            waiting[each["subject_id"]] = each
    if waiting:
        storage.follow_urgings(tx, [
            {name: each[name] for name in ("version", "post_id", "unit_id")}
            | {"id": each["subject_id"], "ended_at": None if each["awaits"] else at}
            for each in waiting.values()
        ])  # fmt: skip


def answer_urging(tx, answer: Mapping) -> None:
    """Its owner has answered on the task."""
    follow_urgings(tx, answer["at"], [answer])
    storage.acknowledged_on_task(
        tx, answer["urging_id"], answer["actor_person_id"], answer["acting_for"], answer["at"]
    )  # fmt: skip
