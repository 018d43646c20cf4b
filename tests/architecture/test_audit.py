"""The audit log has one vocabulary: whoever asks it for a post asks for `post_id`, whatever the act."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.test_layers import HOUSE, sources

THINGS = [
    "account",
    "audience",
    "delegation",
    "membership",
    "person",
    "post",
    "recovery",
    "reorganisation",
    "session",
    "task",
    "unit",
]
BARE = {*THINGS, *(f"{thing}s" for thing in THINGS)} - {"accounts"}  # that is how many


def entries() -> Iterator:
    for path in sources(""):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
                place = f"{path.relative_to(HOUSE)}:{node.lineno}"
                yield pytest.param({each.arg for each in node.keywords}, id=place)


@pytest.mark.parametrize("names", list(entries()))
def test_an_entry_calls_ids_ids(names):
    assert not names & BARE
