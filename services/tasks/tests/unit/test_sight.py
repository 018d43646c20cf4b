"""Who sees how much of an order."""

import pytest

from kernel.actor import Actor
from tasks.domain.sight import REVOKED, Sight, sight_of

EACH, JOINT = ({"mode": mode, "assigner_post_id": "assigner-post"} for mode in ("each", "joint"))


def an_actor(post_kind="head", unit_kind="ward", serves=("own-post",)):
    return Actor("p1", "m1", "own-post", post_kind, "", "u1", unit_kind, False, None, serves)


@pytest.mark.parametrize(
    "actor",
    [
        an_actor("standing_member", "committee", ("own-post", "assigner-post")),
        an_actor("official", "department", ("own-post", "follower-post")),
        an_actor("chairman", "committee"),
        an_actor("vice_chairman", "committee"),
        an_actor("chief_of_office", "office"),
        an_actor("office_clerk", "office"),
    ],
    ids=["assigner", "follower", "chairman", "vice chairman", "chief of office", "office clerk"],
)
def test_these_see_the_whole(actor):
    assert sight_of(actor, EACH, ["follower-post"], ()) is Sight.WHOLE


def test_a_unit_sees_its_own_piece_only():
    assert sight_of(an_actor(), EACH, [], {"lead"}) is Sight.OWN


def test_the_lead_of_joint_work_sees_the_supports_but_they_do_not_see_him():
    assert sight_of(an_actor(), JOINT, [], {"lead"}) is Sight.WHOLE
    assert sight_of(an_actor(), JOINT, [], {"support"}) is Sight.OWN


def test_whoever_led_joint_work_sees_his_own_piece_once_it_is_revoked():
    assert sight_of(an_actor(), JOINT, [], {REVOKED}) is Sight.OWN


@pytest.mark.parametrize(
    "actor",
    [an_actor(), an_actor("administrator", "office"), an_actor("auditor", "committee"), an_actor("chairman", "ward")],
    ids=["another ward", "administrator", "auditor", "a ward's chairman"],
)
def test_for_these_it_does_not_exist(actor):
    assert sight_of(actor, EACH, ["follower-post"], ()) is Sight.NONE
