"""Thousands of random lives: no state outside the table, and the present always follows from the history.

`make lives` plays the long form.
"""

import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain import extension
from tasks.domain.assignment import CLOSED, MOVES, STATES, Piece, allowed, apply, decide, fold, lived, permit
from tasks.domain.due import delay

LONG = bool(os.environ.get("CONGVU_LIVES"))
BEGIN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DAYS = WorkingDays({})
VERBS = sorted({move.verb for move in MOVES} - {"issue", "extend", "move", "correct"})
POSTS = ("assigner", "leader", "owner", "clerk", "other", "office", "lead")
PEOPLE = ("p1", "p2", "p3", "p4")
MUCH_LATER = end_of_day(today(BEGIN) + timedelta(days=90)).isoformat()
SEEN: set[tuple] = set()
NEXT = {(None, "assigned")} | {(move.before, move.after) for move in MOVES}


class Life(RuleBasedStateMachine):
    """One piece; people hold posts and lend them to one another, units are reorganised, time goes on."""

    def __init__(self):
        super().__init__()
        self.at = BEGIN
        self.holders = dict(zip(POSTS, PEOPLE * 2, strict=False))
        self.history: list[dict] = []
        self.requests: list[dict] = []

    @initialize(
        role=st.sampled_from(["lead", "lead", "support", "inform"]), is_child=st.booleans(), joint=st.booleans(),
        due=st.sampled_from([2, 10, 20, None]),
    )  # fmt: skip
    def issue(self, role, is_child, joint, due):
        due = None if due is None else end_of_day(today(BEGIN) + timedelta(days=due))
        self.new = Piece(
            role, "nobody", "assigner",
            leader_post_ids=() if is_child else ("leader",),
            approver_post_id="lead" if joint and role == "support" and not is_child else None,
            is_child=is_child,
        )  # fmt: skip
        self.piece = self.new
        self._happens("issue", "p1", {"unit_id": "u1", "post_id": "owner", "current_due": due and due.isoformat()})

    def _happens(self, verb: str, by: str, data: dict) -> None:
        before = self.piece
        self.piece = apply(before, verb, self.at, by, data)
        assert (before.state, self.piece.state) in NEXT
        SEEN.add((verb, before.state, self.piece.state))
        assert self.piece.version == before.version + 1
        event = {"verb": verb, "version": self.piece.version, "at": self.at, "actor_person_id": by, "data": data}
        self.history.append(event)
        if self.piece.state in CLOSED:
            self._end_request("withdrawn")

    def _actor(self, person: str, post: str) -> Actor:
        """The person in that post, his own or lent to him."""
        post = self.piece.post_id if post == "owner" else post
        own = [name for name, holder in self.holders.items() if holder == person]
        serves = (post, *own, *((self.piece.post_id,) if post == "clerk" else ()))
        kinds = {"office": ("office_clerk", "office"), "clerk": ("clerk", "ward")}
        kind, unit_kind = kinds.get(post, ("head", "ward"))
        return Actor(person, "m", post, kind, "", "u1", unit_kind, post in ("owner", self.piece.post_id), None, serves)

    @rule(
        verb=st.sampled_from(VERBS), person=st.sampled_from(PEOPLE), post=st.sampled_from(POSTS),
        seen=st.sampled_from([0, 0, 0, -1, None]), to=st.sampled_from(["u2", "u3"]),
        grade=st.sampled_from(["met", "good"]),
    )  # fmt: skip
    def somebody_tries(self, verb, person, post, seen, to, grade):
        self._try(verb, person, post, seen, to, grade)

    @rule(
        which=st.integers(0, 9), person=st.sampled_from(PEOPLE), to=st.sampled_from(["u2", "u3"]),
        grade=st.sampled_from(["met", "good"]),
    )  # fmt: skip
    def somebody_does_what_may_be_done(self, which, person, to, grade):
        may = {post: allowed(self.piece, self._actor(person, post)) for post in POSTS}
        possible = [(verb, post) for post, verbs in may.items() for verb in verbs if verb != "revoke" or which == 9]
        if possible:
            verb, post = possible[which % len(possible)]
            self._try(verb, person, post, None, to, grade)

    @rule(person=st.sampled_from(PEOPLE))
    def it_takes_its_usual_course(self, person):
        may = {verb: post for post in POSTS for verb in allowed(self.piece, self._actor(person, post))}
        for verb in ("accept", "uphold", "submit_result", "approve_result", "reopen"):
            if verb in may:
                self._try(verb, person, may[verb], None, "u2", "met")
                return

    def _try(self, verb, person, post, seen, to, grade):
        actor, before = self._actor(person, post), self.piece
        version = None if seen is None else before.version + seen
        data = {
            "reassign": {"unit_id": to, "post_id": f"owner of {to}"}, "approve_result": {"grade": grade},
            "decline": {"proposed_unit_id": to}, "resume": {"current_due": MUCH_LATER} if grade == "met" else {},
        }.get(verb, {})  # fmt: skip
        may = verb in allowed(before, actor)
        try:
            after = decide(before, verb, actor, version, self.at, data)
        except Refused as refusal:
            assert self.piece == before
            assert refusal.refusal_code in ("not_authorised", "stale_version", "wrong_state", "own_result")
            assert not may or refusal.refusal_code == "stale_version"
            return
        assert may
        if verb in ("approve_result", "return_result"):
            assert person != before.submitted_by_person_id and before.post_id not in actor.serves
        self._happens(verb, person, data)
        assert self.piece == after

    @rule(person=st.sampled_from(PEOPLE), post=st.sampled_from(POSTS))
    def somebody_is_appointed(self, person, post):
        self.holders[post] = person

    @precondition(lambda self: self.piece.state not in CLOSED)
    @rule(to=st.sampled_from(["u4", "u5"]))
    def the_unit_is_reorganised(self, to):
        before = self.piece
        self._happens("move", "p4", {"unit_id": to, "post_id": f"owner of {to}"})
        assert replace(self.piece, unit_id=before.unit_id, post_id=before.post_id, version=before.version) == replace(
            before, proposed_unit_id=None
        )

    @precondition(lambda self: self.piece.state not in CLOSED and self.piece.is_child)
    @rule()
    def the_unit_above_is_reorganised(self):
        before = self.piece
        self._happens("move", "p4", {"assigner_post_id": "assigner"})
        assert self.piece == replace(before, version=before.version + 1)

    @precondition(lambda self: self.piece.state not in ("revoked", "archived") and len(self.history) % 5 == 0)
    @rule(grade=st.sampled_from(["met", "good"]), days=st.integers(1, 90))
    def a_fact_is_put_right(self, grade, days):
        before, due = self.piece, (self.at + timedelta(days=days)).isoformat()
        self._happens("correct", "p4", {"grade": grade} if before.grade else {"current_due": due})
        assert (self.piece.state, self.piece.post_id) == (before.state, before.post_id)

    @rule(days=st.integers(1, 9))
    def time_goes_on(self, days):
        self.at += timedelta(days=days)

    def _open_request(self) -> dict | None:
        return next((each for each in self.requests if each["state"] == "pending"), None)

    def _end_request(self, state: str) -> None:
        if request := self._open_request():
            request |= {"state": state, "decided_at": self.at, "decided_by_person_id": "p1"}

    @precondition(lambda self: self.piece.state in ("assigned", "in_progress", "suspended"))
    @rule(person=st.sampled_from(PEOPLE), post=st.sampled_from(["owner", "owner", "clerk"]), days=st.integers(-5, 60))
    def somebody_asks_for_more_time(self, person, post, days):
        actor, pending = self._actor(person, post), self._open_request() is not None
        now, due = self.at, self.piece.current_due
        wanted = today(max(now, due or now)) + timedelta(days=days)
        try:
            due = extension.requested(
                self.piece, actor, wanted, pending=pending, latest=None, days=DAYS, now=self.at
            )  # fmt: skip
        except Refused:
            return
        assert not pending and self.piece.state in ("in_progress", "suspended") and due > self.piece.current_due
        self.requests.append(
            {"state": "pending", "version": 1, "requested_due": due, "requested_at": self.at, "decided_at": None}
        )

    @precondition(lambda self: (self.requests and self.requests[-1]["state"] == "pending") or len(self.requests) > 2)
    @rule(person=st.sampled_from(PEOPLE), post=st.sampled_from(["assigner", "assigner", "other"]), grant=st.booleans())
    def somebody_decides_about_it(self, person, post, grant):
        request, before = self.requests[-1], self.piece
        try:
            extension.permit_decision(request, before, "grant_extension", self._actor(person, post), None)
            state, due = "refused", None
            if grant:
                state, due = extension.granted(before, request, None, latest=None, days=DAYS, now=self.at)
        except Refused:
            assert self.piece == before
            return
        assert request["state"] == "pending"
        self._end_request(state)
        if grant:
            self._happens("extend", person, {"current_due": due.isoformat()})
            assert self.piece.current_due > before.current_due and self.piece.state == before.state

    def teardown(self):
        """At the end of each life, because it looks at all of it."""
        if self.history:
            self.the_present_is_the_fold_of_the_history_in_whatever_order_it_is_read()
            self.the_lost_days_are_somebodys_and_add_up()
            self.what_is_closed_stays_so()

    def the_present_is_the_fold_of_the_history_in_whatever_order_it_is_read(self):
        shuffled = random.Random(len(self.history)).sample(self.history, len(self.history))
        assert fold(self.new, shuffled) == self.piece

    @invariant()
    def what_is_stored_goes_together(self):
        piece = self.piece
        assert piece.state in STATES
        assert (piece.suspended_at is not None) == (piece.state == "suspended")
        assert (piece.declined_at is not None) == (piece.state == "declined")
        assert (piece.closed_at is not None) == (piece.state in CLOSED)
        assert (piece.done_at is not None) == (piece.state in ("completed", "archived"))
        assert piece.state != "result_submitted" or (piece.submitted_at and piece.submitted_by_person_id)
        assert piece.state not in CLOSED or self._open_request() is None
        assert piece.role != "inform" or piece.state not in ("in_progress", "result_submitted", "suspended")

    def what_is_closed_stays_so(self):
        if self.piece.state in CLOSED:
            for verb, post in product({move.verb for move in MOVES} - {"reopen", "archive", "correct"}, POSTS):
                with pytest.raises(Refused):
                    permit(self.piece, verb, self._actor("p4", post), None)

    def the_lost_days_are_somebodys_and_add_up(self):
        due = self.piece.current_due
        if due is None:
            return
        states = [(at, piece.state) for at, piece in lived(self.new, self.history)]
        waits = [(each["requested_at"], each["decided_at"]) for each in self.requests]
        lost = delay(due, states, waits, self.at, DAYS)
        whole = 0
        for (begin, state), end in zip(states, [*(at for at, _ in states[1:]), self.at], strict=True):
            if state not in CLOSED:
                whole += DAYS.between(max(today(begin), today(due)), max(today(end), today(due)))
        assert sum(lost.values()) == whole and min(lost.values()) >= 0


def test_no_life_leaves_the_table():
    SEEN.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=20_000 if LONG else 450, stateful_step_count=40 if LONG else 30, deadline=None,
            derandomize=not LONG, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    made = {verb for verb, _, _ in SEEN}, {state for _, _, state in SEEN}
    assert made == ({move.verb for move in MOVES}, set(STATES))  # a game in which nothing happens would prove nothing
