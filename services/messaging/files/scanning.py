"""Has a file looked at for what is hostile: by clamd, or by any command that reads it."""

import shlex
import struct
from collections.abc import Iterable
from urllib.parse import urlsplit

import eventlet
from environs import ValidationError
from eventlet.green import socket, subprocess

from chassis import context
from kernel.errors import Refused

SECONDS = 20.0
RETRY_AFTER = 60  # seconds
CLEAN, INFECTED = 0, 1  # what a command ends with
MOST_ANSWER = 4096


def away() -> Refused:
    return Refused("scanner_unavailable", "The scanner does not answer.", retryable=True, retry_after=RETRY_AFTER)


class Clamd:
    """clamd's INSTREAM over TCP."""

    def __init__(self, host: str, port: int):
        self._address = (host, port)

    def is_infected(self, pieces: Iterable[bytes]) -> bool:
        try:
            with eventlet.Timeout(context.remaining(SECONDS), away()), socket.create_connection(self._address) as link:
                link.sendall(b"zINSTREAM\0")
                for piece in pieces:
                    link.sendall(struct.pack(">L", len(piece)) + piece)
                link.sendall(struct.pack(">L", 0))
                answer = b""
                while not answer.endswith(b"\0") and (more := link.recv(MOST_ANSWER - len(answer))):
                    answer += more
        except OSError as error:
            raise away() from error
        if answer == b"stream: OK\0":
            return False
        if answer.endswith(b" FOUND\0"):
            return True
        raise away()


class Command:
    """It reads the file from its standard input and ends with 0 (clean) or 1 (infected)."""

    def __init__(self, arguments: list[str]):
        self._arguments = arguments

    def is_infected(self, pieces: Iterable[bytes]) -> bool:
        try:
            process = subprocess.Popen(
                self._arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise away() from error
        try:
            with eventlet.Timeout(context.remaining(SECONDS), away()):
                try:
                    for piece in pieces:
                        process.stdin.write(piece)
                    process.stdin.close()
                except BrokenPipeError:
                    pass  # it has seen enough
                code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
        if code not in (CLEAN, INFECTED):
            raise away()
        return code == INFECTED


def scanner_of(address: str) -> Clamd | Command | None:
    """As the setting says: `tcp://host:port`, `exec:/path/of/a/command with arguments`, or nothing."""
    if not address:
        return None
    if address.startswith("exec:"):
        return Command(shlex.split(address.removeprefix("exec:")))
    parts = urlsplit(address)
    return Clamd(parts.hostname, parts.port)


def check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        sound = (
            not address
            or (address.startswith("exec:/") and bool(shlex.split(address)))
            or (parts.scheme == "tcp" and parts.hostname and parts.port)
        )
    except ValueError:
        sound = False
    if not sound:
        raise ValidationError("must look like tcp://host:port or exec:/path/of/a/command")
