"""The topology follows the catalogue: every hearer has its queue, every account has only its own rights."""

import re

from contracts import topology
from contracts.catalogue import EVENTS, SERVICES


def may(service: str, right: str, name: str) -> bool:
    return re.fullmatch(topology.permissions(service)[right], name) is not None


def test_every_hearer_of_every_event_has_a_bound_queue():
    bound = set(topology.bindings())
    for event in EVENTS.values():
        for hearer in event.hearers:
            assert (f"{event.owner}.events", f"{hearer}.inbox.v1", event.name) in bound
    assert {queue for _, queue, _ in bound} <= set(topology.queues())


def test_an_account_publishes_as_its_own_service_and_reads_its_own_queues_only():
    for service in SERVICES:
        for other in SERVICES:
            assert may(service, "write", f"{other}.events") is (service == other and other != "gateway")
            assert may(service, "write", f"{other}.published") is (service == other and other != "gateway")
            assert may(service, "read", f"{other}.inbox.v1") is (service == other)
            assert may(service, "read", f"rpc.{other}") is (service == other)
            assert may(service, "configure", f"rpc.{other}") is (service == other)
            assert not may(service, "configure", f"{other}.inbox.v1")
            assert not may(service, "configure", f"{other}.events")


def test_no_queue_drops_silently():
    for name, arguments in topology.queues().items():
        assert arguments["x-queue-type"] == "quorum", name
        if not name.endswith(".dead"):
            assert arguments["x-overflow"] == "reject-publish", name
            assert arguments["x-dead-letter-strategy"] == "at-least-once", name


def test_the_document_holds_no_password():
    passwords = {topology.account(s): f"secret-{s}" for s in SERVICES} | {topology.ADMIN: "secret-admin"}
    document = topology.definitions(["city"], passwords)
    assert "secret" not in str(document)
    assert len(document["users"]) == len(SERVICES) + 1
