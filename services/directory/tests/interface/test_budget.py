"""Nobody copies the city's people."""

import pytest

from chassis import clock
from chassis.errors import CallFailed
from contracts import directory as contract
from directory.service import Service
from directory.use_cases.budget import Budget
from kernel.errors import Refused

ALERT, MOST = 30, 60


@pytest.fixture
def budget():
    return Budget(ALERT, MOST)


@pytest.fixture
def ids(own_city):
    return [str(row.id) for row in own_city.all("SELECT id FROM people ORDER BY id LIMIT 200")]


@pytest.fixture
def viewer(own_city):
    return own_city.claims("official")["sub"]


def counted(city, viewer):
    counts = city.all("SELECT people FROM shown_counts WHERE viewer_id = :id", id=viewer)
    return sum(row.people for row in counts)


@pytest.fixture
def audited(own_city):
    """What was written down since the test began: the log is never emptied."""
    before = own_city.one("SELECT coalesce(max(number), 0) AS number FROM audit_log").number
    query = "SELECT action FROM audit_log WHERE action LIKE 'people.%' AND number > :before ORDER BY number"
    return lambda: [row.action for row in own_city.all(query, before=before)]


def test_different_people_are_counted_and_the_same_ones_once(own_city, budget, ids, viewer):
    for shown in (ids[:20], ids[:20], ids[10:25], [viewer]):
        own_city.do(budget.spend, viewer, shown, clock.now())
    assert counted(own_city, viewer) == 25


def test_another_process_counts_on(own_city, ids, viewer):
    own_city.do(Budget(ALERT, MOST).spend, viewer, ids[:20], clock.now())
    own_city.do(Budget(ALERT, MOST).spend, viewer, ids[10:30], clock.now())
    assert counted(own_city, viewer) == 30


def test_whom_this_process_has_shown_takes_no_statement(own_city, budget, ids, viewer):
    own_city.do(budget.spend, viewer, ids[:20], clock.now())
    budget.spend(None, viewer, ids[5:15], clock.now())


def test_beyond_the_limit_nobody_new_is_shown_but_those_known_are(own_city, budget, ids, viewer):
    own_city.do(budget.spend, viewer, ids[:MOST], clock.now())
    with pytest.raises(Refused) as refused:
        own_city.do(budget.spend, viewer, ids[MOST - 5 : MOST + 1], clock.now())
    assert refused.value.refusal_code == "people_budget_spent"
    assert 0 < refused.value.details["retry_after"] <= 24 * 3600 + 1
    assert counted(own_city, viewer) == MOST
    own_city.do(budget.spend, viewer, ids[:MOST], clock.now())


def test_the_alert_is_written_down_once(own_city, budget, ids, viewer, audited):
    for first in range(0, MOST, 10):
        own_city.do(budget.spend, viewer, ids[first : first + 10], clock.now())
    assert audited() == ["people.many_shown"]


def test_the_first_refusal_of_a_day_is_written_down(own_city, budget, ids, viewer, audited):
    own_city.do(budget.spend, viewer, ids[:10], clock.now())
    own_city.do(budget.note_refusal, viewer, clock.now())
    own_city.do(budget.note_refusal, viewer, clock.now())
    assert audited() == ["people.budget_spent"]


@pytest.mark.parametrize("ask", ["search", "staff", "post", "person"])
def test_whatever_shows_people_counts_them(own_city, run, caller, audited, ask):
    run(Service, people_alert=5, people_most=10)
    claims = own_city.claims("official")
    unit = str(own_city.one("SELECT id FROM units WHERE code = 'UBND'").id)
    someone = str(own_city.one("SELECT id FROM people ORDER BY id LIMIT 1").id)

    def spend():
        caller(contract.search_people, {"q": "nguyen", "limit": 10}, claims)

    if ask == "search":
        spend()
        assert refusal(caller, contract.search_people, {"q": "tran", "limit": 10}, claims) == "people_budget_spent"
    elif ask == "staff":
        assert refusal(caller, contract.list_staff, {"unit_id": unit}, claims) == "people_budget_spent"
    elif ask == "post":
        post = own_city.one("SELECT post_id AS id FROM memberships WHERE person_id = :id LIMIT 1", id=someone).id
        holders = caller(contract.get_post, {"id": str(post)}, claims)["holders"]["items"]
        assert counted(own_city, claims["sub"]) == len({each["person_id"] for each in holders}) > 0
    else:
        caller(contract.get_person, {"id": someone}, claims)
        assert counted(own_city, claims["sub"]) == 1
    assert refusal(caller, contract.list_staff, {"unit_id": unit}, claims) == "people_budget_spent"
    assert "people.budget_spent" in audited()


def refusal(call, *arguments):
    with pytest.raises(CallFailed) as failed:
        call(*arguments)
    return failed.value.code
