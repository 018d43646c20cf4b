"""The topology follows the catalogue: every hearer has its queue, every account has only its own rights."""

import re

from chassis.topology import VERSION, queue_arguments
from contracts import topology
from contracts.catalogue import EVENTS, SERVICES
from contracts.inbound import INBOUND

CAREFUL = {
    "x-queue-type": "quorum",
    "x-max-length": 1_000_000,
    "x-overflow": "reject-publish",
    "x-dead-letter-strategy": "at-least-once",
    "x-dead-letter-exchange": "",
}
ARGUMENTS = {
    "v1": {
        "x.inbox.v1": CAREFUL | {"x-delivery-limit": 20, "x-dead-letter-routing-key": "x.inbox.v1.dead"},
        "x.inbox.v1.dead": {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000},
        "x.inbox.v1.retry.1s": CAREFUL | {"x-message-ttl": 1_000, "x-dead-letter-routing-key": "x.inbox.v1"},
        "x.inbox.v1.retry.10s": CAREFUL | {"x-message-ttl": 10_000, "x-dead-letter-routing-key": "x.inbox.v1"},
        "x.inbox.v1.retry.60s": CAREFUL | {"x-message-ttl": 60_000, "x-dead-letter-routing-key": "x.inbox.v1"},
    }
}


def may(service: str, right: str, name: str) -> bool:
    return re.fullmatch(topology.permissions(service)[right], name) is not None


def test_every_hearer_of_every_event_has_a_bound_queue():
    bound = set(topology.bindings())
    for event in EVENTS.values():
        for hearer in event.hearers:
            assert (f"{event.owner}.events", f"{hearer}.inbox.v1", event.name) in bound
    assert {queue for _, queue, _ in bound} <= set(topology.queues())
    assert {exchange for exchange, _, _ in bound} <= set(topology.exchanges())


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


def test_the_gateway_alone_speaks_for_partners_and_brings_them_what_is_published():
    for service in SERVICES:
        assert may(service, "write", "gateway.inbound") is (service == "gateway")
        assert may(service, "read", "gateway.webhooks.v1") is (service == "gateway")
    assert not may("gateway", "write", "hotline.inbound")
    assert not may("gateway", "write", "gatewayxinbound")
    bound = set(topology.bindings())
    for event in INBOUND.values():
        assert {key[1] for key in bound if key[::2] == ("gateway.inbound", event.name)} == {
            f"{hearer}.inbox.outside.v1" for hearer in event.hearers
        }
    published = {(f"{event.owner}.published", event.name) for event in EVENTS.values() if event.published is not None}
    assert {key[::2] for key in bound if key[1] == "gateway.webhooks.v1"} == published


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


def test_arguments_change_only_with_the_version_in_the_names():
    """The broker keeps the arguments of a queue that stands: new ones would be silently without effect."""
    assert {VERSION: queue_arguments("x")} == ARGUMENTS
