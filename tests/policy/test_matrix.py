"""Role, place, resource, action and kind of grant: the running API answers as the oracle says.

`make policy-matrix` asks every question; here some hundreds, drawn by a seed that is printed (CONGVU_POLICY_SEED).
"""

import os
import random

import pytest

from contracts.catalogue import SERVICES
from gateway import openapi
from tests.policy import oracle

DRAWN = 600
ALL = os.environ.get("CONGVU_POLICY_CELLS") == "all"


def differences(scene, chosen: list[oracle.Cell]) -> list[str]:
    found = []
    for cell in chosen:
        wanted, answered = oracle.expected(cell), scene.ask(cell)
        if wanted != answered:
            found.append(f"{cell}: {answered}, not {wanted}")
    return found


@pytest.mark.timeout(3600 if ALL else 180)
def test_the_api_answers_as_the_oracle_says(scene, request):
    seed = os.environ.get("CONGVU_POLICY_SEED") or str(random.randrange(10**6))
    every = oracle.cells(sorted(scene.posts), SERVICES)
    chosen = every if ALL else oracle.drawn(every, seed, DRAWN)
    found = differences(scene, chosen)
    said = f"{len(chosen)} of {len(every)} cells, {len(found)} differences, seed {seed}"
    request.config.get_terminal_writer().line(f"\n{said}")
    assert not found, "\n".join([said, *found[:50]])


def test_the_matrix_has_every_kind_of_post_and_every_kind_of_answer(scene):
    """A sample that only ever hears "no" would prove little."""
    every = oracle.cells(sorted(scene.posts), SERVICES)
    assert len(every) > 5000
    answers = {oracle.expected(cell) for cell in every}
    assert answers >= {"200", "201", "204", "404 not_found", "403 not_authorised", "403 unknown_capacity"}
    kinds = {cell.kind for cell in every}
    assert kinds >= {"chairman", "vice_chairman", "standing_member", "head", "clerk", "secretary", "official"}
    assert kinds >= {"administrator", "auditor", "office_clerk", "chief_of_office", "deputy_head", "division_head"}


def test_the_oracle_has_an_opinion_on_everything_that_the_api_offers():
    offered = {each.operation for each in openapi.entrypoints() if each.meta.signed_in}
    asked, left_out = set(oracle.table()["actions"]), set(oracle.table()["not_asked"])
    assert offered - asked == left_out
