"""The socket that is listened on, who holds how many connections, and how one is ended so that the answer arrives."""

import contextlib
import ipaddress
import sys
from collections import Counter
from collections.abc import Callable, Sequence

import eventlet
from eventlet import greenio
from eventlet.green import socket

IPV6_SUBSCRIBER = 64  # bits: below it an address is changed at will
BACKLOG = 1024
LINGER_SECONDS = 2.0
LINGER_AT_MOST = 64  # of those who are turned away at the door
DISCARD = 64 * 1024


def listen(host: str, port: int, inherited: int | None, silent_seconds: float) -> socket.socket:
    """A listening socket, given as the number of a file or made. What it accepts has its options: a peer that has gone
    without a word is found after a minute and a half, or `silent_seconds` after what it should have confirmed.

    Ends the process when that cannot be.
    """
    try:
        if inherited is None:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = eventlet.listen((host, port), family=family, backlog=BACKLOG, reuse_port=False)
        else:
            listener = socket.socket(-1, -1, -1, fileno=inherited)
            listener.set_inheritable(False)
            if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                sys.exit(f"congvu: file {inherited} is no listening socket")
    except OSError as error:
        # one sentence instead of a traceback: the process cannot do without it
        place = f"{host}:{port}" if inherited is None else f"the inherited file {inherited}"
        sys.exit(f"congvu: cannot listen for HTTP on {place}: {error.strerror}")
    listener.settimeout(None)
    for level, option, value in (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silent_seconds * 1000)),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ):
        listener.setsockopt(level, option, value)
    return listener


class Peers:
    """How many connections each address has; those in `uncounted` networks speak for many and may have any number."""

    def __init__(self, most: int, uncounted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]):
        self._most, self._uncounted = most, uncounted
        self._counts = Counter()

    def admit(self, address: str) -> str | None:
        """The name under which it is counted, for `leave`; None if it has too many."""
        who = ipaddress.ip_address(address.partition("%")[0])
        who = getattr(who, "ipv4_mapped", None) or who
        if any(who in network for network in self._uncounted):
            return ""
        name = str(who if who.version == 4 else ipaddress.ip_network((who, IPV6_SUBSCRIBER), strict=False))
        if self._counts[name] >= self._most:
            return None
        self._counts[name] += 1
        return name

    def leave(self, name: str) -> None:
        if name:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]


class Refuser:
    """Answers those for whom there is no room, and nobody waits for it."""

    def __init__(self):
        self._lingering = 0

    def turn_away(self, client, answer: Callable[[], bytes]) -> None:
        if self._lingering < LINGER_AT_MOST:
            self._lingering += 1
            eventlet.spawn(self._answer, client, answer)
        else:
            client.close()

    def _answer(self, client, answer: Callable[[], bytes]) -> None:
        try:
            with contextlib.suppress(OSError):
                client.settimeout(LINGER_SECONDS)
                client.sendall(answer())
                linger(client)
        finally:
            self._lingering -= 1
            greenio.shutdown_safe(client)
            client.close()


def linger(connection) -> None:
    """Let what the peer still sends run out: closing before would make the kernel take our answer back."""
    with contextlib.suppress(OSError), eventlet.Timeout(LINGER_SECONDS, False):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(DISCARD):
            pass
