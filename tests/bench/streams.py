"""P8 and R13: thousands of live streams in one gateway process: what each takes of its memory, how soon all of them
hear, and what it costs when all of them are lost and come back. `STREAMS=` is how many.
"""

import hashlib
import json
import os
import resource
import threading
import time
from pathlib import Path

import psycopg

from deploy.local import ports
from deploy.local.terminal import say
from tests.bench.children import Child, cpu_of
from tests.bench.city import City, give, order
from tests.bench.client import Connection, new_key
from tests.bench.measure import Options, Row, percentile

COUNT = int(os.environ.get("STREAMS", "10000"))
RETURNING = min(COUNT, 1000)
PATIENCE = 170  # seconds
PINGS = 15  # seconds in which each stream is pinged once
UNITS = 184
SAID = 5  # announcements, and orders
SESSIONS = """
    WITH people AS (
        SELECT m.person_id, row_number() OVER (ORDER BY bool_or(p.is_head) DESC, m.person_id) - 1 AS n
        FROM copy_memberships m JOIN copy_posts p ON p.id = m.post_id GROUP BY m.person_id
    )
    INSERT INTO sessions
        (id, token_hash, kind, account_id, person_id, client, created_at, last_used_at, expires_at)
    SELECT gen_random_uuid(), decode(given.hash, 'hex'), 'token', gen_random_uuid(), person_id, 'bench', now(), now(),
        now() + interval '1 day'
    FROM unnest(%s::text[]) WITH ORDINALITY AS given (hash, place)
    JOIN people ON n = (given.place - 1) %% (SELECT count(*) FROM people)
"""
TRANSACTIONS = "SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = current_database()"
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the listeners, which inherit it
    tokens, gateway = [f"bench-{os.urandom(16).hex()}" for _ in range(COUNT)], platform.pid("gateway")
    with psycopg.connect(platform.city.addresses()["owners"]["gateway"], autocommit=True) as database:
        database.execute(SESSIONS, ([hashlib.sha256(token.encode()).hexdigest() for token in tokens],))
        with Child("listeners", platform.state, BENCH_STREAMS_AT=platform.base_url) as streams:
            ours, opening = _each(streams, gateway, tokens)
            say(f"    {COUNT:,} open after {opening:.0f} s, {ours:.0f} KiB each")
            idle = cpu_of(gateway)
            time.sleep(PINGS)
            idle = (cpu_of(gateway) - idle) / PINGS
            heard = _heard(city, streams)
            back = _come_back(city, streams, database, gateway)
    [port] = ports.free(1)
    with (
        Child("bare_streams", platform.state, BENCH_PORT=str(port)) as bare,
        Child("listeners", platform.state, BENCH_STREAMS_AT=f"http://127.0.0.1:{port}") as streams,
    ):
        floor, _ = _each(streams, bare.pid, tokens)
    memory = Row(
        "P8", f"memory of the gateway for each of {COUNT:,} idle streams", f"{ours:.0f} KiB",
        f"bare eventlet stream {floor:.0f} KiB", f"{ours / floor:.2f}x", "<= 48 KiB", ours <= 48,
    )  # fmt: skip
    pinged = Row("P8", f"processor of the gateway, {COUNT:,} idle streams, pings", f"{idle:.0%}", "-", "-")
    rate = f"{COUNT / opening:,.0f}/s"
    opened = Row("R13", f"{COUNT:,} people open their streams, 100 at a time", f"{opening:.0f} s", "-", rate)
    return [memory, pinged, opened, *heard, *back]


def _each(streams: Child, pid: int, tokens: list[str]) -> tuple[float, float]:
    """KiB of the process for each stream, and how long it took to open them."""
    streams.ask(verb="open", tokens=tokens[:20], seconds=PATIENCE)
    time.sleep(0.5)  # what the first ones need is not each one's
    before = _memory(pid)
    streams.ask(verb="close")
    portions = [tokens[place : place + 1000] for place in range(0, len(tokens), 1000)]
    opening = sum(streams.ask(verb="open", tokens=each, seconds=PATIENCE)["seconds"] for each in portions)
    time.sleep(1)
    return (_memory(pid) - before) / len(tokens), opening


