"""Every procedure of every service, called as no service would: a typed answer, and never "internal_error"."""

import pytest

from chassis.testing import until
from contracts.catalogue import OWNERS, PROCEDURES
from deploy.local.fleet import is_ready
from tests.fuzz import EACH, MINUTES, SEED
from tests.fuzz.bus import CALLS, Caller, letters
from tests.fuzz.messages import Forms

# whoever administers the platform could change it for the tests that follow
PLAYERS = ("leader", "head", "clerk", "official")


@pytest.mark.timeout(3600)
def test_every_call_is_answered_and_the_next_one_served(platform, scene, request):
    pids = {name: platform.pid(name) for name in OWNERS}
    cast = [one["person_id"] for role, one in scene["cast"].items() if MINUTES or role in PLAYERS]
    forms, caller = Forms(scene["ids"]), Caller(platform.addresses, cast)
    for place, procedure in enumerate(PROCEDURES.values()):
        for number, letter in enumerate(letters(procedure.request, forms, CALLS, EACH, SEED)):
            caller.send(procedure, letter, place + number)
    caller.settle()
    caller.close()
    request.config.get_terminal_writer().line(f"\nseed {SEED}: {dict(caller.answers)}")
    assert not caller.findings, "\n".join([f"seed {SEED}, {EACH} each:", *caller.findings])
    assert {code for what, code in caller.answers if what == "valid"} > {"ok", "not_found", "not_authorised"}
    assert {name: platform.pid(name) for name in OWNERS} == pids, "a service died of it"
    until(lambda: all(map(is_ready, platform.ports["admin"].values())), 10)
