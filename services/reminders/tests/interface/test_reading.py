"""What a post must act on: the most burning first."""

import pytest

from chassis.errors import CallFailed
from contracts import reminders
from contracts.fields import ITEM_DUES
from reminders.service import Service
from reminders.storage import items as storage
from reminders.use_cases import items
from tests.support.orders import issued
from tests.support.town import claims

HEAD = claims("ward-1 head")


@pytest.fixture
def here(town, run):
    found = town("reminders")
    run(Service)
    return found


@pytest.fixture
def ordered(here):
    """An order to one ward of this title, already heard of."""

    def hear(title: str, due: str | None = None, urgency: str = "urgent", to: str = "ward-1") -> None:
        with here.store.transaction() as tx:
            items.raise_items(tx, issued(title, [(to, "lead")], due, urgency=urgency), 1)

    return hear


@pytest.fixture
def five(ordered):
    ordered("không hạn", urgency="express")
    ordered("hạn 9, thường", "2026-03-09T16:59:59+00:00", "normal")
    ordered("hạn 9, hỏa tốc", "2026-03-09T16:59:59+00:00", "express")
    ordered("hạn 5", "2026-03-05T16:59:59+00:00", "normal")
    ordered("của phường 2", "2026-03-01T16:59:59+00:00", to="ward-2")
    ordered("không hạn, thường", urgency="normal")
    return ["hạn 5", "hạn 9, hỏa tốc", "hạn 9, thường", "không hạn", "không hạn, thường"]


def test_what_is_due_first_comes_first_then_what_is_most_urgent(five, caller):
    answer = caller(reminders.list_action_items, {}, claims=HEAD)

    assert [item["title"] for item in answer["items"]] == five
    assert (answer["items"][3]["due"], answer["items"][3]["urgency"]) == (None, "express")
    assert answer["next_cursor"] is None


def test_the_clerk_sees_what_his_head_must_receive_and_an_official_does_not(five, caller):
    assert len(caller(reminders.list_action_items, {}, claims=claims("ward-1 clerk"))["items"]) == 5
    assert caller(reminders.list_action_items, {}, claims=claims("ward-1 official"))["items"] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_follow_one_another_without_gaps(five, caller, limit):
    seen, cursor = [], None
    while True:
        answer = caller(reminders.list_action_items, {"limit": limit, "cursor": cursor}, claims=HEAD)
        seen += [item["title"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == five


def test_pages_of_all_sizes_are_few_statements(five, caller):
    storage._burning.cache_clear()
    for limit in range(1, 201, 7):
        assert len(caller(reminders.list_action_items, {"limit": limit}, claims=HEAD)["items"]) == min(limit, 5)
    assert storage._burning.cache_info().currsize <= 3


def test_the_overview_counts_what_the_list_holds(five, caller):
    overview = caller(reminders.get_overview, {}, claims=HEAD)

    assert overview["counts"] == [{"kind": "assignment_to_receive", "count": 5, "more": False}]
    assert (overview["total"], [item["title"] for item in overview["items"]]) == (5, five)


def test_nothing_to_do_is_an_answer(here, caller):
    overview = caller(reminders.get_overview, {}, claims=HEAD)
    assert (overview["counts"], overview["total"], overview["items"], overview["snoozed"]) == ([], 0, [], 0)
    assert (overview["newly_late"]["count"], overview["newly_late"]["items"]) == (0, [])


def test_lists_by_deadline_are_parts_of_the_whole(five, ordered, caller):
    ordered("mai sau", "2126-03-09T16:59:59+00:00")
    found = {
        due: [item["title"] for item in caller(reminders.list_action_items, {"due": due}, claims=HEAD)["items"]]
        for due in ITEM_DUES
    }

    assert found == {"overdue": five[:3], "due_today": [], "later": ["mai sau"], "no_deadline": five[3:]}
    counts = caller(reminders.count_action_items, {}, claims=HEAD)
    assert {each["due"]: each["count"] for each in counts["dues"]} == {due: len(found[due]) for due in ITEM_DUES}
    assert counts["kinds"] == [{"kind": "assignment_to_receive", "count": 6, "more": False}]


def test_what_became_late_since_one_looked_last(five, caller):
    since = {"late_since": "2026-03-06T00:00:00+07:00"}
    late = caller(reminders.get_overview, since, claims=HEAD)["newly_late"]

    assert (late["count"], [item["title"] for item in late["items"]]) == (2, five[1:3])
    listed = caller(reminders.list_action_items, since, claims=HEAD)["items"]
    assert [item["title"] for item in listed] == five[1:3]


def test_one_item_is_shown_to_whom_it_waits_for(five, caller):
    [item, *_] = caller(reminders.list_action_items, {}, claims=HEAD)["items"]

    assert caller(reminders.get_action_item, {"id": item["id"]}, claims=HEAD) == item
    with pytest.raises(CallFailed, match="not_found"):
        caller(reminders.get_action_item, {"id": item["id"]}, claims=claims("ward-2 head"))
