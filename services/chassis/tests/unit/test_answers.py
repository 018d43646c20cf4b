"""However somebody else writes his answer, the call ends and the rest of the process goes on meanwhile."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import eventlet
import pytest

from chassis.outgoing.addresses import public_session
from chassis.outgoing.http import Failed, post, retry_after
from tests.support.site import Certificates

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# a process of its own: a thread would write only while we let it
FLOOD = """
import socket, ssl, sys, time
certificate, begin, flood = sys.argv[1:]
flood = flood.encode().decode("unicode_escape").encode("latin-1") * 1000
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    connection = context.wrap_socket(listener.accept()[0], server_side=True)
    connection.recv(65536)
    connection.sendall(begin.encode().decode("unicode_escape").encode("latin-1"))
    until = time.monotonic() + 20
    while time.monotonic() < until:
        connection.sendall(flood)
"""


@contextlib.contextmanager
def flooding(certificates: Certificates, begin: str, flood: str) -> Iterator[int]:
    """The port of one that writes `begin`, then `flood` without pause, for a while."""
    command = [sys.executable, "-c", FLOOD, str(certificates.file), begin, flood]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture
def certificates(tmp_path) -> Certificates:
    return Certificates.made(tmp_path)


@pytest.mark.parametrize(
    ("begin", "flood"),
    [
        ("", r"HTTP/1.1 100 Continue\r\n\r\n"),
        (r"HTTP/1.1 200 OK\r\n", r"X: " + "x" * 60_000 + r"\r\n"),
        (r"HTTP/1.1 200 OK\r\n\r\n", "x"),
    ],
)
def test_an_answer_without_end_and_without_pause_ends_while_others_go_on(certificates, begin, flood):
    went_on = []

    def other():
        while True:
            eventlet.sleep(0)
            went_on.append(True)

    with (
        flooding(certificates, begin, flood) as port,
        public_session(LOOPBACK, str(certificates.ca_file)) as session,
    ):
        others = eventlet.spawn(other)
        with pytest.raises(Failed, match="too_long"):
            post(session, f"https://localhost:{port}/")
        others.kill()
    assert went_on


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("120", timedelta(seconds=120)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        ("Mon, 99999999999999999999 Jan 2020 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2020 00:00:00 +9999999999", None),
        ("9" * 400, None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_pause_is_a_number_or_a_date_or_nothing(said, asked):
    assert retry_after({"Retry-After": said}) == asked


@pytest.mark.parametrize("said", ["Mon, 01 Jan 0001 00:00:00 +2300", "Fri, 31 Dec 9999 23:59:59 -2300"])
def test_a_date_at_the_end_of_time_breaks_nothing(said):
    retry_after({"Retry-After": said})