def _memory(pid: int) -> int:
    """KiB that are the process's own."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = [line.split()[1] for line in rollup.splitlines() if line.startswith(("Private_Clean:", "Private_Dirty:"))]
    return sum(map(int, own))


def _heard(city: City, streams: Child) -> list[Row]:
    leader, rows = Connection(city.base_url, city.leader), []
    everybody = f"an announcement to the whole city until {COUNT:,} streams have it", "announcement_published"
    heads = f"an order until the streams of {UNITS} heads, among {COUNT:,}, have it", "action_item_raised"
    for (what, part), count, act in ((everybody, COUNT, _announce), (heads, UNITS, _order)):
        took: list[float] = []
        for _ in range(SAID):
            began = time.perf_counter()
            act(leader)
            took += streams.ask(verb="arrivals", part=f"event: {part}", since=began, count=count, seconds=60)["took"]
            time.sleep(1)
        p99 = percentile(took, 0.99)
        found = f"p50 {percentile(took, 0.5):.2f} s, p99 {p99:.2f} s, last {max(took):.2f} s"
        say(f"    {what}: {found}")
        rows.append(Row("R13", f"{what} ({SAID} times)", found, "-", "-", "p99 <= 2 s", p99 <= 2))
    leader.close()
    return rows


def _announce(leader: Connection) -> None:
    wanted = {"title": "Lịch làm việc", "text": "Các cơ quan làm việc theo lịch mùa mưa.", "audience": "whole-city"}
    leader.ask("POST", "/api/v1/announcements", wanted, expected=201, **new_key())


def _order(leader: Connection) -> None:
    give(leader, order(), UNITS)


def _come_back(city: City, streams: Child, database: psycopg.Connection, gateway: int) -> list[Row]:
    rows = []
    with _Asking(city) as alone:
        time.sleep(3)
    for obeying, how in ((False, "in the same moment"), (True, "each when it was told to")):
        before = _work(database, gateway)
        with _Asking(city) as meanwhile:
            back = streams.ask(verb="come_back", count=RETURNING, obeying=obeying, seconds=PATIENCE)
        work = [after - then for after, then in zip(_work(database, gateway), before, strict=True)]
        transactions, postgres, own = (each / RETURNING for each in work)
        found = (
            f"all after {back['seconds']:.0f} s, {back['refused']:,} sent away meanwhile; for each {own * 1000:.1f} ms"
            f" of CPU, {postgres * 1000:.1f} ms of the database's, {transactions:.1f} transactions"
        )
        asked = [
            f"p50 {percentile(took, 0.5) * 1000:.0f} ms, p99 {percentile(took, 0.99) * 1000:.0f} ms"
            for took in (meanwhile, alone)
        ]
        other = f"GET /home meanwhile {asked[0]}, otherwise {asked[1]}"
        work = f"{RETURNING:,} of {COUNT:,} streams are lost and come back {how}, with their last ids"
        rows.append(Row("R13", work, found, other, "-", "all answered, no reset", not back["resets"]))
    return rows


def _work(database: psycopg.Connection, gateway: int) -> tuple[float, float, float]:
    """Transactions, and seconds of processor time of the database and of the gateway."""
    time.sleep(1.1)  # statistics come late
    [transactions] = database.execute(TRANSACTIONS).fetchone()
    backends = sum(cpu_of(pid) for (pid,) in database.execute(BACKENDS).fetchall())
    return float(transactions), backends, cpu_of(gateway)


class _Asking:
    """Somebody who asks for his home again and again meanwhile: how long each answer took."""

    def __init__(self, city: City):
        self._connection = Connection(city.base_url, city.leader)
        self._took: list[float] = []
        self._ended = False
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> list[float]:
        self._thread.start()
        return self._took

    def __exit__(self, *_) -> None:
        self._ended = True
        self._thread.join()
        self._connection.close()
        if self._fault:
            raise self._fault

    def _ask(self) -> None:
        try:
            while not self._ended:
                began = time.perf_counter()
                json.loads(self._connection.ask("GET", "/api/v1/home"))
                self._took.append(time.perf_counter() - began)
                time.sleep(0.05)
        except Exception as fault:  # noqa: BLE001 - told by whoever measures
            self._fault = fault
