"""The table of moves, and histories folding into states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from kernel.actor import Actor
from kernel.errors import Refused
from tasks.domain.assignment import CLOSED, MOVES, OPEN, STATES, Piece, allowed, apply, decide, fold

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


def an_actor(*serves: str, post_kind="head", unit_kind="ward", is_head=True) -> Actor:
    return Actor("p1", "m1", serves[0], post_kind, "Chủ tịch", "u1", unit_kind, is_head, None, serves)


def a_piece(role="lead", **changes) -> Piece:
    return Piece(role, "head-post", "assigner-post", **({"state": "assigned", "version": 1} | changes))


HEAD, ASSIGNER, STRANGER = an_actor("head-post"), an_actor("assigner-post"), an_actor("other-post")


@pytest.mark.parametrize(("role", "after"), [("lead", "in_progress"), ("support", "in_progress")])
def test_whoever_works_on_it_is_in_progress_once_he_accepts(role, after):
    accepted = decide(a_piece(role), "accept", HEAD, 1, NOW)

    assert (accepted.state, accepted.version, accepted.accepted_at, accepted.done_at) == (after, 2, NOW, None)


def test_whoever_is_only_informed_is_done_once_he_accepts():
    accepted = decide(a_piece("inform"), "accept", HEAD, 1, NOW)

    assert (accepted.state, accepted.accepted_at, accepted.done_at) == ("completed", NOW, NOW)


def test_a_clerk_who_serves_the_head_may_accept():
    assert decide(a_piece(), "accept", an_actor("clerk-post", "head-post"), None, NOW).state == "in_progress"


@pytest.mark.parametrize("actor", [ASSIGNER, STRANGER])
def test_nobody_accepts_for_another_unit(actor):
    with pytest.raises(Refused) as refusal:
        decide(a_piece(), "accept", actor, None, NOW)

    assert refusal.value.refusal_code == "not_authorised"


def test_what_has_changed_since_it_was_read_is_not_touched():
    with pytest.raises(Refused) as refusal:
        decide(a_piece(version=3), "accept", HEAD, 2, NOW)

    assert (refusal.value.refusal_code, refusal.value.details) == ("stale_version", {"current": 3})


# the table, written a second time, the other way round: what each state may become, by whom
OWNER, CITY, CLERK_TOO = {"owner"}, {"assigner"}, {"owner", "clerk"}
TABLE = {
    "assigned": {"accept": ("in_progress", CLERK_TOO), "decline": ("declined", OWNER), "revoke": ("revoked", CITY)},
    "declined": {
        "reassign": ("assigned", CITY), "uphold": ("assigned", CITY), "revoke": ("revoked", CITY),
    },
    "in_progress": {
        "submit_result": ("result_submitted", OWNER), "suspend": ("suspended", CITY), "revoke": ("revoked", CITY),
        "pass_on": ("in_progress", OWNER),
    },
    "result_submitted": {
        "approve_result": ("completed", CITY), "return_result": ("in_progress", CITY),
        "withdraw_result": ("in_progress", OWNER), "revoke": ("revoked", CITY),
    },
    "suspended": {"resume": ("in_progress", CITY), "revoke": ("revoked", CITY)},
    "completed": {"reopen": ("in_progress", CITY), "archive": ("archived", {"clerk", "office"})},
    "revoked": {},
    "archived": {},
}  # fmt: skip
ACTORS = {
    "owner": HEAD, "assigner": ASSIGNER, "clerk": an_actor("clerk-post", "head-post", post_kind="clerk", is_head=False),
    "office": an_actor("office-post", post_kind="office_clerk", unit_kind="office", is_head=False),
    "secretary": an_actor("secretary-post", "assigner-post", post_kind="secretary", is_head=False),
    "stranger": STRANGER,
}  # fmt: skip
VERBS = sorted({verb for row in TABLE.values() for verb in row})


def expected(state: str, verb: str, who: str, role: str) -> str:
    """The state after it, or the code of the refusal."""
    if not any(who in row[verb][1] for row in TABLE.values() if verb in row):
        return "not_authorised"
    if verb not in TABLE[state] or (role == "inform" and verb == "reopen"):
        return "wrong_state"
    return "completed" if (verb, role) == ("accept", "inform") else TABLE[state][verb][0]


@pytest.mark.parametrize("state", STATES)
def test_what_the_table_does_not_allow_is_refused_by_name(state):
    for role, verb, who in product(("lead", "support", "inform"), VERBS, ACTORS):
        piece = a_piece(role, state=state, version=7)
        wanted = expected(state, verb, who, role)
        try:
            found = decide(piece, verb, ACTORS[who], 7, NOW).state
        except Refused as refusal:
            found = refusal.refusal_code
        assert found == wanted, (role, verb, who)
        assert (verb in allowed(piece, ACTORS[who])) == (wanted in STATES)


def test_a_delegate_decides_in_the_post_that_was_lent_to_him_and_in_no_other():
    piece = a_piece(state="result_submitted")
    delegate = an_actor("own-post", "assigner-post")

    assert "approve_result" not in allowed(piece, delegate)
    assert "approve_result" in allowed(piece, replace(delegate, post_id="assigner-post", acting_for="assigner-post"))


def test_any_of_the_leaders_on_whose_behalf_it_was_drafted_decides():
    piece = a_piece(state="result_submitted", leader_post_ids=("assigner-post", "second-post"))

    assert decide(piece, "approve_result", an_actor("second-post"), None, NOW).state == "completed"


def test_a_support_is_approved_by_the_lead_and_by_nobody_else():
    piece = a_piece("support", state="result_submitted", approver_post_id="lead-post")

    assert decide(piece, "return_result", an_actor("lead-post"), None, NOW).returns == 1
    assert code(piece, "approve_result", ASSIGNER) == "not_authorised"


def test_nobody_decides_on_a_result_that_he_himself_submitted_whichever_post_he_uses():
    piece = a_piece(state="result_submitted", submitted_by_person_id="p1")

    assert code(piece, "approve_result", ASSIGNER) == "own_result"
    assert code(piece, "return_result", ASSIGNER) == "own_result"
    assert "approve_result" not in allowed(piece, ASSIGNER)


def test_nobody_decides_on_what_is_his_own_units_even_if_another_submitted_it():
    """A head to whom the assigner's powers were lent."""
    piece = a_piece(state="result_submitted", submitted_by_person_id="p2")
    both = an_actor("assigner-post", "head-post")

    assert code(piece, "approve_result", both) == code(piece, "return_result", both) == "own_result"
    assert "approve_result" not in allowed(piece, both)


