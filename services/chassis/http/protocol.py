"""One connection, request after request: eventlet's protocol, with a deadline for each part of a request, and with
problem documents for those who never get as far as one.
"""

import contextlib
import re

import eventlet
from eventlet import hubs, wsgi
from eventlet.green import socket

from chassis.http.sockets import linger

# eventlet's, stated in the gateway's README: 8 KiB for the request line and for each header, 64 KiB for all of them,
# and Python's 100 headers
TOO_LARGE = (wsgi.HeaderLineTooLong, wsgi.HeadersTooLarge)
SMALL_BODY = 64 * 1024
_REQUEST = re.compile(rb"(?!HEAD )[A-Z]+ \S+ HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*)\r\n")
_SMALL = re.compile(rb"[0-9]{1,6}")
_LENGTH = re.compile(r"[0-9]{1,18}")


class Protocol(wsgi.HttpProtocol):
    """`server.edge` is the HttpServer."""

    wbufsize = 4096  # held as long as a stream is open; what is larger is written past it
    unread = False  # the peer may still send what nobody will read

    def get_environ(self):
        return {**super().get_environ(), "chassis.connection": self}

    def _read_request_line(self):
        edge = self.server.edge
        try:
            if not self._arrives(edge.settings.idle_seconds):
                return b""
            with eventlet.Timeout(edge.settings.read_seconds, socket.timeout()):
                line = self.rfile.readline(self.server.url_length_limit)
        except socket.timeout:
            self._tell("request_timeout")
            return b""
        except OSError:
            return b""
        if len(line) >= self.server.url_length_limit:
            self._tell("uri_too_long")
            return b""
        return line

    def _arrives(self, seconds: float) -> bool:
        """Wait for the first byte of a request. What came while we were too busy to notice has come in time."""
        self.connection.settimeout(0)
        try:
            if self.rfile.peek(1):
                return True
            with contextlib.suppress(socket.timeout):
                hubs.trampoline(self.connection, read=True, timeout=seconds, timeout_exc=socket.timeout)
            return bool(self.rfile.peek(1))
        finally:
            self.connection.settimeout(self.server.socket_timeout)

    def parse_request(self):
        edge = self.server.edge
        try:
            # the socket's own timeout begins anew with every byte
            with eventlet.Timeout(edge.settings.read_seconds, socket.timeout()):
                if edge.admission.is_full:
                    return self._turn_away()
                return super().parse_request() and self._is_framed()
        except TOO_LARGE:
            return self._tell("headers_too_large")
        except socket.timeout:
            return self._tell("request_timeout")

    def _is_framed(self) -> bool:
        """eventlet answers these itself, and without a word."""
        length = self.headers.get("content-length")
        if length is not None and (not _LENGTH.fullmatch(length) or "transfer-encoding" in self.headers):
            return self._tell("bad_request")
        return True

    def _turn_away(self) -> bool:
        """Before anything is looked at: a refusal must cost less than what it keeps away. The connection stays open
        when it is sure where the next request begins.
        """
        edge, length = self.server.edge, None
        closes = edge.is_draining or not _REQUEST.fullmatch(self.raw_requestline)
        while (line := self.rfile.readline()) != b"\r\n":
            if not (header := _HEADER.fullmatch(line)):
                closes = True
                break
            name, value = header[1].lower(), header[2].strip()
            if name == b"content-length":
                closes |= length is not None or not _SMALL.fullmatch(value) or int(value) > SMALL_BODY
                length = value
            elif name in (b"transfer-encoding", b"expect") or (name == b"connection" and b"close" in value.lower()):
                closes = True
        if length is not None and not closes:
            self.rfile.fp.read(int(length))
        self._tell("overloaded", closes)
        edge.note_turned_away()
        return False

    def _tell(self, code: str, closes: bool = True) -> bool:
        """Answer with a problem; False, as parse_request says it."""
        self.close_connection = self.unread = closes
        self.wfile.write(self.server.edge.raw_problem(code, closes))
        self.wfile.flush()
        return False

    def send_error(self, code, message=None, explain=None):
        self._tell("headers_too_large" if code == 431 else "bad_request")

    def finish(self):
        if self.unread:
            linger(self.connection)
        super().finish()

    def log_message(self, format, *args):
        """The access log is written where the route is known."""
