"""Thousands of live streams at one address, listened to by one thread; they can all be lost, and come back."""

import heapq
import os
import re
import selectors
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.bench.peers.obeying import obey

PLACE = urlsplit(os.environ["BENCH_STREAMS_AT"])
AT_A_TIME = 100  # that connect, the first time
HEARD = re.compile(rb"(?:^|\n)id: ([\d.]+)\n")
OPENED = (b"event: hello", b"event: reset")


@dataclass(eq=False)
class Listener:
    token: str
    last: bytes = b""  # event id
    retry: float = 0.0  # seconds, as it was told
    rest: bytes = b""
    open: bool = False
    socket: "socket.socket | None" = None


listeners: list[Listener] = []
came: list[tuple[float, bytes]] = []  # by stream and piece: when (perf_counter), what
refused = 0
resets = 0
selector = selectors.EpollSelector()


def connect(listener: Listener, number: int) -> None:
    listener.rest, listener.open = b"", False
    listener.socket = socket.socket()
    if PLACE.hostname == "127.0.0.1":  # an address has some 28,000 ports
        listener.socket.bind((f"127.0.0.{2 + number // 20_000}", 0))
    listener.socket.setblocking(False)
    listener.socket.connect_ex((PLACE.hostname, PLACE.port))
    selector.register(listener.socket, selectors.EVENT_WRITE, listener)


def ask(listener: Listener) -> None:
    lines = ["GET /api/v1/live HTTP/1.1", f"Host: {PLACE.netloc}", f"Authorization: Bearer {listener.token}"]
    lines += [f"Last-Event-ID: {listener.last.decode()}"] if listener.last else []
    listener.socket.send("\r\n".join([*lines, "", ""]).encode())
    selector.modify(listener.socket, selectors.EVENT_READ, listener)


def lose(listener: Listener) -> None:
    selector.unregister(listener.socket)
    listener.socket.close()
    listener.open = False


def hear(listener: Listener) -> float | None:
    """Seconds after which to come again, if this was no stream or is none any more."""
    global refused, resets
    try:
        piece = listener.socket.recv(262_144)
    except OSError:
        piece = b""
    if not piece:
        lose(listener)
        return listener.retry
    if listener.open:
        came.append((time.perf_counter(), piece))
    listener.rest = (listener.rest + piece)[-20_000:]
    if not listener.open and b" 503 " in listener.rest[:20]:
        refused += 1
        lose(listener)
        return float(re.search(rb"Retry-After: (\d+)", listener.rest)[1])
    if b" 200 OK" not in listener.rest[:20] and not listener.open:
        raise RuntimeError(f"a stream did not open: {listener.rest[:300]!r}")
    if found := re.search(rb"retry: (\d+)", listener.rest):
        listener.retry = int(found[1]) / 1000
    if ids := HEARD.findall(listener.rest):
        listener.last = ids[-1]
    if not listener.open and any(each in listener.rest for each in OPENED):
        resets += b"event: reset" in listener.rest
        listener.open = True
    if listener.open:
        listener.rest = listener.rest[-100:]
    return None


def turn(again: list[tuple[float, int]], numbers: dict[Listener, int]) -> None:
    for key, events in selector.select(0.05):
        if events & selectors.EVENT_WRITE:
            ask(key.data)
        elif (seconds := hear(key.data)) is not None:
            heapq.heappush(again, (time.perf_counter() + seconds, numbers[key.data]))


def come(when: list[tuple[float, int]], at_a_time: int, seconds: float) -> dict:
    """Each at its time, at most so many under way; until all are there."""
    began, numbers = time.perf_counter(), {listener: number for number, listener in enumerate(listeners)}
    heapq.heapify(when)
    while missing := [listener for listener in listeners if not listener.open]:
        if time.perf_counter() > began + seconds:
            raise RuntimeError(f"{len(missing)} of {len(listeners)} streams are not open after {seconds} s")
        under_way = len(missing) - len(when)
        while when and when[0][0] <= time.perf_counter() and under_way < at_a_time:
            connect(listeners[number := heapq.heappop(when)[1]], number)
            under_way += 1
        turn(when, numbers)
    return {"seconds": time.perf_counter() - began, "refused": refused, "resets": resets}


def act(verb: str, **order) -> dict:
    return {"open": open_more, "come_back": come_back, "arrivals": arrivals, "close": close}[verb](**order)


def open_more(tokens: list[str], seconds: float) -> dict:
    begin = len(listeners)
    listeners.extend(map(Listener, tokens))
    return come([(0.0, number) for number in range(begin, len(listeners))], AT_A_TIME, seconds)


def come_back(count: int, obeying: bool, seconds: float) -> dict:
    """So many are lost in one moment. They come back at once, or when they were told to."""
    global refused, resets
    refused = resets = 0
    now = time.perf_counter()
    for listener in listeners[:count]:
        lose(listener)
    when = [(now + listener.retry * obeying, number) for number, listener in enumerate(listeners[:count])]
    return come(when, count, seconds)


def arrivals(part: str, since: float, count: int, seconds: float) -> dict:
    """How long after `since` this came to each stream, once it came to so many."""
    again, numbers = [], dict.fromkeys(listeners, 0)
    ends = time.perf_counter() + seconds
    while len(found := [at - since for at, piece in came if part.encode() in piece]) < count:
        if time.perf_counter() > ends or again:
            raise RuntimeError(f"{len(found)} of {count} streams got it, {len(again)} were lost")
        turn(again, numbers)
    came.clear()
    return {"took": sorted(found)}


def close() -> dict:
    for listener in listeners:
        lose(listener)
    listeners.clear()
    return {}


if __name__ == "__main__":
    obey(act)
