"""Ports for servers are none that a connection could take before them."""

import socket

from deploy.local import ports


def test_ports_are_free_different_and_not_those_of_outgoing_connections():
    found = ports.free(200)
    first_outgoing = int(ports.OUTGOING.read_text().split()[0])
    assert len(set(found)) == 200
    assert max(found) < first_outgoing
    for port in found:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_a_port_that_is_taken_is_not_given():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert not ports._is_free(server.getsockname()[1])
