"""Powers lent: how far, to whom, and until when they live. The grantor heads the ward; today is 4 March 2026."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from directory.domain.delegations import LONGEST, lapse, lend
from directory.domain.organisation import Delegation, Membership, Post
from kernel.errors import Refused

FOUNDED, TODAY = date(2025, 7, 1), date(2026, 3, 4)
HEAD = Post("head", "ward", "head", "Chủ tịch", True, 50, FOUNDED, None, FOUNDED)
DEPUTY = Post("deputy", "ward", "deputy_head", "Phó Chủ tịch", False, 70, FOUNDED, None, FOUNDED)
CLERK = replace(DEPUTY, id="clerk", kind="clerk")
BELOW = replace(DEPUTY, id="below", unit_id="division", kind="deputy_division_head")
GRANTOR = Membership("m", "grantor", "head", True, FOUNDED, None)
LENT = Delegation("d", "head", "grantee", "KT", "tasks", "1/QĐ", TODAY, TODAY + timedelta(10))


def lent(below=(DEPUTY,), grantor=GRANTOR, known=(), **changes):
    new = replace(LENT, **changes)
    return lend(new, grantor=grantor, grantor_post=HEAD, below=below, known=known, day=TODAY)


def refusal(**given):
    with pytest.raises(Refused) as refused:
        lent(**given)
    return refused.value.refusal_code


def test_a_deputy_acts_in_his_heads_place():
    assert lent() == LENT


@pytest.mark.parametrize("kind, post, allowed", [
    ("KT", DEPUTY, True), ("KT", CLERK, False), ("KT", BELOW, False),
    ("TL", CLERK, True), ("TL", BELOW, True), ("TUQ", BELOW, True),
])  # fmt: skip
def test_each_kind_has_its_grantees(kind, post, allowed):
    if allowed:
        assert lent(kind=kind, below=[post]).kind == kind
    else:
        assert refusal(kind=kind, below=[post]) == "grantee_not_eligible"


@pytest.mark.parametrize("kind", ["KT", "TL", "TUQ"])
def test_nobody_outside_the_unit_gets_its_powers(kind):
    assert refusal(kind=kind, below=[]) == "grantee_not_eligible"


def test_powers_are_lent_for_a_year_at_most():
    assert lent(valid_to=TODAY + LONGEST)
    assert refusal(valid_to=TODAY + LONGEST + timedelta(1)) == "delegation_too_long"


def test_nobody_lends_beyond_his_own_time():
    leaving = replace(GRANTOR, valid_to=TODAY + timedelta(5))
    assert refusal(grantor=leaving) == "beyond_own_powers"
    assert lent(grantor=leaving, valid_to=TODAY + timedelta(5))
    assert refusal(grantor=replace(GRANTOR, valid_from=TODAY + timedelta(1))) == "beyond_own_powers"


@pytest.mark.parametrize("scope, begins, code", [
    ("tasks", 5, "already_lent"), ("all", 5, "already_lent"), ("messaging", 5, None), ("tasks", 10, None),
])  # fmt: skip
def test_the_same_is_lent_once_at_a_time(scope, begins, code):
    begin = TODAY + timedelta(begins)
    again = {"known": [LENT], "scope": scope, "valid_from": begin, "valid_to": begin + timedelta(9)}
    assert lent(**again) if code is None else refusal(**again) == code


def test_what_was_lent_lives_as_long_as_its_lender_holds_the_post():
    assert lapse(LENT, [GRANTOR]) == LENT
    left = replace(GRANTOR, valid_to=TODAY + timedelta(3))
    assert lapse(LENT, [left]).valid_to == TODAY + timedelta(3)
    successor = Membership("n", "successor", "head", True, TODAY + timedelta(3), None)
    assert lapse(LENT, [left, successor]).valid_to == TODAY + timedelta(3)
    assert lapse(LENT, [successor]).valid_to == LENT.valid_from
    assert lapse(LENT, [replace(left, valid_to=TODAY + timedelta(30))]) == LENT
