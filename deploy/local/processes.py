"""What this checkout has started, found by a mark in the processes' environment, and how it is ended: by id."""

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "CONGVU_STATE"


def mark(root: Path) -> dict[str, str]:
    return {MARK: str(root)}


def started_by(root: Path, databases: list[Path]) -> list[int]:
    """Ids of living processes that a run in this folder started; a supervisor first.

    PostgreSQL's processes may overwrite their environment: those are known by the lock file in their data.
    """
    wanted = f"{MARK}={root}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and not _is_zombie(folder):
                found[int(folder.name)] = b"supervisord" in (folder / "cmdline").read_bytes()
    for data in databases:
        if (postmaster := _postmaster(data)) is not None:
            found.setdefault(postmaster, False)
    found.pop(os.getpid(), None)
    return sorted(found, key=lambda pid: (not found[pid], pid))


def end(pids: list[int], how: int, seconds: float) -> list[int]:
    """Send a signal to each and wait. Answers those that live on."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
    deadline = time.monotonic() + seconds
    while (alive := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def end_all(root: Path, databases: list[Path], seconds: float = 45.0) -> int:
    """End whatever a run in this folder left behind, gently first. Answers how many there were."""
    pids = started_by(root, databases)
    end([pid for pid in pids if b"supervisord" in _cmdline(pid)], signal.SIGTERM, seconds)  # ends its own in order
    end([pid for pid in started_by(root, databases) if b"postgres" not in _cmdline(pid)], signal.SIGTERM, 15)
    end(started_by(root, databases), signal.SIGINT, 10)  # PostgreSQL's fast shutdown
    end(started_by(root, databases), signal.SIGKILL, 5)
    for data in databases:
        if (data / "postmaster.pid").exists() and _postmaster(data) is None:
            (data / "postmaster.pid").unlink()  # of a dead server; its number may be another process's by now
    return len(pids)


def is_alive(pid: int) -> bool:
    folder = Path("/proc") / str(pid)
    return folder.exists() and not _is_zombie(folder)


def _is_zombie(folder: Path) -> bool:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _cmdline(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def _postmaster(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(data) in _cmdline(pid) else None
