"""Ports for servers are none that a connection could take before them."""

import socket

import pytest

from deploy.local import ports


@pytest.fixture
def outgoing(tmp_path, monkeypatch):
    """What the kernel is said to give to outgoing connections."""

    def say(first: int) -> None:
        (tmp_path / "range").write_text(f"{first}\t60999\n")
        monkeypatch.setattr(ports, "OUTGOING", tmp_path / "range")

    return say


def test_ports_are_free_different_and_not_those_of_outgoing_connections(outgoing):
    outgoing(20_000)
    found = ports.free(200)
    assert len(set(found)) == 200
    assert min(found) >= ports.LOWEST and max(found) < 20_000
    for port in found:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_where_the_kernel_leaves_no_room_there_are_ports_all_the_same(outgoing):
    outgoing(1024)
    assert len(set(ports.free(20))) == 20


def test_a_port_that_is_taken_is_not_given():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert not ports._is_free(server.getsockname()[1])
