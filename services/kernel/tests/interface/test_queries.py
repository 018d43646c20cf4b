"""What a service asks of its copy, on the little town."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from kernel import directory_copy, policy
from kernel.directory_copy import tables as t
from kernel.errors import Refused
from tests.support.town import DELEGATION, claims, membership_of, person, post, unit


@pytest.fixture
def ask(town):
    """`ask(query, *arguments)` on the town's copy in tasks; `ask.change(statement)` makes it another town."""
    store = town("tasks").store

    def asking(query, *arguments):
        with store.reading() as tx:
            return query(tx, *arguments)

    def change(*statements):
        with store.transaction() as tx:
            for statement in statements:
                tx.execute(statement)

    asking.change = change
    return asking


def actor(ask, name, now=None, action="tasks.assign", **chosen):
    return ask(directory_copy.resolve_actor, claims(name, **chosen), now or clock.now(), action)


def refusal(ask, name, **chosen):
    with pytest.raises(Refused) as refused:
        actor(ask, name, **chosen)
    return refused.value.refusal_code


def give(name, holder, kind="official", *, primary=False, until=None):
    """A further post in ward-2 for a holder of a post."""
    return [
        sa.insert(t.posts).values(
            id=post(name), version=900, unit_id=unit("ward-2"), kind=kind, title=name, is_head=False, rank=9,
            valid_from=date(2020, 1, 1),
        ),
        sa.insert(t.memberships).values(
            id=membership_of(name), version=901, person_id=person(holder), post_id=post(name), primary=primary,
            valid_from=date(2020, 1, 1), valid_to=until,
        ),
    ]  # fmt: skip


def test_without_a_choice_the_primary_post_acts(ask):
    ask.change(*give("second", "ward-1 official"))
    found = actor(ask, "ward-1 official")
    assert (found.person_id, found.membership_id) == (person("ward-1 official"), membership_of("ward-1 official"))
    assert (found.post_id, found.post_kind) == (post("ward-1 official"), "official")
    assert (found.unit_id, found.unit_kind, found.is_head, found.acting_for) == (unit("ward-1"), "ward", False, None)
    assert set(found.serves) == {post("ward-1 official"), post("second")}


def test_another_post_of_his_own_may_be_chosen(ask):
    ask.change(*give("second", "ward-1 official"))
    assert actor(ask, "ward-1 official", membership_id=membership_of("second")).post_id == post("second")


@pytest.mark.parametrize("chosen", ["membership_id", "delegation_id"])
def test_a_capacity_of_somebody_else_is_unknown(ask, chosen):
    foreign = {"membership_id": membership_of("ward-2 head"), "delegation_id": DELEGATION}
    assert refusal(ask, "ward-1 head", **{chosen: foreign[chosen]}) == "unknown_capacity"


def test_a_post_that_he_has_left_is_no_capacity(ask):
    ask.change(*give("second", "ward-1 official", until=date(2024, 1, 1)))
    assert refusal(ask, "ward-1 official", membership_id=membership_of("second")) == "unknown_capacity"


def test_whoever_holds_nothing_may_do_nothing(ask):
    assert refusal(ask, "stranger") == "not_authorised"


def test_nobody_is_known_to_a_copy_that_was_never_filled(ask):
    ask.change(*(sa.delete(table) for table in t.KINDS.values()), sa.update(t.state).values(filled=False))
    with pytest.raises(Refused) as refused:
        actor(ask, "ward-1 head")
    assert (refused.value.refusal_code, refused.value.retryable) == ("directory_stale", True)


def test_a_head_of_a_unit_acts_for_it_and_serves_his_post(ask):
    found = actor(ask, "ward-1 head")
    assert (found.is_head, found.serves) == (True, (post("ward-1 head"),))


def test_a_clerk_serves_the_head_of_his_own_unit_too(ask):
    assert set(actor(ask, "ward-1 clerk").serves) == {post("ward-1 clerk"), post("ward-1 head")}


def test_an_official_serves_nobody_else(ask):
    assert actor(ask, "ward-1 official").serves == (post("ward-1 official"),)


def test_a_delegate_acts_in_the_grantors_post(ask):
    found = actor(ask, "office deputy_chief_of_office", delegation_id=DELEGATION)
    assert (found.post_id, found.post_kind) == (post("committee vice_chairman"), "vice_chairman")
    assert (found.acting_for, found.scope) == (post("committee vice_chairman"), "all")
    assert found.membership_id == membership_of("office deputy_chief_of_office")
    assert policy.allows("tasks.assign", found)


def test_a_delegate_does_not_order_by_his_own_post(ask):
    found = actor(ask, "office deputy_chief_of_office")
    assert not policy.allows("tasks.assign", found)
    assert post("committee vice_chairman") in found.serves


def test_a_delegation_for_one_service_reaches_nothing_of_another(ask):
    ask.change(sa.update(t.delegations).where(t.delegations.c.id == DELEGATION).values(scope="messaging"))
    lent = post("committee vice_chairman")
    assert lent in actor(ask, "office deputy_chief_of_office", action="messaging.post_message").serves
    for action in ("tasks.accept", "tasks.get_task", "reminders.list_action_items", "gateway.live"):
        assert lent not in actor(ask, "office deputy_chief_of_office", action=action).serves
    chosen = actor(ask, "office deputy_chief_of_office", action="tasks.accept", delegation_id=DELEGATION)
    assert not policy.allows("tasks.accept", chosen)
    assert policy.allows("messaging.post_message", chosen)


