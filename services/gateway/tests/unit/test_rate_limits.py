"""Counting in windows of time."""

import time

import pytest

from chassis.http import HttpRefusal
from gateway.rate_limits import Count, RateLimits, SharedCounts, read_limit

MINUTE = 60


@pytest.fixture
def at(monkeypatch):
    """Moves the clock to so many seconds after the beginning of the next minute: `at(30)`."""
    begins = (time.time() // MINUTE + 1) * MINUTE

    def move(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: begins + seconds)

    move(0)
    return move


def allowed(limits: RateLimits, who: str = "somebody") -> int:
    """How often in a row he may come."""
    for number in range(1000):
        try:
            limits.enter("read", who)
        except HttpRefusal as refusal:
            assert refusal.refusal_code == "too_many_requests"
            return number
    raise AssertionError("there is no limit")


def limit_of(text: str) -> RateLimits:
    return RateLimits({"read": read_limit(text)}, ())


def test_the_window_slides(at):
    limits = limit_of("6/minute")
    assert allowed(limits) == 6
    at(60)
    assert allowed(limits) == 0  # a new minute is no new allowance
    at(90)
    assert allowed(limits) == 3
    at(240)
    assert allowed(limits) == 6


def test_what_is_refused_is_not_counted(at):
    limits = limit_of("6/minute")
    for _ in range(50):
        allowed(limits)
    at(90)
    assert allowed(limits) == 3


def test_it_is_told_when_there_is_room_again(at):
    limits = limit_of("6/minute")
    at(20)
    assert allowed(limits) == 6
    with pytest.raises(HttpRefusal) as refused:
        limits.enter("read", "somebody")
    assert refused.value.headers["Retry-After"] == "40"


def test_memory_has_a_bound_and_what_is_over_goes(at):
    counts = SharedCounts(at_most=100)
    for number in range(1000):
        assert counts.acquire_sliding_window_entry(f"key {number}", 10, MINUTE)
    assert max(len(counts._counts), len(counts._untold), len(counts._asked)) <= 100
    counts = SharedCounts()
    counts._counts["past"] = Count(time.time() - 1)
    assert counts.get("past") == 0 and len(counts._counts) == 0
