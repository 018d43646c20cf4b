"""One connection, request after request: eventlet's protocol, with a deadline for each part of a request, and with
problem documents for those who never get as far as one.
"""

import contextlib
import re

import eventlet
from eventlet import hubs, wsgi
from eventlet.green import socket

from chassis.http.refusals import HttpRefusal
from chassis.http.sockets import linger

# eventlet's, stated in the gateway's README: 8 KiB for the request line and for each header, 64 KiB for all of them,
# and Python's 100 headers
TOO_LARGE = (wsgi.HeaderLineTooLong, wsgi.HeadersTooLarge)
SMALL_BODY = 64 * 1024
_LINE = re.compile(rb"[!-~]+ [!-~\x80-\xff]+ HTTP/1\.[01]\r\n")
_REQUEST = re.compile(rb"(?!HEAD )[A-Z]+ [!-~\x80-\xff]+ HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*)\r\n")  # RFC 9110, 5
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\0-\x08\x0a-\x1f\x7f]*)?\r\n")
CHUNK_LINE = 1024  # bytes, of a chunk's size or a trailer
TRAILERS = 16
_SMALL = re.compile(rb"[0-9]{1,6}")
_LENGTH = re.compile(r"[0-9]{1,18}")


class Head(wsgi.FileObjectForHeaders):
    """Lines that every parser reads as the same header; what follows another one might be the next request."""

    def readline(self, size=-1):
        line = super().readline(size)
        if line != b"\r\n" and not _HEADER.fullmatch(line):
            raise HttpRefusal("bad_request", "a header that is none")
        return line


class Input(wsgi.Input):
    """Chunks that are written in one way, and whose lines are short."""

    @property
    def is_read(self) -> bool:
        return self.chunk_length == 0 if self.chunked_input else self.position >= self.content_length

    def _chunked_read(self, rfile, length=None, use_readline=False):
        """Up to `length` bytes; b"" at the end."""
        if self.should_send_hundred_continue:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        pieces = []
        while length and not self.is_read:
            if self.position >= self.chunk_length:
                self._begin_chunk(rfile)
                continue
            if not (piece := rfile.read(min(length, self.chunk_length - self.position))):
                raise OSError("the chunk broke off")
            pieces.append(piece)
            length -= len(piece)
            self.position += len(piece)
            if self.position == self.chunk_length and rfile.read(2) != b"\r\n":
                raise wsgi.ChunkReadError("a chunk that does not end")
        return b"".join(pieces)

    def _begin_chunk(self, rfile) -> None:
        if not (size := _CHUNK.fullmatch(rfile.readline(CHUNK_LINE))):
            raise wsgi.ChunkReadError("no size of a chunk")
        if length := int(size[1], 16):
            self.position, self.chunk_length = 0, length
            return
        for _ in range(TRAILERS + 1):
            if (line := rfile.readline(CHUNK_LINE)) == b"\r\n":
                self.position = self.chunk_length = 0
                return
            if not _HEADER.fullmatch(line):
                break
        raise wsgi.ChunkReadError("trailers that are none")


class Protocol(wsgi.HttpProtocol):
    """`server.edge` is the HttpServer."""

    wbufsize = 4096  # held as long as a stream is open; what is larger is written past it
    unread = False  # the peer may still send what nobody will read

    def get_environ(self):
        environ = super().get_environ()
        theirs = environ["wsgi.input"]
        ours = Input(
            self.rfile, theirs.content_length, self.connection, theirs.wfile, theirs.wfile_line, theirs.chunked_input
        )
        return environ | {"wsgi.input": ours, "eventlet.input": ours, "chassis.connection": self}

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
                if not _LINE.fullmatch(self.raw_requestline):
                    return self._tell("bad_request")
                self.rfile = Head(self.rfile.fp)
                return super().parse_request() and self._is_framed()
        except HttpRefusal as refusal:
            return self._tell(refusal.refusal_code)
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
            name, value = header[1].lower(), header[2].rstrip(b" \t")
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
