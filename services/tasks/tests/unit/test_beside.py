"""What may be done about a piece beside moving it: the rules that refuse say what is shown as allowed."""

from datetime import UTC, datetime
from itertools import product

import pytest

from kernel.actor import Actor
from tasks.domain.assignment import OPEN, STATES, Piece
from tasks.domain.beside import allowed_beside

DUE, LATER = datetime(2026, 3, 20, 16, 0, tzinfo=UTC), datetime(2026, 3, 27, 16, 0, tzinfo=UTC)


def an_actor(post: str, *serves: str, kind="head", unit_kind="ward") -> Actor:
    return Actor("p1", "m1", post, kind, "", "u1", unit_kind, kind == "head", None, (post, *serves))


WHO = {
    "owner": an_actor("owner"), "clerk": an_actor("clerk", "owner", kind="clerk"), "assigner": an_actor("assigner"),
    "leader": an_actor("leader"), "follower": an_actor("follower"), "stranger": an_actor("stranger"),
    "office": an_actor("office", kind="office_clerk", unit_kind="office"),
    "chairman": an_actor("chairman", kind="chairman", unit_kind="committee"),
}  # fmt: skip
# the rules, written a second time: who, and in which states
ACTS = {
    "request_extension": ({"owner"}, {"in_progress", "suspended"}),
    "report_progress": ({"owner", "clerk"}, {"in_progress", "suspended", "result_submitted"}),
    "raise_blocker": ({"owner", "clerk"}, {"assigned", "in_progress", "suspended"}),
    "propose_correction": ({"owner", "clerk", "assigner", "leader", "follower", "office"}, OPEN | {"completed"}),
    "urge": ({"assigner", "leader", "follower", "office", "chairman"}, OPEN),
}


def allowed(
    who: str, state: str = "in_progress", *, is_child: bool = False, due: datetime | None = DUE, **about
) -> set:
    piece = Piece("lead", "owner", "assigner", ("leader",), state=state, current_due=due, is_child=is_child)
    standing = {"latest": None, "under_correction": False, "extension_pending": False, "urged": []} | about
    return set(allowed_beside(piece, WHO[who], ["follower"], **standing))


@pytest.mark.parametrize(("who", "state"), list(product(WHO, STATES)))
def test_everybody_may_do_what_is_his_in_the_states_in_which_it_is_possible(who, state):
    assert allowed(who, state) == {act for act, (posts, states) in ACTS.items() if who in posts and state in states}


def test_what_is_open_already_is_not_begun_a_second_time():
    assert "request_extension" not in allowed("owner", extension_pending=True)
    assert "propose_correction" not in allowed("owner", under_correction=True)
    kinds = ["urge", "ask_evidence", "check_figures", "opinion"]
    assert "urge" in allowed("assigner", urged=kinds[:3])
    assert "urge" not in allowed("assigner", urged=kinds)  # in the name of the Standing PC only the city speaks
    assert "urge" in allowed("office", urged=kinds)


def test_there_is_no_more_time_to_ask_for_without_a_deadline_or_beyond_the_parents():
    assert "request_extension" not in allowed("owner", due=None)
    assert "request_extension" not in allowed("owner", is_child=True, latest=DUE)
    assert "request_extension" in allowed("owner", is_child=True, latest=LATER)


def test_who_follows_the_order_has_no_say_inside_a_unit():
    assert allowed("follower", is_child=True) == set()
