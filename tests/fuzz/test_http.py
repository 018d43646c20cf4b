"""The API as its document says, asked by schemathesis in every role: no 5xx, and no answer that is not declared."""

import os
import re

import pytest

from tests.fuzz import MINUTES, SEED, http
from tests.fuzz.scene import ROLES

SHORT = ("nobody", "official", "head", "leader")  # who can change nothing for the tests that follow
WHO = os.environ.get("CONGVU_FUZZ_ROLE", "").split() or (("nobody", *ROLES) if MINUTES else SHORT)
EXAMPLES = 1  # of every operation, in the short form


def explored(scene: dict, role: str, phases: str, *options: str) -> int:
    """How many requests it made."""
    done = http.run(scene, role, SEED, f"--phases={phases}", *options)
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{said}\nAgain: make fuzz ROLE={role} SEED={SEED}"
    return int(re.search(r"([0-9]+) generated", said)[1])


@pytest.mark.skipif(MINUTES > 0, reason="the long form follows")
@pytest.mark.parametrize("role", WHO)
def test_a_role_gets_only_declared_answers(scene, role, request):
    made = explored(scene, role, "fuzzing", f"--max-examples={EXAMPLES}")
    request.config.get_terminal_writer().line(f"\n{role}: {made} requests, seed {SEED}")
    assert made > 250  # every operation at least once


@pytest.mark.skipif(MINUTES == 0, reason="make fuzz")
@pytest.mark.timeout(86_400)
@pytest.mark.parametrize("role", WHO)
def test_a_role_gets_only_declared_answers_for_long(scene, role, request):
    """Half of the time operation by operation, half in chains in which one answer feeds the next request."""
    for phases, examples in (("coverage,fuzzing", 100), ("stateful", 10_000)):
        seconds = max(10, int(MINUTES * 60 / len(WHO) / 2))
        made = explored(scene, role, phases, f"--max-examples={examples}", f"--max-time={seconds}")
        request.config.get_terminal_writer().line(f"\n{role}, {phases}: {made} requests, seed {SEED}")
