"""What a service refuses for, its routes declare: every code that their use cases can reach stands in openapi.yaml."""

import inspect
from types import FunctionType

import pytest

from gateway import openapi
from gateway.problems import PROBLEMS
from tests.architecture.asking import code_within, reached
from tests.architecture.test_policy import ANSWERED, ROUTES, asked_by

# Elsewhere some steps ask what would be refused, to show what somebody may do: there a code is no refusal.
READ = [name for name, route in ROUTES.items() if route.meta.tag == "messaging"]


def codes_of(procedure: str) -> set[str]:
    cls, method = ANSWERED[procedure]
    functions = [thing for thing in reached(getattr(cls, method), cls) if isinstance(thing, FunctionType)]
    constants = {const for each in functions for code in code_within(inspect.unwrap(each)) for const in code.co_consts}
    return {each for each in constants if isinstance(each, str)} & PROBLEMS.keys()


def test_codes_are_found_in_whatever_is_reached():
    assert {"conversation_left", "mention_outside", "urge_the_task"} <= codes_of("messaging.post_message")
    assert "conversation_left" not in codes_of("messaging.get_message")


@pytest.mark.parametrize("operation", READ)
def test_a_route_declares_how_it_refuses(operation):
    reached_codes = {code for procedure in asked_by(operation) for code in codes_of(procedure)}
    assert reached_codes - set(openapi.codes_of(ROUTES[operation])) == set()
