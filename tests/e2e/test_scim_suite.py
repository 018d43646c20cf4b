"""A public compliance suite for SCIM servers against the whole platform."""

import uuid

import pytest
from httpx2 import Client as HttpClient
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.support.scim import join, operate

# What this server does not do, and says so: see decision 0022.
DEVIATIONS: set[tuple[str, str]] = set()


@pytest.fixture
def client(platform):
    name = f"suite-{uuid.uuid4().hex[:8]}"
    yield join(platform.addresses, platform.base_url, name, "--endings", "1000")
    operate(platform.addresses, "remove", name)


def test_the_suite_finds_what_we_say_we_do_not_do_and_nothing_else(client):
    headers = {"Authorization": f"Bearer {client.token}"}
    with HttpClient(base_url=client.base_url, headers=headers, timeout=30) as http:
        results = check_server(SyncSCIMClient(http))
    bad = [each for each in results if each.status in (Status.ERROR, Status.CRITICAL, Status.DEVIATION)]
    for each in results:
        print(each.status.name, each.resource_type, each.title, (each.reason or "")[:300])
    assert not bad