def test_the_head_closes_the_dossier_only_where_nobody_keeps_the_files():
    piece = a_piece(state="completed", unit_id="u1")

    assert code(piece, "archive", HEAD) == "not_authorised"
    assert decide(replace(piece, has_clerk=False), "archive", HEAD, None, NOW).state == "archived"
    assert code(replace(piece, has_clerk=False), "archive", an_actor("head-post", is_head=False)) == "not_authorised"


def test_a_refusal_is_as_old_as_it_was_wherever_it_moves():
    declined = decide(a_piece(), "decline", HEAD, None, NOW, {"proposed_unit_id": "u9"})
    another_decides = apply(declined, "move", LATER, data={"assigner_post_id": "new-post"})
    another_owns = apply(declined, "move", LATER, data={"unit_id": "u2", "post_id": "new-post"})

    assert (another_decides.declined_at, another_decides.proposed_unit_id) == (NOW, "u9")
    assert (another_owns.declined_at, another_owns.proposed_unit_id) == (NOW, None)
    assert decide(another_owns, "uphold", ASSIGNER, None, LATER).declined_at is None


def code(piece: Piece, verb: str, actor: Actor) -> str:
    with pytest.raises(Refused) as refusal:
        decide(piece, verb, actor, None, NOW)
    return refusal.value.refusal_code


def test_what_counts_is_the_day_of_the_submission_that_was_approved():
    submitted = decide(a_piece(state="in_progress"), "submit_result", HEAD, None, NOW)
    approved = decide(submitted, "approve_result", replace(ASSIGNER, person_id="p2"), None, LATER, {"grade": "good"})

    assert (approved.done_at, approved.closed_at, approved.grade) == (NOW, LATER, "good")
    reopened = decide(approved, "reopen", ASSIGNER, None, LATER)
    assert (reopened.done_at, reopened.closed_at, reopened.grade, reopened.submitted_at) == (None,) * 4


def test_an_unknown_verb_is_nobodys():
    with pytest.raises(Refused) as refusal:
        decide(a_piece(), "conquer", an_actor("head-post", "assigner-post"), None, NOW)

    assert refusal.value.refusal_code == "not_authorised"


def test_every_move_leads_to_a_known_state_and_none_out_of_a_closed_one_by_accident():
    assert set(STATES) == OPEN | CLOSED and not OPEN & CLOSED
    assert {m.after for m in MOVES} | {m.before for m in MOVES if m.before} <= set(STATES)


def test_a_history_with_a_gap_is_not_believed():
    issue = {"verb": "issue", "version": 2, "at": NOW, "actor_person_id": "p1", "data": {}}
    with pytest.raises(ValueError, match="gap"):
        fold(Piece("lead", "head-post", "assigner-post"), [issue])
