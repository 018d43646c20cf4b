"""A request as handlers see it, and what they give back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from werkzeug.wrappers import Request

from chassis import tracing

LANGUAGES = ("vi", "en")


class HttpRequest(Request):
    """`query` and `body` are loaded by the entrypoint's schemas, `caller` is whom its guard found."""

    max_form_parts = 0

    def __init__(self, environ):
        super().__init__(environ, populate_request=False)
        # A trace begins here: what a client says of its own is not believed, and goes no further (decision 0014).
        self.span = tracing.span("HTTP", tracing.SERVER, {})
        self.id = self.span.trace_id or uuid4().hex  # one number for support: answer, logs and trace bear it
        self.raw: bytes | None = b""  # None until a large body is read
        self.sink: Sink | None = None  # where a body went that nobody holds
        self.query: dict = {}
        self.body: dict = {}
        self.caller: Any = None

    @property
    def language(self) -> str:
        """The best of ours; a regional form ("en-GB") counts as its language, and q=0 means never."""
        wanted = (tag.partition("-")[0].lower() for tag, quality in self.accept_languages if quality > 0)
        return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])


class Sink(Protocol):
    """Where a body goes that nobody holds whole."""

    def write(self, piece: bytes) -> None: ...

    def finish(self) -> None:
        """That was all of it."""

    def abandon(self) -> None:
        """It will not be complete."""


class Source(Protocol):
    def read(self, most: int) -> bytes: ...

    def close(self) -> None: ...


class Outflow:
    """A body that is written as it is read, `size` bytes of it; nobody holds it whole."""

    def __init__(self, source: Source, size: int, chunk: int):
        self._source, self.size, self._chunk = source, size, chunk

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        while left > 0:
            piece = self._source.read(min(self._chunk, left))
            if not piece:  # the connection is closed: whoever reads must not take it for the whole
                raise EOFError("it is shorter than was said")
            left -= len(piece)
            yield piece

    def close(self) -> None:
        self._source.close()


@dataclass
class Answer:
    """`body` is anything that JSON can say, or bytes with a Content-Type of their own, be it as an `Outflow`; None
    sends none.

    `etag` makes a GET conditional; one without is tagged by what it says. Unless `headers` say otherwise nobody
    stores it: a client asks again with what it has in memory. `cookies` are Set-Cookie headers.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    cookies: list[str] = field(default_factory=list)
