"""What waits for somebody beside the pieces themselves, as events say it: requests to issue, blockers, urgings,
corrections, and what the owner of a piece is asked about what he passed on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from kernel.directory_copy import HeadPost, head_posts, posts, units_of_kinds, working_days
from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.assignment import CLOSED
from tasks.domain.children import CLOSE_WITHIN, is_to_be_closed
from tasks.domain.correction import DECIDE_DAYS
from tasks.domain.extension import children_could_have_longer
from tasks.storage import corrections, progress, prompts, urgings

TO_ISSUE, TO_UNBLOCK, TO_ANSWER, TO_CORRECT, TO_EXTEND, TO_CLOSE = (
    "order_to_issue", "blocker_to_decide", "urging_to_answer", "correction_to_decide", "children_to_extend",
    "parent_to_close",
)  # fmt: skip
TO_RECEIVE_DOCUMENT, TO_ANSWER_RECALL, TO_RECORD_ANSWER = (
    "document_to_receive", "recall_to_answer", "superior_answer_to_record",
)  # fmt: skip
ANSWERED_BY = frozenset({"extend_children", "keep_children"})
NOTHING_PASSED_ON = frozenset({"assigned", "declined"})  # whoever has not received it cannot have
DECIDERS = ("post_id", "assigner_post_id")
CORRECTIONS_END_IN = frozenset({"revoked", "archived"})


def waits(
    kind: str, subject_id: str, version: int, post_id: str, unit_id: str, *, from_title: str, due: datetime | None
) -> dict:
    awaits = {"kind": kind, "post_id": post_id, "unit_id": unit_id, "from_title": from_title, "due": due}
    return done(kind, subject_id, version, post_id, unit_id) | {"awaits": awaits}


def done(kind: str, subject_id: str, version: int, post_id: str, unit_id: str) -> dict:
    return {
        "kind": kind, "subject_id": subject_id, "version": version, "post_id": post_id, "unit_id": unit_id,
        "awaits": None,
    }  # fmt: skip


def owner_title(row: Mapping, known: Mapping) -> str:
    """A unit speaks by its head, anybody else by his post."""
    owner = known.get(row["post_id"])
    return row["unit_name"] if owner is None or owner.is_head else owner.title


def decide_by(days: WorkingDays, since: datetime, count: int) -> datetime:
    return end_of_day(days.add(today(since), count))


def after_moves(
    tx, changes: Sequence[tuple[Mapping, Mapping]], now: datetime, verb: str, *, with_parents: bool = False
) -> dict[str, list[dict]]:  # fmt: skip
    """By piece: what ends with it, what its new owner has to answer, and what owners are asked about what they passed
    on; each piece as it was and as it is. `with_parents`: what they are part of ends by the same act.
    """
    found: dict[str, list[dict]] = {}
    rows = {row["id"]: row for _, row in changes}
    closed = [row["id"] for before, row in changes if row["state"] in CLOSED and before["state"] not in CLOSED]
    ended = [row["id"] for _, row in changes if row["state"] in CORRECTIONS_END_IN]
    given = [row["id"] for before, row in changes if row["post_id"] != before["post_id"]]

    def note(kind: str, each: Mapping, post: str) -> None:
        row = rows[each["assignment_id"]]
        found.setdefault(row["id"], []).append(done(kind, each["id"], each["version"], each[post], row["unit_id"]))

    if closed:
        for each in urgings.end_urgings(tx, closed, now):
            note(TO_ANSWER, each, "to_post_id")
        for each in progress.end_blockers(tx, closed, now):
            note(TO_UNBLOCK, each, "decides_post_id")
    if ended:
        for each in corrections.end_corrections(tx, ended, now):
            note(TO_CORRECT, each, "decides_post_id")
    if given:
        for each in urgings.hand_over_urgings(tx, given):
            found.setdefault(each["assignment_id"], []).append(of_urging(each, rows[each["assignment_id"]]))
    for piece_id, waiting in _decided_by_others(tx, changes):
        found.setdefault(piece_id, []).append(waiting)
    told = _told(changes, with_parents)
    for piece_id, waiting in _about_children(tx, changes, told, given, now, verb):
        found.setdefault(piece_id, []).append(waiting)
    return found


def _decided_by_others(tx, changes: Sequence[tuple[Mapping, Mapping]]) -> list[tuple[str, dict]]:
    """Blockers and corrections that waited for a post which owned, ordered or led until now, by the piece moved."""
    rows, deciders = {row["id"]: row for _, row in changes}, []
    for before, row in changes:
        deciders += [(row["id"], before[name], row[name]) for name in DECIDERS if row[name] != before[name]]
        if row["post_id"] != before["post_id"]:  # nobody decides on what stops himself
            deciders.append((row["id"], row["post_id"], row["assigner_post_id"]))
    corrected = corrections.hand_over_corrections(tx, deciders) if deciders else []
    leads = {row["task_id"]: (before, row) for before, row in changes if _leads_no_more(before, row)}
    supports = {row["id"]: row for row in progress.blocked_supports(tx, leads)} if leads else {}
    for support in supports.values():
        before, row = leads[support["task_id"]]
        leads_on = row["state"] != "revoked" and row["post_id"] != support["post_id"]
        deciders.append((support["id"], before["post_id"], row["post_id"] if leads_on else row["assigner_post_id"]))
    blocked = progress.hand_over_blockers(tx, deciders) if deciders else []
    if not corrected and not blocked:
        return []
    named = {each["decides_post_id"] for each in [*corrected, *blocked]}
    named |= {each["proposed_by_post_id"] for each in corrected} | {row["post_id"] for row in rows.values()}
    known = posts(tx, named | {row["post_id"] for row in supports.values()})
    days, found = working_days(tx), []

    def about(kind: str, each: Mapping, row: Mapping) -> tuple:
        decider = known.get(each["decides_post_id"])
        unit_id = decider.unit_id if decider else row["unit_id"]
        return kind, each["id"], each["version"], each["decides_post_id"], unit_id

    for each in corrected:
        row, proposer = rows[each["assignment_id"]], known.get(each["proposed_by_post_id"])
        title = proposer.title if proposer else row["unit_name"]
        due = decide_by(days, each["proposed_at"], DECIDE_DAYS)
        found.append((row["id"], waits(*about(TO_CORRECT, each, row), from_title=title, due=due)))
    for each in blocked:
        row = (rows | supports)[each["assignment_id"]]
        said = waits(*about(TO_UNBLOCK, each, row), from_title=owner_title(row, known), due=each["answer_due"])
        found.append((row["id"] if row["id"] in rows else leads[row["task_id"]][1]["id"], said))
    return found


def _leads_no_more(before: Mapping, row: Mapping) -> bool:
    """Joint work: another post leads it now, or none."""
    if row["role"] != "lead" or row["parent_id"] is not None:
        return False
    return row["post_id"] != before["post_id"] or (row["state"] == "revoked") != (before["state"] == "revoked")


def _told(changes: Iterable[tuple[Mapping, Mapping]], with_parents: bool) -> dict[str, str]:
    """The pieces from which something may have been passed on, each with the one by whose move it is concerned: its
    own, or that of a piece below which ended or was opened again.
    """
    own = {row["id"]: row["id"] for before, row in changes if before["state"] not in NOTHING_PASSED_ON}
    if with_parents:
        return own
    below = [row for before, row in changes if (before["state"] in CLOSED) != (row["state"] in CLOSED)]
    return {row["parent_id"]: row["id"] for row in below if row["parent_id"] and row["role"] != "inform"} | own


def _about_children(
    tx, changes: Iterable[tuple[Mapping, Mapping]], told: Mapping[str, str], given: Collection[str], now: datetime,
    verb: str,
) -> list[tuple[str, dict]]:  # fmt: skip
    """What owners are asked now, or no longer; and by which of the pieces moved that came about. Two rules, looked at
    anew with every move.
    """
    parents = {each["id"]: each for each in prompts.owners_of_children(tx, told)} if told else {}
    if not parents:
        return []
    later = {row["id"] for before, row in changes if _is_later(before["current_due"], row["current_due"])}
    asked, over = [], []
    for id_, parent in parents.items():
        to_close = is_to_be_closed(parent["state"], parent["still_open"])
        (asked if to_close else over).append((id_, TO_CLOSE))
        could = children_could_have_longer(*(parent[name] for name in ("state", "current_due", "first_due")))
        if not could or verb in ANSWERED_BY:
            over.append((id_, TO_EXTEND))
        elif id_ in later:
            asked.append((id_, TO_EXTEND))
    raised = prompts.ask(tx, asked, now) if asked else []
    ended = prompts.end(tx, over) if over else []
    passed = prompts.hand_over(tx, parents.keys() & set(given)) if given else []
    return _said(tx, {each["id"]: each for each in [*raised, *ended, *passed]}.values(), parents, told)


def _is_later(before: datetime | None, after: datetime | None) -> bool:
    return before is not None and after is not None and after > before


def _said(
    tx, changed: Collection[Mapping], parents: Mapping[str, Mapping], told: Mapping[str, str]
) -> list[tuple[str, dict]]:
    """Each asking comes from whoever ordered the piece, and is about another piece than the event where that is part
    of it.
    """
    if not changed:
        return []
    known, days, found = posts(tx, {parent["assigner_post_id"] for parent in parents.values()}), working_days(tx), []
    for each in changed:
        parent = parents[each["assignment_id"]]
        about = (each["kind"], each["id"], each["version"], parent["post_id"], parent["unit_id"])
        if each["open"]:
            above = known.get(parent["assigner_post_id"]) if parent["parent_id"] else None
            due = decide_by(days, each["raised_at"], CLOSE_WITHIN)
            said = waits(*about, from_title=above.title if above else parent["assigner_title"], due=due)
        else:
            said = done(*about)
        found.append((told[parent["id"]], said | {"assignment_id": parent["id"], "title": parent["title"]}))
    return found


def of_urging(urging: Mapping, row: Mapping) -> dict:
    return waits(
        TO_ANSWER, urging["id"], urging["version"], urging["to_post_id"], row["unit_id"],
        from_title=urging["from_title"], due=urging["answer_due"],
    )  # fmt: skip


def the_office(tx, now: datetime) -> HeadPost | None:
    """The post that heads the city's Office."""
    heads = head_posts(tx, [unit.id for unit in units_of_kinds(tx, ["office"], now)], now)
    return heads[0] if heads else None
