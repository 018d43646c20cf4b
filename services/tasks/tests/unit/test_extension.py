"""More time: which date, and who decides. March 2026: the 2nd is a Monday, the 7th a Saturday."""

from datetime import date, datetime

import pytest

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays, end_of_day
from tasks.domain.assignment import Piece
from tasks.domain.extension import decided_above, granted, permit_decision, requested

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


def test_what_is_decided_is_not_decided_again_whoever_comes():
    decided = {"state": "granted", "version": 2, "decided_at": NOW, "decided_by_person_id": "p9"}
    assigner = Actor("p2", "m2", "assigner", "vice_chairman", "", "u0", "committee", False, None, ("assigner",))
    for verb, who in (("grant_extension", assigner), ("refuse_extension", assigner), ("withdraw_extension", OWNER)):
        with pytest.raises(Refused) as refusal:
            permit_decision(decided, PIECE, verb, who, None)
        assert (refusal.value.refusal_code, refusal.value.details["actor_person_id"]) == ("already_decided", "p9")
