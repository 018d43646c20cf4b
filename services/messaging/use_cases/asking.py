"""What a directive or urging asks, beside what it says: of whom, by when, and what each reader is told of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis import clock
from contracts.messaging import ASKED_AT_MOST
from kernel.actor import Actor
from kernel.directory_copy import units_below, working_days
from kernel.errors import Refused
from messaging.domain import directives as rules
from messaging.domain.conversations import addressees
from messaging.storage import directives as storage


class Asks(NamedTuple):
    """`inside`: what is asked so is no matter of the city's Office: a unit's own, or talk beside any order."""

    posts: Sequence[Mapping]
    urgency: str
    answer_by: datetime
    inside: bool


def said(request: Mapping) -> list:
    """What makes two requests differ."""
    answer_by = request["answer_by"]
    return [request["kind"], request["asked"], request["urgency"], answer_by and answer_by.isoformat()]


def asked_by(tx, actor: Actor, conversation: Mapping, request: Mapping, now: datetime) -> Asks | None:
    """What is asked so, if the actor may; of an ordinary message nothing."""
    kind = request["kind"]
    if kind not in rules.ASKING:
        if request["asked"] or request["answer_by"]:
            raise Refused("nothing_is_asked", "An ordinary message asks nobody.")
        return None
    there = storage.posts_taking_part(tx, conversation["id"], now)
    part = next((post["part"] for post in there if post["post_id"] == actor.post_id), None)  # not of those he serves
    rules.permit(actor, part, kind)
    if kind == rules.URGING and conversation["task_id"] is not None:
        raise Refused("urge_the_task", "It is urged on the task, and stands here too.", task_id=conversation["task_id"])
    answer_by = rules.due(request["urgency"], request["answer_by"], now, working_days(tx))
    directed = rules.directed(actor, part, kind, there, units_below(tx, actor.unit_id, now))
    posts = _chosen(request["asked"], there, directed)
    return Asks(posts, request["urgency"], answer_by, rules.is_inside(actor, kind) or conversation["task_id"] is None)


def _chosen(wanted: Collection[str] | None, there: Sequence[Mapping], directed: Sequence[Mapping]) -> Sequence[Mapping]:
    """Of those whom the actor directs. A post that nobody holds is asked where it is named."""
    if wanted is None:
        directed = [post for post in directed if post["is_held"]]
        if not directed:
            raise Refused("nobody_to_direct", "Nobody takes part whom this post directs.")
        if len(directed) > ASKED_AT_MOST:
            raise Refused("too_many_asked", f"{ASKED_AT_MOST} are asked at most.", most=ASKED_AT_MOST)
        return directed
    if outside := set(wanted) - {post["post_id"] for post in there}:
        raise Refused("asked_outside", "They take no part here.", post_ids=sorted(outside))
    if not_below := set(wanted) - {post["post_id"] for post in directed}:
        raise Refused("not_to_be_directed", "This post does not direct them.", post_ids=sorted(not_below))
    return [post for post in directed if post["post_id"] in wanted]


def keep(tx, message: Mapping, asks: Asks) -> dict:
    """With the message; answers what is said of it."""
    asked = [
        {"receipt_id": clock.new_id()} | {name: post[name] for name in ("post_id", "unit_id", "unit_name")}
        for post in asks.posts
    ]
    storage.add_directive(tx, message, asks.urgency, asks.answer_by)
    storage.add_receipts(tx, message, asked)
    asking = {"urgency": asks.urgency, "answer_by": asks.answer_by, "own": []}
    return {"asking": asking, "asked": asked, "inside": asks.inside}


def may_end(tx, message: Mapping) -> None:
    if storage.is_of_task(tx, message["id"]):
        raise Refused("message_cannot_change", "It is the task's, and ends there.")


def end(tx, message: Mapping, now: datetime) -> dict:
    """It asks nothing any more; answers what is said of it."""
    asked = storage.end(tx, message["id"], now)
    return {"asking": storage.askings(tx, [message["id"]], ()).get(message["id"]), "asked": asked}


def shown(tx, actor: Actor, messages: Sequence[Mapping]) -> list[dict]:
    """With what they ask; of ordinary messages nothing is read."""
    asking = [message["id"] for message in messages if message["kind"] in rules.ASKING]
    found = storage.askings(tx, asking, actor.serves) if asking else {}
    return [{**message, "asking": found.get(message["id"])} for message in messages]


def not_delivered(messages: Sequence[Mapping]) -> list[str]:
    """The receipts of whoever is given these messages, if nobody of his post was given them before."""
    given = (each for message in messages if message["asking"] for each in message["asking"]["own"])
    return [each["id"] for each in given if each["delivered_at"] is None]


def note_delivered(tx, receipt_ids: Sequence[str], now: datetime) -> None:
    storage.note_delivered(tx, receipt_ids, now)


def note_seen(tx, actor: Actor, conversation: Mapping, number: int, now: datetime) -> list[dict]:
    """The person has read what he is shown up to this number, and serves posts of which something is asked there: what
    of it nobody had seen, and whom that concerns.
    """
    numbers = range(conversation["from_number"], number + 1)
    seen = storage.note_seen(tx, conversation["id"], numbers, actor.serves, actor.person_id, now)
    follow = storage.followers(tx, conversation) if seen else []
    return [dict(each) | concerned(each, follow) for each in seen]


def concerned(receipt: Mapping, follow: Sequence[Mapping]) -> dict[str, list[str]]:
    """Who should see live what becomes of a receipt: sender, the post that is asked, and those who follow."""
    posts, people, units = addressees(following(follow, receipt["number"]))
    posts = dict.fromkeys([receipt["sender_post_id"], receipt["post_id"], *posts])
    return {"concerns": list(posts), "concerned_person_ids": people, "concerned_unit_ids": units}


def following(follow: Sequence[Mapping], number: int) -> list[Mapping]:
    """Those of them who see the message of this number."""
    return [each for each in follow if each["from_number"] <= number]


def concerns(tx, actor: Actor, message: Mapping) -> bool:
    """Whether it asks something of a post that the actor serves, or he, or his post, has asked it."""
    if message["kind"] not in rules.ASKING:
        return False
    if message["sender_person_id"] == actor.person_id or message["sender_post_id"] == actor.post_id:
        return True
    return storage.is_asked(tx, message["id"], actor.serves)


def count_waiting(tx, actor: Actor) -> int:
    return storage.count_waiting(tx, actor.serves)
