"""Server-sent events: a bounded mailbox between those who write and one client's connection."""

import random
from collections.abc import Callable, Sequence

from eventlet.queue import Empty, LightQueue

HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
PING = b": ping\n"
RETURNS = 100  # clients that a process takes back in a second beside its other work
AT_A_TIME = 100  # streams that are written to before others have their turn


def encode_event(name: str, data: bytes, event_id: int | str | None = None) -> bytes:
    """One event on the wire. `data` is JSON, hence without line breaks."""
    head = f"id: {event_id}\nevent: {name}\n" if event_id is not None else f"event: {name}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def back_after(together: int) -> int:
    """Milliseconds until one of so many who are lost together shall come back: not all of them at once."""
    return random.randint(1000, max(5000, together * 1000 // RETURNS))


class EventStream:
    """What a streaming handler returns. What it `begins` with is written before anything that was put in.

    The connection's own green thread iterates it, outside the worker pool. A client that does not keep up is dropped:
    it comes back with its last event id and catches up from the tables.
    """

    def __init__(self, capacity: int = 256, ping_seconds: float = 15.0, on_close: Callable[[], None] = lambda: None):
        self._first = iter(())
        self._mailbox = LightQueue(capacity)
        self._ping_seconds = ping_seconds
        self._on_close = on_close
        self.ended = False

    def begin(self, chunks: Sequence[bytes]) -> None:
        """Of a stream that was ended meanwhile nothing is written: it would have a gap."""
        self._first = iter(tuple(chunks))
        if self.ended:
            self.cut()

    def greet(self, together: int) -> None:
        """The response's head goes out with these bytes; so many would be lost together with this stream."""
        self._first = iter((b": welcome\nretry: %d\n\n" % back_after(together), *self._first))

    def put(self, chunk: bytes) -> bool:
        """Never blocks. False: the stream is over, or was just ended because it was full."""
        if self.ended:
            return False
        if self._mailbox.full():
            self.end()
            return False
        self._mailbox.put_nowait(chunk)
        return True

    def end(self, together: int = 1) -> None:
        """Nothing more will come; what waits in the mailbox is still written, and when its client, one of so many whose
        streams end together, shall come back.
        """
        if not self.ended:
            self.ended = True
            self._take_leave(together)

    def cut(self) -> None:
        """Nothing more is written, whatever waits."""
        self._first = iter(())
        while not self._mailbox.empty():
            self._mailbox.get_nowait()
        self.ended = True
        self._take_leave()  # though it took leave before: a reader who is woken for what is gone would wait on

    def _take_leave(self, together: int = 1) -> None:
        if not self._mailbox.full():
            self._mailbox.put_nowait(b"retry: %d\n\n" % back_after(together))

    def ping(self) -> bytes:
        """What is written when there was nothing else for a while."""
        return PING + b"\n"

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        for chunk in self._first:
            return chunk
        if self.ended and self._mailbox.empty():
            raise StopIteration
        try:
            # those who heard something together shall not be pinged together
            return self._mailbox.get(timeout=self._ping_seconds * random.uniform(0.7, 1))
        except Empty:  # or the time was over before the reader was woken: a ping must not pass what he has not heard
            return self.ping() if self._mailbox.empty() else self._mailbox.get_nowait()

    def close(self) -> None:
        """The connection is gone. Called once by the server, whatever happened."""
        self.ended = True
        on_close, self._on_close = self._on_close, lambda: None
        on_close()
