"""Trace headers come from anywhere: only what has the W3C form is passed on."""

import pytest

from chassis.tracing import carrier_of

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_in_the_right_form_is_passed_on():
    headers = {"traceparent": GOOD, "tracestate": "congvu=1", "other": "x"}
    assert carrier_of(headers) == {"traceparent": GOOD, "tracestate": "congvu=1"}


@pytest.mark.parametrize("odd", ["x", "", GOOD.upper(), GOOD + "-more", GOOD[:-1], 7, None, [GOOD], b"x"])
def test_anything_else_is_dropped(odd):
    assert carrier_of({"traceparent": odd, "tracestate": "congvu=1"}) == {}


@pytest.mark.parametrize("odd", ["x" * 513, "a\nb", "\u0000", 7])
def test_an_odd_state_does_not_take_the_trace_with_it(odd):
    assert carrier_of({"traceparent": GOOD, "tracestate": odd}) == {"traceparent": GOOD}
