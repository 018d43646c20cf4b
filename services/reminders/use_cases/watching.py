"""What the ladders watch, as tasks tells of it: pieces of work, and whatever waits for somebody's answer by a day.
Whatever is heard only asks for a look at it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from kernel.directory_copy import answering
from reminders.domain.items import (
    ASKED,
    TO_ACKNOWLEDGE,
    TO_EXTEND,
    TO_RECEIVE,
    URGENCY_RANKS,
    link_to,
    link_to_item,
    link_to_message,
    nudging_rank,
    title_of_message,
)
from reminders.domain.ladders import ANSWERED, WAITING, in_words
from reminders.domain.occasions import DIRECTIVE, Occasion
from reminders.storage import items
from reminders.storage import ladders as storage
from reminders.use_cases import attention
from reminders.use_cases.reaching import SCOPES

CLOSED = frozenset({"completed", "revoked", "archived"})
STANDING_PC = "standing_pc_directive"  # a kind of urging
_OF_PIECE = ("version", "task_id", "title", "role", "unit_id", "unit_name", "post_id", "assigner_post_id")


def watch_order(tx, order: Mapping) -> None:
    """An order was given: all its pieces are watched from now on."""
    of_order = ("task_id", "title", "assigner_post_id", "followers")
    shared = {name: order[name] for name in of_order} | {
        "version": 1,
        "at": order["issued_at"],
        "state": "assigned",
        "is_child": False,
        "urgency_rank": URGENCY_RANKS[order["urgency"]],
        "since": order["issued_at"],
        "answer_by": None,
        "answers_post_id": None,
        "open": True,
    }
    own = ("unit_id", "unit_name", "post_id", "role")
    pieces = [
        {name: piece[name] for name in own}
        | shared
        | {
            "subject_id": piece["id"],
            "due": piece["current_due"],
            "link": link_to(TO_RECEIVE, piece["id"], order["task_id"]),
        }
        for piece in order["assignments"]
    ]
    storage.note(tx, pieces)


def follow(tx, act: Mapping, pieces: Sequence[Mapping] = ()) -> Collection[str]:
    """Something moved on: what people were to be nudged about is over, or another matter, or somebody else's. Whatever
    of it still holds is said by the next look. Returns the subjects of which nothing newer was known.
    """
    known: dict[str, dict] = {}
    for each in sorted(_told(act, pieces, act["at"]), key=lambda each: each["version"]):
        known[each["subject_id"]] = each
    newer = storage.note(tx, list(known.values())) if known else []
    if newer:
        attention.take_back(tx, newer)
    return newer


def follow_items(tx, items: Sequence[Mapping], at: datetime) -> None:
    """What a sibling says is watched as well, like an answer, while it waits for a post by a day."""
    watched = [_of_item(item, at) for item in items if _is_watched(item)]
    over = [item for item in items if not _is_watched(item)]
    newer = [*(storage.note(tx, watched) if watched else ()), *(storage.no_longer(tx, over, at) if over else ())]
    if newer:
        attention.take_back(tx, newer)


def _is_watched(item: Mapping) -> bool:
    return item["open"] and item["post_id"] is not None and item["due"] is not None


def urge(tx, act: Mapping, now: datetime) -> None:
    """Somebody is urged to answer. What the Standing PC says is told at once to whoever must."""
    newer = follow(tx, act)
    if act["kind"] != STANDING_PC:
        return
    urged = [each for each in act["waiting"] if each["subject_id"] in newer and each["awaits"]]
    people = answering(tx, {each["post_id"] for each in urged}, SCOPES, now)
    reached = [each for each in urged if each["post_id"] in people]
    attention.call_for(tx, [_directive(act, each, people[each["post_id"]]) for each in reached], now)
    items.need_no_nudge(tx, [each["subject_id"] for each in reached])


def _directive(act: Mapping, each: Mapping, people: Sequence[str]) -> Occasion:
    return Occasion(
        subject_id=each["subject_id"],
        rule=DIRECTIVE,
        rung="raised",
        deadline_version=each["version"],
        title=act["title"],
        text=f"{act['from_title']} chỉ đạo: chờ trả lời đến {in_words(act['answer_due'], act['urgency'])}.",
        link=link_to(each["kind"], each["subject_id"], act["task_id"]),
        urgency=act["urgency"],
        people=people,
    )


def follow_directives(tx, watched: Sequence[Mapping]) -> None:
    """Whatever is heard is noted, be it late, so that it ends alike in whatever order it comes."""
    if newer := storage.note(tx, watched):
        attention.take_back(tx, newer)


def of_directive(message: Mapping, asked: Mapping) -> dict:
    """Who gave it is the superior of whoever is to acknowledge it; the Office looks after what the city says."""
    asking = message["asking"]
    return _directed(message["id"], message["sender_post_id"], asked) | {
        "version": ASKED,
        "at": message["sent_at"],
        "title": title_of_message(message),
        "state": WAITING,
        "is_child": message["inside"],
        "unit_name": asked["unit_name"],
        "urgency_rank": URGENCY_RANKS[asking["urgency"]],
        "answer_by": asking["answer_by"],
        "answers_post_id": asked["post_id"],
        "since": message["sent_at"],
        "open": True,
    }


def of_directive_no_longer(change: Mapping, asked: Mapping, version: int) -> dict:
    return _directed(change["message_id"], change["sender_post_id"], asked) | {
        "version": version,
        "at": change["at"],
        "title": "",
        "state": ANSWERED,
        "is_child": False,
        "unit_name": "",
        "urgency_rank": URGENCY_RANKS["normal"],
        "answer_by": None,
        "answers_post_id": None,
        "open": False,
    }


def _directed(message_id: str, sender_post_id: str, asked: Mapping) -> dict:
    return {
        "subject_id": asked["receipt_id"],
        "task_id": None,
        "role": TO_ACKNOWLEDGE,
        "unit_id": asked["unit_id"],
        "post_id": asked["post_id"],
        "assigner_post_id": sender_post_id,
        "due": None,
        "since": None,
        "followers": None,
        "link": link_to_message(message_id),
    }


def acknowledged(tx, assignment_id: str, at: datetime) -> None:
    """Whoever owes a piece has reacted to what was said until then: what of it was still to go out does not. The next
    rung still comes.
    """
    attention.stop(tx, [assignment_id], at)


def _told(act: Mapping, pieces: Iterable[Mapping], at: datetime) -> Iterator[dict]:
    if "extension_id" in act:
        yield _of_extension(act, act, at)
    for piece in pieces:
        yield _of_piece(piece, at)
        if piece["extension"]:
            yield _of_extension(piece, piece["extension"], at)
    for about in (act, *pieces):
        for each in about.get("waiting", ()):
            yield _of_waiting(about, each, at)


def _of_piece(piece: Mapping, at: datetime) -> dict:
    waits_anew = piece["after"] == "assigned" and (piece["before"] != "assigned" or piece["former"])
    awaits = piece["awaits"] if piece["awaits"] and piece["awaits"]["kind"] != TO_RECEIVE else None
    return (
        {name: piece[name] for name in _OF_PIECE}
        | _answer(awaits)
        | {
            "subject_id": piece["assignment_id"],
            "at": at,
            "state": piece["after"],
            "is_child": piece["parent_id"] is not None,
            "urgency_rank": URGENCY_RANKS[piece["urgency"]],
            "due": piece["current_due"],
            "since": at if waits_anew else None,
            "open": piece["after"] not in CLOSED,
            "followers": None,
            "link": link_to(TO_RECEIVE, piece["assignment_id"], piece["task_id"]),
        }
    )


def _of_extension(about: Mapping, extension: Mapping, at: datetime) -> dict:
    named = {name: about[name] for name in ("post_id", "unit_id")} | {"kind": TO_EXTEND}
    named |= {name: extension[name] for name in ("version", "awaits")} | {"subject_id": extension["extension_id"]}
    return _of_waiting(about, named, at)


def _of_waiting(about: Mapping, each: Mapping, at: datetime) -> dict:
    awaits = each["awaits"]
    return _answer(awaits) | {
        "subject_id": each["subject_id"],
        "version": each["version"],
        "at": at,
        "task_id": about["task_id"],
        "title": each.get("title", about["title"]),
        "state": WAITING if awaits else ANSWERED,
        "role": each["kind"],
        "is_child": False,
        "unit_id": each["unit_id"],
        "unit_name": awaits["from_title"] if awaits else "",
        "post_id": each["post_id"],
        "assigner_post_id": None,
        "urgency_rank": URGENCY_RANKS[about["urgency"]],
        "due": None,
        "since": None,
        "open": awaits is not None,
        "followers": None,
        "link": link_to(each["kind"], each.get("assignment_id", each["subject_id"]), about["task_id"]),
    }


def _of_item(item: Mapping, at: datetime) -> dict:
    named = ("subject_id", "version", "task_id", "title", "unit_id", "post_id", "open")
    return {name: item[name] for name in named} | {
        "at": at,
        "state": WAITING,
        "role": item["kind"],
        "is_child": False,
        "unit_name": item["from_title"],
        "assigner_post_id": None,
        "urgency_rank": nudging_rank(item),
        "due": None,
        "since": None,
        "answer_by": item["due"],
        "answers_post_id": item["post_id"],
        "followers": None,
        "link": link_to_item(item["id"]),
    }


def _answer(awaits: Mapping | None) -> dict:
    return {
        "answer_by": awaits["due"] if awaits else None,
        "answers_post_id": awaits["post_id"] if awaits else None,
    }