@pytest.mark.parametrize("change", ["he left", "somebody else came", "it is over", "not yet"])
def test_a_delegation_dies_with_its_period_and_with_its_grantors_membership(ask, change):
    today = clock.now().date()
    grantor = sa.update(t.memberships).where(t.memberships.c.id == membership_of("committee vice_chairman"))
    lent = sa.update(t.delegations).where(t.delegations.c.id == DELEGATION)
    ask.change({
        "he left": grantor.values(valid_to=today - timedelta(days=2)),
        "somebody else came": grantor.values(valid_from=today - timedelta(days=2)),
        "it is over": lent.values(valid_to=today - timedelta(days=2)),
        "not yet": lent.values(valid_from=today + timedelta(days=3)),
    }[change])  # fmt: skip
    assert refusal(ask, "office deputy_chief_of_office", delegation_id=DELEGATION) == "unknown_capacity"


def test_the_last_day_of_a_post_ends_at_midnight_of_the_city(ask):
    end = date(2026, 11, 23)
    ask.change(sa.update(t.memberships).values(valid_to=end))
    assert actor(ask, "ward-1 head", now=datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC)).is_head
    with pytest.raises(Refused):
        actor(ask, "ward-1 head", now=datetime(2026, 11, 22, 17, 0, tzinfo=UTC))


def test_heads_of_units_come_in_the_order_of_codes_and_unknown_units_are_left_out(ask):
    ids = [unit("ward-2"), unit("ward-1"), unit("no such unit"), unit("dept")]
    heads = ask(directory_copy.head_posts, ids, clock.now())
    assert [head.unit_code for head in heads] == ["dept", "ward-1", "ward-2"]
    assert (heads[1].unit_id, heads[1].post_id) == (unit("ward-1"), post("ward-1 head"))
    assert (heads[1].unit_name, heads[1].unit_kind, heads[1].title) == ("Phường 1", "ward", "Chủ tịch phường 1")


def test_a_closed_unit_has_no_head(ask):
    ask.change(sa.update(t.units).where(t.units.c.id == unit("ward-1")).values(valid_to=date(2024, 1, 1)))
    assert ask(directory_copy.head_posts, [unit("ward-1")], clock.now()) == []


def test_audiences_name_units(ask):
    assert unit("ward-1") in ask(directory_copy.audience_unit_ids, "all-wards")
    assert ask(directory_copy.audience_unit_ids, "whole-city") == []
    with pytest.raises(Refused) as refused:
        ask(directory_copy.audience_unit_ids, "all-martians")
    assert refused.value.refusal_code == "unknown_audience"


def test_posts_are_found_even_when_closed(ask):
    ask.change(sa.update(t.posts).values(valid_to=date(2024, 1, 1)))
    found = ask(directory_copy.posts, [post("ward-1 head"), post("no such post")])
    assert list(found) == [post("ward-1 head")]
    assert (found[post("ward-1 head")].unit_name, found[post("ward-1 head")].is_head) == ("Phường 1", True)


def test_holders_are_those_of_today(ask):
    ask.change(*give("second", "ward-1 official", until=date(2024, 1, 1)))
    found = ask(directory_copy.holders, [post("ward-1 head"), post("second")], clock.now())
    assert found == {post("ward-1 head"): [person("ward-1 head")]}


def test_working_days_are_the_citys(ask):
    ask.change(
        sa.delete(t.working_days),
        sa.insert(t.working_days).values(id=date(2026, 9, 2), version=910, working=False, name="Quốc khánh"),
    )
    days = ask(directory_copy.working_days)
    assert not days.is_working(date(2026, 9, 2)) and days.is_working(date(2026, 9, 3))


@pytest.mark.parametrize("minutes, fresh", [(0, True), (4, True), (6, False)])
def test_a_copy_is_fresh_for_five_minutes(ask, minutes, fresh):
    now = clock.now()
    ask.change(sa.update(t.state).values(fresh_at=now - timedelta(minutes=minutes)))
    if fresh:
        ask(directory_copy.require_fresh, now)
    else:
        with pytest.raises(Refused) as refused:
            ask(directory_copy.require_fresh, now)
        assert (refused.value.refusal_code, refused.value.retryable) == ("directory_stale", True)


def answering(ask, name, scopes=("all", "tasks")):
    return ask(directory_copy.answering, [post(name)], scopes, clock.now()).get(post(name), [])


def test_whoever_holds_a_post_answers_for_it_and_to_whom_its_powers_are_lent(ask):
    both = {person("committee vice_chairman"), person("office deputy_chief_of_office")}
    assert set(answering(ask, "committee vice_chairman")) == both
    ask.change(sa.update(t.delegations).values(scope="messaging"))
    assert answering(ask, "committee vice_chairman") == [person("committee vice_chairman")]


def test_powers_that_a_predecessor_lent_count_for_nothing(ask):
    ask.change(sa.update(t.delegations).values(valid_from=date(2020, 1, 1)))
    assert answering(ask, "committee vice_chairman") == [person("committee vice_chairman")]


def test_for_a_post_that_nobody_holds_its_deputy_answers_else_whoever_works_for_the_head(ask):
    gone = [membership_of("ward-2 head")]
    ask.change(sa.delete(t.memberships).where(t.memberships.c.id.in_(gone)))
    assert answering(ask, "ward-2 head") == [person("ward-2 clerk")]
    ask.change(*give("deputy", "ward-1 official", "deputy_head"))
    assert answering(ask, "ward-2 head") == [person("ward-1 official")]
    assert answering(ask, "ward-2 official") == [person("ward-2 official")]


def test_for_a_post_in_a_unit_that_nobody_is_in_nobody_answers(ask):
    ask.change(sa.delete(t.memberships).where(t.memberships.c.id == membership_of("division division_head")))
    assert answering(ask, "division division_head") == []
