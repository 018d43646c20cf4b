"""Server-sent events: a bounded mailbox between those who write and one client's connection."""

import random
from collections.abc import Callable, Sequence

from eventlet.queue import Empty, LightQueue

HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
PING = b": ping\n\n"
GREETING = b": welcome\n\n"  # the response's head goes out with the first bytes
_END = object()


def encode_event(name: str, data: bytes, event_id: int | str | None = None) -> bytes:
    """One event on the wire. `data` is JSON, hence without line breaks."""
    head = f"id: {event_id}\nevent: {name}\n" if event_id is not None else f"event: {name}\n"
    return head.encode() + b"data: " + data + b"\n\n"


class EventStream:
    """What a streaming handler returns. What it `begins` with is written before anything that was put in.

    The connection's own green thread iterates it, outside the worker pool. A client that does not keep up is dropped:
    it comes back with its last event id and catches up from the tables.
    """

    def __init__(self, capacity: int = 256, ping_seconds: float = 15.0, on_close: Callable[[], None] = lambda: None):
        self._first = iter((GREETING,))
        self._mailbox = LightQueue(capacity)
        self._ping_seconds = ping_seconds
        self._on_close = on_close
        self.ended = False

    def begin(self, chunks: Sequence[bytes]) -> None:
        """Clients that lose us together shall not come back together: the first event says when."""
        if chunks:
            retry = f"retry: {random.randint(1000, 5000)}\n".encode()
            self._first = iter((GREETING, retry + chunks[0], *chunks[1:]))

    def put(self, chunk: bytes) -> bool:
        """Never blocks. False: the stream is over, or was just ended because it was full."""
        if self.ended:
            return False
        if self._mailbox.full():
            self.end()
            return False
        self._mailbox.put_nowait(chunk)
        return True

    def end(self) -> None:
        """Nothing more will come; what waits in the mailbox of a client that keeps up is still written."""
        if not self.ended:
            self.ended = True
            if not self._mailbox.full():
                self._mailbox.put_nowait(_END)

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        for chunk in self._first:
            return chunk
        if self.ended and self._mailbox.empty():
            raise StopIteration
        try:
            chunk = self._mailbox.get(timeout=self._ping_seconds)
        except Empty:
            return PING
        if chunk is _END:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """The connection is gone. Called once by the server, whatever happened."""
        self.ended = True
        on_close, self._on_close = self._on_close, lambda: None
        on_close()
