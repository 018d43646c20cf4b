"""A patient call is asked again while nobody answers; whoever does answer has the last word."""

import time
from dataclasses import replace

import eventlet
import pytest

from chassis.errors import CallFailed
from chassis.rpc import Caller, RpcServer
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Speaker
from chassis.tests.interface.test_trouble import cut, part

echo, wait, refuse, count_once = (
    replace(procedure, timeout=2, patience=15)
    for procedure in (samples.echo, samples.wait, samples.refuse, samples.count_once)
)


def test_a_callee_that_comes_back_is_asked_again(run, caller):
    asking = eventlet.spawn(caller, echo, {"text": "x"}, CLAIMS)
    eventlet.sleep(1)
    assert not asking.dead
    run(Speaker)
    assert asking.wait() == {"text": "x"}


def test_a_call_whose_connection_breaks_is_asked_again(run, caller):
    run(Speaker)
    asking = eventlet.spawn(caller, wait, {"text": "1"}, CLAIMS)
    eventlet.sleep(0.3)
    cut(part(caller.container, Caller)._link)
    assert asking.wait() == {"text": "1"}


def test_silence_is_asked_again_and_what_takes_effect_once_does(run, caller, monkeypatch):
    speaker, Speaker.calls = run(Speaker), 0
    answers = []
    server = part(speaker, RpcServer)
    answer = server._answer
    monkeypatch.setattr(
        server,
        "_answer",
        lambda *args, **kwargs: answers.append(args) or (len(answers) > 1 and answer(*args, **kwargs)),
    )
    assert caller(count_once, {"text": "x"}, CLAIMS) == {"text": "x 1"}
    assert (len(answers), Speaker.calls) == (2, 1)


def test_a_refusal_is_an_answer(run, caller):
    run(Speaker)
    began = time.monotonic()
    with pytest.raises(CallFailed, match="no_thanks"):
        caller(refuse, {"text": "x"}, CLAIMS)
    assert time.monotonic() - began < 2


def test_patience_ends(caller, clean):
    clean("tasks")
    began = time.monotonic()
    with pytest.raises(CallFailed, match=r"service_unavailable|deadline_exceeded"):
        caller(replace(echo, timeout=1, patience=1.5), {"text": "x"}, CLAIMS, timeout=None)  # not of the caller's own
    assert 1 < time.monotonic() - began < 5


def test_without_patience_a_bus_that_is_away_is_waited_for_in_a_blink_only(run, caller):
    run(Speaker)
    link = part(caller.container, Caller)._link
    link.stop()
    until(lambda: not link.is_up)
    began = time.monotonic()
    with pytest.raises(CallFailed, match="service_unavailable"):
        caller(samples.echo, {"text": "x"}, CLAIMS)
    assert time.monotonic() - began < 3  # the procedure's own deadline is 5
