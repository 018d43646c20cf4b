"""Only what is thrown away is not forced to the disk."""

import pytest

from deploy.local.postgres import PrivatePostgres
from deploy.local.state import State


@pytest.mark.parametrize(("named", "expected"), [({}, False), ({"for_tests": True}, True)])
def test_data_that_outlive_the_run_are_forced_to_the_disk(tmp_path, named, expected):
    command = PrivatePostgres(State(tmp_path), 5432, "secret", **named).program().command
    assert expected == ("fsync=off" in command)
