"""On a stranger's word we connect to public addresses and nowhere else, however an inner one is written."""

import socket
from ipaddress import ip_network

import pytest

from chassis.outgoing.addresses import Inside, is_public, public_session
from chassis.outgoing.http import Failed, post

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("142.250.66.74", True),
        ("2404:6800:4005::5f", True),
        ("127.0.0.1", False),
        ("10.0.0.5", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("192.168.1.1", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.5", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2001:db8::1", False),
        ("2001::7f00:1", False),
        ("2002:7f00:1::", False),
        ("4000::1", False),
    ],
)
def test_only_public_addresses_are_connected_to(address, public):
    assert is_public(address, ()) is public
    mapped = address in ("127.0.0.1", "::ffff:127.0.0.1")
    assert is_public(address, (ip_network("127.0.0.0/8"),)) is (public or mapped)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "2130706433", "017700000001", "0x7f000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_a_name_or_number_that_leads_inside_is_not_connected_to(host):
    with socket.create_server(("127.0.0.1", 0)) as server, public_session((), "") as session:
        with pytest.raises((Inside, Failed)):  # an odd number may be no name at all
            post(session, f"https://{host}:{server.getsockname()[1]}/x")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_what_is_admitted_is_connected_to():
    with public_session(LOOPBACK, "") as session, pytest.raises(Failed):  # nobody listens there
        post(session, "https://localhost:1/x")


def test_nothing_goes_without_tls_or_by_a_proxy_of_the_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with public_session(LOOPBACK, "") as session:
        with pytest.raises(Inside):
            post(session, "https://10.0.0.5:1/x")
        with pytest.raises(Failed, match="InvalidSchema"):
            post(session, "http://localhost:1/x")
