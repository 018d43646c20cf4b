"""`make policy-selftest`: one check taken out, and the matrix says so; else its green means nothing."""

import os

import pytest

from contracts.catalogue import SERVICES
from tests.policy import oracle
from tests.policy.test_matrix import DRAWN, differences

pytestmark = pytest.mark.skipif(not os.environ.get("CONGVU_POLICY_SELFTEST"), reason="make policy-selftest")
FAULTS = (
    "anybody_orders",
    "a_lent_post_reaches_everything",
    "anybody_reads_the_audit_log",
    "every_order_exists_for_everybody",
    "anybody_takes_part",
    "anybody_changes_the_organisation",
)  # of tests/policy/planted.py, which patches whatever imports it


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_by_a_sample(platform, scene, fault):
    every = oracle.cells(sorted(scene.posts), SERVICES)
    with platform.instead("tests.policy.planted", CONGVU_PLANTED_FAULT=fault):
        found = differences(scene, oracle.drawn(every, fault, DRAWN))
    let_in = [each for each in found if ": 500" not in each]  # what only breaks lets nobody in
    assert let_in, f"{fault} was not found"
