"""What the person at the terminal reads: sentences, steps with their duration, the services' log lines."""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path


class Refusal(Exception):
    """Something is wrong that the person at the terminal can mend: one sentence, no traceback."""


def say(text: str) -> None:
    """Print a line; a terminal that has gone away is no reason to stop."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, every few seconds that it still is, and how long it took if one noticed."""
    began, done = time.monotonic(), threading.Event()

    def still() -> None:
        while not done.wait(5):
            say(f"  … {text[0].lower()}{text[1:]}: {time.monotonic() - began:.0f} s")

    say(f"· {text}")
    ticker = threading.Thread(target=still, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
    if (took := time.monotonic() - began) > 2:
        say(f"  done in {took:.1f} s")


def wait_until(ready: Callable[[], bool], seconds: float, otherwise: str, every: float = 0.1) -> None:
    """Wait for a condition. Raises Refusal(otherwise) when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Refusal(otherwise)
        time.sleep(every)


def short(name: str, line: str) -> str:
    """A log line for people: JSON lines lose their quotes, ids and repetition, others stay as they are."""
    try:
        entry = json.loads(line)
        when, level, event = entry.pop("timestamp"), entry.pop("level"), entry.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{name:<10} | {line}"
    entry.pop("service", None)
    trouble = entry.pop("exception", None)
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if not key.endswith("_id"))
    mark = "" if level == "info" else f"{level.upper()} "
    text = f"{name:<10} | {when[11:19]} {mark}{event} {rest}".rstrip()
    return text if trouble is None else f"{text}\n{trouble}"


class Follower:
    """Shows what is appended to log files, from now on, one thread for all of them."""

    def __init__(self, files: dict[str, Path]):
        self._files = files
        self._open: dict[str, object] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        for name, path in self._files.items():
            if path.exists():
                self._open[name] = path.open("rb")
                self._open[name].seek(0, os.SEEK_END)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._done.wait(0.2):
            self._show_new()
        self._show_new()

    def _show_new(self) -> None:
        for name, path in self._files.items():
            if (file := self._open.get(name)) is None:
                if not path.exists():
                    continue
                file = self._open[name] = path.open("rb")
            while (line := file.readline()).endswith(b"\n"):
                say(short(name, line.decode(errors="replace").rstrip()))
            if line:  # half a line: it is read again when whole
                file.seek(-len(line), os.SEEK_CUR)
            elif not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                file.close()
                del self._open[name]  # rotated: the next look begins the new file


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, for a message about what went wrong."""
    if not path.exists():
        return ""
    return "\n".join(short(path.stem, line) for line in path.read_text(errors="replace").splitlines()[-lines:])
