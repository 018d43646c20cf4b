"""The gateway's listening socket, held by a process that does nothing else: while a gateway is restarted, or has died,
whoever comes waits in the kernel's queue. What a `.socket` unit is under systemd; on the standard library alone.

`hold PATH HOST PORT` listens, and gives the socket to whoever asks at PATH; `enter PATH COMMAND ...` asks for it and
becomes the command, which finds it after systemd's convention (sd_listen_fds).
"""

import contextlib
import errno
import os
import socket
import sys
import time
from pathlib import Path

BACKLOG = 1024
FIRST = 3  # of the files that are handed down
PATIENCE = 10.0  # seconds; both may be started at the same time


def hold(path: str, host: str, port: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    os.umask(0o177)
    with _listening((host, int(port)), family) as door, socket.socket(socket.AF_UNIX) as bell:
        Path(path).unlink(missing_ok=True)
        bell.bind(path)
        bell.listen()
        while True:
            asking, _ = bell.accept()
            with asking, contextlib.suppress(OSError):
                socket.send_fds(asking, [b"."], [door.fileno()])


def _listening(place: tuple[str, int], family: socket.AddressFamily) -> socket.socket:
    """The door of a holder that has died is open as long as the gateway that came through it; then it is ours."""
    told = False
    while True:
        try:
            return socket.create_server(place, family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if not told:
                print(f"congvu: {place[0]}:{place[1]} is still in use: waiting for it", file=sys.stderr, flush=True)
            told = True
        time.sleep(0.2)


def enter(path: str, *command: str) -> None:
    with _ring(path) as bell:
        _, [door], _, _ = socket.recv_fds(bell, 1, 1)
    if door != FIRST:
        os.dup2(door, FIRST)
        os.close(door)
    os.set_inheritable(FIRST, True)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _ring(path: str) -> socket.socket:
    ends = time.monotonic() + PATIENCE
    while True:
        bell = socket.socket(socket.AF_UNIX)
        try:
            bell.connect(path)
        except OSError as error:
            bell.close()
            if time.monotonic() > ends:
                sys.exit(f"congvu: nobody holds the door at {path}: {error.strerror}")
            time.sleep(0.1)
        else:
            return bell


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    {"hold": hold, "enter": enter}[verb](*arguments)
