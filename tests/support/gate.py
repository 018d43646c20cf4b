"""A gate in front of a server: it can be shut, so that the server is away, and it can be made to pass nothing on."""

import socket
from urllib.parse import urlsplit, urlunsplit

import eventlet

from deploy.local import ports


class Gate:
    """Listens on a port of its own and forwards to `url`'s server while it is open."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        [self._port] = ports.free(1)
        account = parts.netloc.rpartition("@")[0]
        self.url = urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{self._port}"))
        self._listener = None
        self._threads: set = set()
        self._sockets: set = set()
        self._stalled: dict[bool, eventlet.event.Event] = {}  # by whether it is the way back, from the server

    def open(self) -> None:
        self._listener = eventlet.listen(("127.0.0.1", self._port))
        self._threads.add(eventlet.spawn(self._accept, self._listener))

    def shut(self) -> None:
        """Whoever is inside is thrown out, whoever comes is refused."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for thread in self._threads:
            thread.kill()
        for each in self._sockets:
            each.close()
        self._threads, self._sockets = set(), set()

    def stall(self, *, way_back: bool = False) -> None:
        """Pass nothing on, to the server or on the way back: what is sent fills the buffers and waits."""
        self._stalled[way_back] = eventlet.event.Event()

    def flow(self) -> None:
        for stalled in self._stalled.values():
            stalled.send()
        self._stalled = {}

    def _accept(self, listener) -> None:
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            server = eventlet.connect(self._target)
            self._sockets |= {client, server}
            self._threads.add(eventlet.spawn(self._forward, client, server, False))
            self._threads.add(eventlet.spawn(self._forward, server, client, True))

    def _forward(self, source, target, way_back: bool) -> None:
        try:
            while data := source.recv(65536):
                if way_back in self._stalled:
                    self._stalled[way_back].wait()
                target.sendall(data)
        except OSError:
            return  # one of the two has gone, and so does the other
        finally:
            for each in (source, target):
                each.close()
