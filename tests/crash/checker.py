"""Compares the ledger, the databases, the queues and the streams. Pure: every difference becomes one line with ids."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from contracts.catalogue import EVENTS
from tests.crash.facts import Facts

LOST, TWICE, WRONG, LEFT = "lost", "twice", "wrong", "left over"
PART_OF_ROLE = {"lead": "responsible", "support": "member", "inform": "follower"}
PARTS = ("responsible", "member", "follower")  # the strongest first
AT_ONCE = timedelta(seconds=5)  # two events heard within this time may have met in either order


class Violation(NamedTuple):
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def check(ledger: list[dict], facts: Facts) -> list[Violation]:
    return [
        *orders(ledger, facts),
        *acceptances(ledger, facts),
        *events(facts),
        *action_items(facts),
        *conversations(facts),
        *live_log(facts),
        *copies(facts),
        *left_over(facts),
    ]


def orders(ledger: list[dict], facts: Facts) -> Iterator[Violation]:
    """Ledger against tasks: each order that was asked for was answered, and exists once, with all its pieces."""
    asked = {entry["body"]["title"]: entry for entry in ledger if entry.get("asked") == "order"}
    answered = defaultdict(list)
    for entry in ledger:
        if entry.get("answered") == "order":
            answered[entry["key"]].append(entry)
    existing = defaultdict(list)
    for task in facts.tasks:
        existing[task.title].append(task.id)
        if task.title not in asked:
            yield Violation(WRONG, f"task {task.id} ({task.title}): nobody asked for it")
    pieces = defaultdict(list)
    for piece in facts.pieces:
        pieces[piece.task_id].append(piece)
    keys = {row.key: row.id for row in facts.keys}
    for title, order in asked.items():
        key, found = order["key"], existing[title]
        if len(found) > 1:
            yield Violation(TWICE, f"order {order['number']} (key {key}): tasks {', '.join(found)}")
        if key not in answered:
            yield Violation(LOST, f"order {order['number']} (key {key}): never answered; tasks: {found or 'none'}")
            continue
        if len(ids := {entry["task"] for entry in answered[key]}) > 1:
            yield Violation(TWICE, f"order {order['number']} (key {key}): answered as tasks {', '.join(sorted(ids))}")
        answer = answered[key][0]
        if answer["task"] not in found:
            yield Violation(LOST, f"order {order['number']} was answered 201 as task {answer['task']}: not in tasks")
            continue
        if keys.get(key) != answer["task"]:
            yield Violation(WRONG, f"key {key} stands for {keys.get(key)}, was answered as task {answer['task']}")
        there = {piece.id: piece.unit_id for piece in pieces[answer["task"]]}
        if there != answer["pieces"]:
            yield Violation(LOST, f"task {answer['task']}: assignments {sorted(there)}, answered {answer['pieces']}")
        wanted = order["body"].get("assignments")
        units = sorted(piece.unit_id for piece in pieces[answer["task"]])
        if wanted is not None and units != sorted(each["unit_id"] for each in wanted):
            yield Violation(WRONG, f"task {answer['task']}: units {units}, ordered {wanted}")


def acceptances(ledger: list[dict], facts: Facts) -> Iterator[Violation]:
    """Ledger against tasks: who was told that he has accepted has done so, once."""
    asked = {entry["piece"] for entry in ledger if entry.get("asked") == "acceptance"}
    answered = {entry["piece"] for entry in ledger if entry.get("answered") == "acceptance"}
    times = Counter(row.assignment_id for row in facts.accepted)
    states = {piece.id: piece.state for piece in facts.pieces}
    for piece in sorted(asked):
        if piece not in answered:
            yield Violation(LOST, f"acceptance of {piece}: never answered; state {states.get(piece)}")
        elif states.get(piece) in (None, "assigned") or not times[piece]:
            yield Violation(LOST, f"acceptance of {piece} was answered 200: state {states.get(piece)}")
    for piece, count in times.items():
        if count > 1:
            yield Violation(TWICE, f"assignment {piece}: accepted {count} times")
        if piece not in asked:
            yield Violation(WRONG, f"assignment {piece}: accepted, and nobody asked for that")
    for piece, state in states.items():
        if state != "assigned" and not times[piece]:
            yield Violation(WRONG, f"assignment {piece}: {state} without a history")


def events(facts: Facts) -> Iterator[Violation]:
    """Outboxes against tasks and inboxes: everything told once, published, and heard by every hearer once."""
    told = Counter((event.name, event.subject) for event in facts.outbox)
    for task in facts.tasks:
        yield from _exactly(1, told["task_issued", task.id], f"task {task.id}: task_issued in tasks' outbox")
    for piece in facts.pieces:
        expected = int(piece.state != "assigned")
        yield from _exactly(
            expected, told["assignment_changed", piece.id], f"assignment {piece.id}: assignment_changed in the outbox"
        )
    emitted = defaultdict(set)
    for event in facts.outbox:
        if not event.published:
            yield Violation(LEFT, f"{event.owner}'s outbox: {event.name} {event.event_id} is not published")
        for hearer in EVENTS[event.name].hearers:
            emitted[hearer].add((event.name, event.event_id))
    for hearer, known in facts.inbox.items():
        for name, event_id in sorted(emitted[hearer] - known.keys()):
            yield Violation(LOST, f"{name} {event_id}: not heard by {hearer}")
        for name, event_id in sorted(known.keys() - emitted[hearer]):
            yield Violation(WRONG, f"{name} {event_id}: heard by {hearer}, and nobody has said it")


def action_items(facts: Facts) -> Iterator[Violation]:
    """Reminders against tasks: one item for each assignment, with its post, closed when it was accepted."""
    items = defaultdict(list)
    for item in facts.items:
        items[item.subject_id].append(item)
    for piece in facts.pieces:
        found = items.pop(piece.id, [])
        yield from _exactly(1, len(found), f"assignment {piece.id} of task {piece.task_id}: action items")
        for item in found:
            is_open = piece.state == "assigned"
            wanted = (piece.post_id, piece.task_id, is_open, piece.version)
            there = (item.post_id, item.task_id, item.open, item.version)
            if there != wanted:
                kind = LOST if item.open != is_open else WRONG
                yield Violation(kind, f"action item of {piece.id}: {there}, expected {wanted}")
    for subject in items:
        yield Violation(WRONG, f"action item of {subject}: there is no such assignment")


def conversations(facts: Facts) -> Iterator[Violation]:
    """Messaging against tasks: one case conversation for each task, with everybody whom the order names."""
    wanted = defaultdict(dict, {task.id: {task.assigner_post_id: "follower"} for task in facts.tasks})
    for row in facts.followers:
        wanted[row.task_id][row.post_id] = "follower"
    for piece in facts.pieces:
        parts, part = wanted[piece.task_id], PART_OF_ROLE[piece.role]
        parts[piece.post_id] = min(part, parts.get(piece.post_id, part), key=PARTS.index)
    there = defaultdict(dict)
    for row in facts.participants:
        there[row.conversation_id][row.post_id] = row.role
    found = defaultdict(list)
    for conversation in facts.conversations:
        found[conversation.task_id].append(conversation.id)
    for task, parts in wanted.items():
        cases = found.pop(task, [])
        yield from _exactly(1, len(cases), f"task {task}: case conversations")
        for case in cases:
            if there[case] != parts:
                yield Violation(LOST, f"conversation {case} of task {task}: {there[case]}, expected {parts}")
    for task, cases in found.items():
        yield Violation(WRONG, f"conversation {cases[0]}: there is no task {task}")


def live_log(facts: Facts) -> Iterator[Violation]:
    """The gateway's log against tasks: each thing once for everybody whom it concerns."""
    raised, closed, changed = Counter(), Counter(), Counter()
    for row in facts.live:
        if row.type == "assignment_changed":
            changed.update((row.common["assignment_id"], key) for key in row.audience)
        elif row.type in ("action_item_raised", "action_item_closed"):
            count = raised if row.type == "action_item_raised" else closed
            count.update((part["subject_id"], key) for key in row.audience for part in row.per_recipient[key])
    followers = defaultdict(set)
    for row in facts.followers:
        followers[row.task_id].add(row.post_id)
    assigner = {task.id: task.assigner_post_id for task in facts.tasks}
    leads = {piece.task_id: piece.post_id for piece in facts.pieces if piece.role == "lead"}
    overtaken = _overtaken(facts)
    for piece in facts.pieces:
        key, is_open = f"post:{piece.post_id}", piece.state == "assigned"
        name = f"assignment {piece.id} for {key}"
        shown = raised.pop((piece.id, key), 0)
        gone = closed.pop((piece.id, key), 0)
        if not (piece.id in overtaken and shown == gone == 0):
            yield from _exactly(1, shown, f"{name}: action_item_raised in the live log")
            yield from _exactly(int(not is_open), gone, f"{name}: action_item_closed in the live log")
        concerned = {assigner.get(piece.task_id), piece.post_id, *followers[piece.task_id]}
        if piece.role == "support":
            concerned.add(leads[piece.task_id])
        for post in concerned if not is_open else ():
            told = changed.pop((piece.id, f"post:{post}"), 0)
            yield from _exactly(1, told, f"assignment {piece.id} for post:{post}: assignment_changed in the live log")
    for what, rest in (("raised", raised), ("closed", closed), ("changed", changed)):
        for subject, key in rest:
            yield Violation(WRONG, f"live log: {what} {subject} for {key}, whom it does not concern")


