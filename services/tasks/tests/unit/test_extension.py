"""More time: which date, and who decides. March 2026: the 2nd is a Monday, the 7th a Saturday."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays, end_of_day
from tasks.domain.assignment import Piece
from tasks.domain.extension import decided_above, granted, permit_decision, requested, resumed

DAYS, NOW = WorkingDays({}), datetime(2026, 3, 2, 9, tzinfo=TZ)
OWNER = Actor("p1", "m1", "owner", "head", "", "u1", "ward", True, None, ("owner",))
PIECE = Piece("lead", "owner", "assigner", state="in_progress", current_due=end_of_day(date(2026, 3, 5)))


def ask(day: int, latest: datetime | None = None):
    return requested(PIECE, OWNER, date(2026, 3, day), pending=False, latest=latest, days=DAYS, now=NOW)


def test_a_day_off_is_moved_to_the_working_day_before_it():
    assert ask(8) == end_of_day(date(2026, 3, 6))


@pytest.mark.parametrize(
    ("day", "latest", "code"),
    [
        (5, None, "extension_not_later"),
        (4, None, "extension_not_later"),
        (1, None, "extension_not_later"),
        (10, end_of_day(date(2026, 3, 9)), "due_after_parent"),
    ],
)
def test_a_date_that_is_no_later_or_outlasts_the_parent_is_refused(day, latest, code):
    with pytest.raises(Refused) as refusal:
        ask(day, latest)
    assert refusal.value.refusal_code == code


def test_a_day_off_right_after_the_deadline_would_be_no_later():
    friday = Piece("lead", "owner", "assigner", state="in_progress", current_due=end_of_day(date(2026, 3, 6)))
    with pytest.raises(Refused, match="not later"):
        requested(friday, OWNER, date(2026, 3, 8), pending=False, latest=None, days=DAYS, now=NOW)


@pytest.mark.parametrize(("day", "state"), [(None, "granted"), (12, "granted"), (10, "granted_partly")])
def test_what_was_asked_for_or_another_date(day, state):
    asked = {"requested_due": end_of_day(date(2026, 3, 12))}
    due_on = day and date(2026, 3, day)

    assert granted(PIECE, asked, due_on, latest=None, days=DAYS, now=NOW) == (
        state, end_of_day(date(2026, 3, day or 12)),
    )  # fmt: skip


@pytest.mark.parametrize("source", ["government_office", "city_party_committee", "pc_party_committee"])
def test_of_what_came_from_above_only_the_superior_moves_the_date(source):
    child = Piece("lead", "official", "owner", is_child=True)

    assert decided_above({"source": source}, PIECE) and not decided_above({"source": source}, child)
    assert not decided_above({"source": "city_pc"}, PIECE)


def resume(on: int, due_on: int | None = None, piece: Piece = PIECE, source: str = "city_pc", **more):
    task = {"source": source, "urgency": "normal"}
    given = {"stands": False, "latest": None, "below": (), "days": DAYS} | more
    now = datetime(2026, 3, on, 9, tzinfo=TZ)
    try:
        return resumed(piece, task, due_on and date(2026, 3, due_on), now=now, **given)
    except Refused as refusal:
        return refusal.refusal_code


NO_DATE = replace(PIECE, current_due=None)
AHEAD = end_of_day(date(2026, 3, 10))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (resume(5), None),  # on its last day
        (resume(6), "due_on_needed"),
        (resume(6, stands=True), None),
        (resume(6, 10), AHEAD),
        (resume(4, 5), "extension_not_later"),
        (resume(4, 4), "extension_not_later"),
        (resume(6, 10, latest=end_of_day(date(2026, 3, 9))), "due_after_parent"),
        (resume(6, 10, source="government_office"), "superior_decides"),
        (resume(6, stands=True, source="government_office"), None),
        (resume(6, piece=NO_DATE), None),
        (resume(6, 10, NO_DATE), AHEAD),
        (resume(6, 10, NO_DATE, below=[AHEAD]), AHEAD),
        (resume(6, 10, NO_DATE, below=[AHEAD, None]), "due_after_parent"),
        (resume(6, 9, NO_DATE, below=[AHEAD]), "due_after_parent"),
    ],
)
def test_after_a_suspension_the_date_is_the_same_or_a_later_one_and_nothing_is_late_unsaid(outcome, expected):
    assert outcome == expected


def test_what_is_decided_is_not_decided_again_whoever_comes():
    decided = {"state": "granted", "version": 2, "decided_at": NOW, "decided_by_person_id": "p9"}
    assigner = Actor("p2", "m2", "assigner", "vice_chairman", "", "u0", "committee", False, None, ("assigner",))
    for verb, who in (("grant_extension", assigner), ("refuse_extension", assigner), ("withdraw_extension", OWNER)):
        with pytest.raises(Refused) as refusal:
            permit_decision(decided, PIECE, verb, who, None)
        assert (refusal.value.refusal_code, refusal.value.details["actor_person_id"]) == ("already_decided", "p9")
