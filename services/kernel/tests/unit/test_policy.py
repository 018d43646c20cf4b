"""Who may ask for what: everything is listed, and what is not listed is denied."""

import pytest

from contracts.catalogue import PROCEDURES, SERVICES
from contracts.fields import POST_KINDS
from kernel import policy
from kernel.actor import Actor
from kernel.errors import Refused

ACTOR_PROCEDURES = {name for name, procedure in PROCEDURES.items() if procedure.caller == "actor"}
STANDING_PC = {"chairman", "vice_chairman", "standing_member"}


def actor(post_kind, acting_for=None, scope="all"):
    return Actor("p1", "m1", "post1", post_kind, "Chức vụ", "u1", "committee", False, acting_for, ("post1",), scope)


def test_every_procedure_that_an_actor_may_call_is_listed_and_nothing_else_is():
    assert {action for action in policy.RULES if not action.startswith("gateway.")} == ACTOR_PROCEDURES


@pytest.mark.parametrize("post_kind", POST_KINDS)
def test_an_unlisted_action_is_denied_to_everybody(post_kind):
    with pytest.raises(Refused) as refused:
        policy.require("tasks.abolish", actor(post_kind))
    assert refused.value.refusal_code == "not_authorised"
    assert refused.value.details == {"action": "tasks.abolish"}


@pytest.mark.parametrize("post_kind", POST_KINDS)
def test_only_the_standing_pc_orders_directly(post_kind):
    assert (post_kind in STANDING_PC) == policy.allows("tasks.assign", actor(post_kind))


@pytest.mark.parametrize("post_kind", POST_KINDS)
def test_the_assistant_reads_for_whoever_orders_or_drafts_and_for_nobody_else(post_kind):
    someone = actor(post_kind)
    orders_or_drafts = policy.allows("tasks.assign", someone) or policy.allows("tasks.draft", someone)
    assert orders_or_drafts == policy.allows("tasks.propose", someone)


@pytest.mark.parametrize("scope, allowed", [("all", True), ("tasks", True), ("messaging", False), ("", False)])
def test_a_delegate_orders_as_far_as_his_delegation_reaches(scope, allowed):
    assert allowed == policy.allows("tasks.assign", actor("vice_chairman", acting_for="post1", scope=scope))


@pytest.mark.parametrize("action", sorted(action for action in policy.RULES if action.endswith(".list_audit")))
def test_the_audit_log_is_read_by_auditors_and_administrators_in_person(action):
    assert {kind for kind in POST_KINDS if policy.allows(action, actor(kind))} == {"auditor", "administrator"}
    assert not policy.allows(action, actor("auditor", acting_for="post1"))


@pytest.mark.parametrize("name", sorted(name for name, each in PROCEDURES.items() if each.caller == "service"))
def test_every_procedure_for_services_names_those_services(name):
    """Whoever is not named is refused: `callers=(...)` of the procedure."""
    assert PROCEDURES[name].callers
    assert set(PROCEDURES[name].callers) <= set(SERVICES)