def _overtaken(facts: Facts) -> set[str]:
    """Assignments whose acceptance reminders heard no later than the order itself: nobody needed to be told."""
    heard, issued, found = facts.inbox.get("reminders", {}), {}, set()
    for event in facts.outbox:
        if event.name == "task_issued":
            issued[event.subject] = heard.get((event.name, event.event_id))
    for event in facts.outbox:
        if event.name == "assignment_changed":
            when = heard.get((event.name, event.event_id))
            order = issued.get(event.data["task_id"])
            if when is not None and order is not None and when < order + AT_ONCE:
                found.add(event.subject)
    return found


def copies(facts: Facts) -> Iterator[Violation]:
    """The copies of the directory against the directory."""
    directory = facts.copies.get("directory")
    for service, copy in facts.copies.items():
        if copy != directory:
            yield Violation(WRONG, f"{service}'s copy of the directory: {copy}, the directory: {directory}")


def left_over(facts: Facts) -> Iterator[Violation]:
    for name, count in facts.queues.items():
        if count:
            yield Violation(LEFT, f"queue {name}: {count} messages")


def stream(name: str, addresses: Iterable[str], began_after: int | None, seen: list, resets: int, facts: Facts):
    """One person's stream against the log: all that was addressed to him, each once, in order."""
    if began_after is None:
        yield Violation(LOST, f"{name}'s stream never began")
        return
    if resets:
        yield Violation(LOST, f"{name}'s stream was reset {resets} times")
    keys = set(addresses)
    wanted = [row.id for row in facts.live if row.id > began_after and keys & set(row.audience)]
    got = [number for number, _, _ in seen]
    # one row may tell a person several things, each an event of its own
    told = Counter((number, event, json.dumps(data, sort_keys=True)) for number, event, data in seen)
    for (number, event, _), count in told.items():
        if count > 1:
            yield Violation(TWICE, f"{name}'s stream: event {number}, {event}, came {count} times")
    for number in sorted(set(wanted) - set(got)):
        yield Violation(LOST, f"{name}'s stream: event {number} did not come")
    for number in sorted(set(got) - set(wanted)):
        yield Violation(WRONG, f"{name}'s stream: event {number} is not for him, or not in the log")
    if got != sorted(got):
        yield Violation(WRONG, f"{name}'s stream: not in order")


def _exactly(expected: int, found: int, what: str) -> Iterator[Violation]:
    if found < expected:
        yield Violation(LOST, f"{what}: {found}, expected {expected}")
    elif found > expected:
        yield Violation(TWICE if expected else WRONG, f"{what}: {found}, expected {expected}")
