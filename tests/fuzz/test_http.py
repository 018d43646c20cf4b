"""The API as its document says, asked by schemathesis in every role: no 5xx, and no answer that is not declared."""

import os
import re

import pytest

from tests.fuzz import MINUTES, SEED, http
from tests.fuzz.scene import ROLES

SHORT = ("nobody", "official", "head", "leader")  # who can change nothing for the tests that follow
WHO = os.environ.get("CONGVU_FUZZ_ROLE", "").split() or (("nobody", *ROLES) if MINUTES else SHORT)
EXAMPLES = 1  # of every operation, in the short form


def judge(request, role: str, outcome: tuple[int, str]) -> None:
    code, said = outcome
    assert code == 0, f"{said}\nAgain: make fuzz ROLE={role} SEED={SEED}"
    made = int(re.search(r"([0-9]+) generated", said)[1])
    request.config.get_terminal_writer().line(f"\n{role}: {made} requests, seed {SEED}")
    assert MINUTES or made > 250  # every operation at least once


@pytest.mark.skipif(MINUTES > 0, reason="the long form follows")
def test_every_role_gets_only_declared_answers(scene, request):
    outcomes = http.run_together(scene, WHO, SEED, "--phases=fuzzing", f"--max-examples={EXAMPLES}")
    for role, outcome in outcomes.items():
        judge(request, role, outcome)


@pytest.mark.skipif(MINUTES == 0, reason="make fuzz")
@pytest.mark.timeout(86_400)
@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize(("phases", "examples"), [("coverage,fuzzing", 100), ("stateful", 10_000)])
def test_a_role_gets_only_declared_answers_for_long(scene, role, phases, examples, request):
    """Half of the time operation by operation, half in chains in which one answer feeds the next request."""
    seconds = max(10, int(MINUTES * 60 / len(WHO) / 2))
    options = (f"--phases={phases}", f"--max-examples={examples}", f"--max-time={seconds}")
    judge(request, role, http.run(scene, role, SEED, *options))
