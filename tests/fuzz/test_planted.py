"""`make fuzz-selftest`: one fault put in, and the fuzzer says so; else its green means nothing."""

import os

import pytest

from contracts.directory import list_units
from tests.fuzz import SEED, http
from tests.fuzz.bus import CALLS, Caller, letters
from tests.fuzz.messages import Forms

pytestmark = pytest.mark.skipif(not os.environ.get("CONGVU_FUZZ_SELFTEST"), reason="make fuzz-selftest")
SAID = {  # of tests/fuzz/planted.py, which patches whatever imports it: in which request, and what is said of it
    "a_handler_breaks": ("list_units", "Server error"),
    "a_status_is_not_declared": ("list_units", "Undocumented status code"),
    "a_code_is_not_declared": ("list_units", "list_units does not declare second_official_needed"),
    "a_name_is_a_number": ("list_units", "Response violates schema"),
}


@pytest.mark.parametrize("fault", SAID)
def test_a_planted_fault_of_a_route_is_found(platform, scene, fault):
    operation, said = SAID[fault]
    with platform.instead("tests.fuzz.planted", CONGVU_PLANTED_FAULT=fault):
        options = ("--phases=coverage,fuzzing", "--max-examples=50", f"--include-operation-id={operation}")
        code, told = http.run(scene, "leader", SEED, *options)
    assert code == 1 and said in told, f"{fault} was not found:\n{told}"


def test_a_planted_fault_of_a_procedure_is_found(platform, scene):
    cast = [scene["cast"]["leader"]["person_id"]]
    with platform.instead("tests.fuzz.planted", CONGVU_PLANTED_FAULT="a_procedure_breaks"):
        caller = Caller(platform.addresses, cast)
        for number, letter in enumerate(letters(list_units.request, Forms(scene["ids"]), CALLS, 20, SEED)):
            caller.send(list_units, letter, number)
        caller.settle()
        caller.close()
    assert any("internal_error" in each for each in caller.findings), caller.answers
