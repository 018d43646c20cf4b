"""The table of moves, and histories folding into states."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.actor import Actor
from kernel.errors import Refused
from tasks.domain.assignment import CLOSED, MOVES, OPEN, STATES, Piece, allowed, apply, decide, fold

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def an_actor(*serves: str) -> Actor:
    return Actor("p1", "m1", serves[0], "head", "Chủ tịch", "u1", "ward", True, None, serves)


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


@given(st.sampled_from(STATES), st.sampled_from(["lead", "support", "inform"]), st.sampled_from(["issue", "accept"]))
def test_what_the_table_does_not_allow_is_refused_by_name(state, role, verb):
    """Against the table written a second time, the other way round."""
    piece, actor = a_piece(role, state=state, version=7), an_actor("head-post", "assigner-post")
    if (state, verb) == ("assigned", "accept"):
        assert decide(piece, verb, actor, 7, NOW).state == ("completed" if role == "inform" else "in_progress")
        assert allowed(piece, actor) == ["accept"]
    else:
        with pytest.raises(Refused) as refusal:
            decide(piece, verb, actor, 7, NOW)
        assert refusal.value.refusal_code == "wrong_state"
        assert verb not in allowed(piece, actor)


def test_an_unknown_verb_is_nobodys():
    with pytest.raises(Refused) as refusal:
        decide(a_piece(), "conquer", an_actor("head-post", "assigner-post"), None, NOW)

    assert refusal.value.refusal_code == "not_authorised"


def test_every_move_leads_to_a_known_state_and_none_out_of_a_closed_one_by_accident():
    assert set(STATES) == OPEN | CLOSED and not OPEN & CLOSED
    assert {m.after for m in MOVES} | {m.before for m in MOVES if m.before} <= set(STATES)


@given(st.lists(st.sampled_from(["issue", "accept"]), max_size=6), st.sampled_from(["lead", "support", "inform"]))
def test_the_present_state_is_a_fold_of_the_history(verbs, role):
    """Whatever verbs were tried: those that happened, in any order of reading, give the state that stands."""
    new = piece = Piece(role, "head-post", "assigner-post")
    history = []
    for minute, verb in enumerate(verbs):
        at = NOW + timedelta(minutes=minute)
        try:
            piece = apply(piece, verb, at)
        except ValueError:
            continue
        history.append({"verb": verb, "version": piece.version, "at": at})

    assert fold(new, reversed(history)) == piece


def test_a_history_with_a_gap_is_not_believed():
    with pytest.raises(ValueError, match="gap"):
        fold(Piece("lead", "head-post", "assigner-post"), [{"verb": "issue", "version": 2, "at": NOW}])
