"""Reading what somebody else answers, so that however he writes it he holds nobody up."""

import io
from http.client import HTTPResponse

import eventlet

MAX_READ = 256 * 1024  # bytes of one answer with its headers, whatever they are


class Failed(Exception):
    """There was no answer, or none that could be read."""

    def __init__(self, fault: str):
        super().__init__(fault)
        self.fault = fault


class Measured(io.RawIOBase):
    """A socket gives what is there without letting others run: whoever writes without pause would have us alone, and no
    limit of time would end it. Interim answers (1xx), lines and pieces without end are counted with the rest.
    """

    def __init__(self, raw: io.RawIOBase):
        self._raw, self._size = raw, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:
        eventlet.sleep(0)
        size = self._raw.readinto(buffer)
        self._size += size or 0
        if self._size > MAX_READ:
            raise Failed("too_long")
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class Answer(HTTPResponse):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fp = io.BufferedReader(Measured(self.fp.detach()))
