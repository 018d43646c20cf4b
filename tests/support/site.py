"""Somebody else's HTTP service on loopback, by TLS of an authority of the test's own."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import eventlet
import eventlet.wsgi
import trustme


@dataclass
class Certificates:
    """Of an authority of the test's own, for `localhost`."""

    ca_file: Path
    file: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificates":
        authority = trustme.CA()
        found = cls(folder / "ca.pem", folder / "server.pem")
        authority.cert_pem.write_to_path(found.ca_file)
        authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(found.file)
        return found


@dataclass
class Site:
    """An HTTP service on loopback: it notes what it is sent, and answers as `answers` says, else 201."""

    port: int = 0
    got: list = field(default_factory=list)  # (path, headers, body)
    answers: list = field(default_factory=list)  # (status, headers, body), one after another; None: silence
    always: tuple = (201, {}, b"")

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
        self.got.append((environ["PATH_INFO"], headers, body))
        answer = self.answers.pop(0) if self.answers else self.always
        if answer is None:
            eventlet.sleep(60)
            answer = self.always
        status, told, said = answer
        start_response(f"{status} Said", list(told.items()))
        return [said]


@contextlib.contextmanager
def listening(certificates: Certificates | None = None) -> Iterator[Site]:
    """With certificates by TLS."""
    site, socket = Site(), eventlet.listen(("127.0.0.1", 0))
    site.port = socket.getsockname()[1]
    if certificates is not None:
        socket = eventlet.wrap_ssl(socket, certfile=str(certificates.file), server_side=True)
    serving = eventlet.spawn(eventlet.wsgi.server, socket, site, log_output=False)
    try:
        yield site
    finally:
        serving.kill()
        socket.close()
