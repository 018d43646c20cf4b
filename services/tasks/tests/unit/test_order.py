"""What makes an order valid. Today is Wednesday 4 March 2026, 09:00 in the city."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from kernel.errors import Refused
from kernel.working_time import TZ, WorkingDays, end_of_day
from tasks.domain.order import decide_order, title_key

NOW = datetime(2026, 3, 4, 9, tzinfo=TZ)
DAYS = WorkingDays({date(2026, 3, 5): False})  # the Thursday is a holiday


@dataclass
class AHead:
    unit_id: str
    unit_kind: str = "ward"

    unit_code = "26740"

    @property
    def unit_name(self):
        return f"Phường {self.unit_id}"

    @property
    def post_id(self):
        return f"head-of-{self.unit_id}"


def lead(unit_id, role="lead", due_on=None):
    return {"unit_id": unit_id, "role": role, "due_on": due_on}


def decide(*wanted, audience=None, mode="each", heads=("a", "b", "c"), posts=("f1", "f2"), **changes):
    order = {
        "mode": mode, "urgency": "urgent", "followers": [], "due_on": date(2026, 3, 20), "due_at": None,
        "reporting": None, "audience": None if audience is None else "all-wards", "assignments": list(wanted) or None,
    } | changes  # fmt: skip
    heads = [head if isinstance(head, AHead) else AHead(head) for head in heads]
    return decide_order(order, heads=heads, audience=audience, known_posts=posts, days=DAYS, now=NOW)


def refused(*args, **kwargs):
    with pytest.raises(Refused) as refusal:
        decide(*args, **kwargs)
    return refusal.value.refusal_code, refusal.value.details.get("field")


def test_an_audience_is_all_its_units_each_leading_its_own_piece():
    decision = decide(audience=["a", "b", "c"])

    assert [(share.head.post_id, share.role, share.due) for share in decision.shares] == [
        (f"head-of-{unit}", "lead", end_of_day(date(2026, 3, 20))) for unit in "abc"
    ]
    assert decision.warnings == []


def test_an_audience_without_units_takes_no_orders():
    assert refused(audience=[]) == ("unknown_audience", "audience")


def test_joint_work_has_one_lead_and_any_number_of_helpers():
    decision = decide(lead("a"), lead("b", "support"), lead("c", "inform"), mode="joint")

    assert [share.role for share in decision.shares] == ["lead", "support", "inform"]


@pytest.mark.parametrize(
    "wanted", [[lead("a"), lead("b")], [lead("a", "support")], [lead("a", "support"), lead("b", "inform")]]
)
def test_joint_work_with_none_or_two_leads_is_refused(wanted):
    assert refused(*wanted, mode="joint") == ("one_lead_needed", "mode")


def test_joint_work_of_an_audience_is_refused():
    assert refused(audience=["a", "b"], mode="joint") == ("one_lead_needed", "mode")


def test_where_each_answers_for_itself_nobody_supports_and_somebody_leads():
    assert refused(lead("a"), lead("b", "support")) == ("role_not_in_mode", "assignments.1.role")
    assert refused(lead("a", "inform")) == ("one_lead_needed", "mode")
    assert [share.role for share in decide(lead("a"), lead("b", "inform")).shares] == ["lead", "inform"]


def test_a_unit_is_named_once():
    assert refused(lead("a"), lead("b"), lead("a", "inform")) == ("unit_twice", "assignments.2.unit_id")


def test_a_unit_that_nobody_heads_is_unknown():
    assert refused(lead("a"), lead("x")) == ("unknown_unit", "assignments.1.unit_id")


def test_a_division_is_its_units_to_order():
    assert refused(lead("d"), heads=[AHead("d", "division")]) == ("unit_not_direct", "assignments.0.unit_id")


def test_followers_exist_and_are_named_once():
    assert refused(lead("a"), followers=["f1", "x"]) == ("unknown_post", "followers.1")
    assert decide(lead("a"), followers=["f2", "f1", "f2"]).followers == ["f2", "f1"]


def test_a_due_day_counts_to_its_end():
    assert decide(lead("a"), due_on=date(2026, 3, 4)).due == datetime(2026, 3, 4, 23, 59, 59, tzinfo=TZ)


@pytest.mark.parametrize(("given", "moved"), [((3, 8), (3, 6)), ((3, 7), (3, 6)), ((3, 5), (3, 4))])
def test_a_day_off_is_moved_to_the_working_day_before_and_said_so(given, moved):
    given, moved = date(2026, *given), date(2026, *moved)
    decision = decide(lead("a"), due_on=given)

    assert decision.due == end_of_day(moved)
    assert [(warning["code"], warning["details"]) for warning in decision.warnings] == [
        ("due_moved", {"field": "due_on", "from": given.isoformat(), "to": moved.isoformat()})
    ]


def test_a_deadline_in_the_past_is_refused():
    assert refused(lead("a"), due_on=date(2026, 3, 3)) == ("due_in_past", "due_on")
    assert refused(lead("a"), due_on=None, due_at=NOW) == ("due_in_past", "due_at")


def test_a_day_off_today_cannot_be_moved_into_the_past():
    with pytest.raises(Refused, match="has passed") as refusal:
        decide_order(
            {"mode": "each", "urgency": "urgent", "followers": [], "due_on": date(2026, 3, 8), "due_at": None,
             "reporting": None, "audience": None, "assignments": [lead("a")]},
            heads=[AHead("a")], audience=None, known_posts=(), days=DAYS, now=datetime(2026, 3, 8, 9, tzinfo=TZ),
        )  # fmt: skip
    assert refusal.value.refusal_code == "due_in_past"


def test_an_express_hour_may_fall_on_a_day_off_any_other_is_moved_with_its_day():
    sunday_noon = datetime(2026, 3, 8, 12, tzinfo=TZ)

    assert decide(lead("a"), due_on=None, due_at=sunday_noon, urgency="express").due == sunday_noon
    moved = decide(lead("a"), due_on=None, due_at=sunday_noon)
    assert (moved.due, moved.warnings[0]["code"]) == (datetime(2026, 3, 6, 12, tzinfo=TZ), "due_moved")


def test_a_deadline_out_of_this_world_is_refused():
    assert refused(lead("a"), due_on=date.max) == ("due_too_far", "due_on")
    far = datetime.max.replace(tzinfo=TZ) - timedelta(days=1)
    assert refused(lead("a"), due_on=None, due_at=far) == ("due_too_far", "due_at")


def test_a_piece_is_due_with_its_task_at_the_latest():
    early = decide(lead("a", due_on=date(2026, 3, 10)), lead("b"))

    assert [share.due.date() for share in early.shares] == [date(2026, 3, 10), date(2026, 3, 20)]
    assert refused(lead("a", due_on=date(2026, 3, 23))) == ("due_after_task", "assignments.0.due_on")
    assert refused(lead("a", due_on=date(2026, 3, 3))) == ("due_in_past", "assignments.0.due_on")


def test_a_piece_may_have_a_deadline_where_the_task_has_none():
    decision = decide(lead("a", due_on=date(2026, 3, 10)), lead("b"), due_on=None)

    assert (decision.due, [share.due and share.due.date() for share in decision.shares]) == (
        None, [date(2026, 3, 10), None],
    )  # fmt: skip


def test_a_piece_due_on_the_tasks_last_day_keeps_the_tasks_hour():
    hour = datetime(2026, 3, 10, 10, tzinfo=TZ)

    assert decide(lead("a", due_on=date(2026, 3, 10)), due_on=None, due_at=hour).shares[0].due == hour


def test_titles_are_the_same_whatever_their_case_spacing_and_form():
    assert title_key("  Rà soát  nhà, đất công!") == title_key("RÀ SOÁT nhà đất công")
    assert title_key("Ra soat nha dat") != title_key("Rà soát nhà đất")
