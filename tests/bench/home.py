"""P2: what a busy head sees first, asked of four services at once, against stock nameko answering HTTP by one RPC."""

import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from urllib.parse import quote

from deploy.local import ports
from tests.bench.children import Child
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times

CLIENTS = 8
BUSY = 50  # open items
HOME = "/api/v1/home"


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    _make_busy(city)
    [port] = ports.free(1)
    broker = {"BENCH_AMQP_URL": platform.broker}
    with (
        Child("stock_echo", platform.state, BENCH_SIDE="rpc", **broker),
        Child("stock_echo", platform.state, BENCH_SIDE="http", BENCH_HTTP=f"127.0.0.1:{port}", **broker),
    ):
        ours = [Connection(platform.base_url, city.heads[0]) for _ in range(CLIENTS)]
        stock = [Connection(f"http://127.0.0.1:{port}") for _ in range(CLIENTS)]
        numbers = itertools.count()

        def get_home(connection: Connection) -> None:
            home = json.loads(connection.ask("GET", HOME))
            if home["unavailable"] or home["reminders"]["total"] < BUSY:
                raise Wrong(f"not the home of a busy head: {home}")

        def echo(connection: Connection) -> None:
            text = f"text-{next(numbers)}"
            if connection.ask("GET", f"/echo/{quote(text)}").decode() != text:
                raise Wrong("not what was said")

        def rate(act, connections) -> float:
            began = time.perf_counter()

            def repeat(connection: Connection) -> int:
                count = 0
                while time.perf_counter() < began + options.seconds:
                    act(connection)
                    count += 1
                return count

            with ThreadPoolExecutor(CLIENTS) as pool:
                return sum(pool.map(repeat, connections)) / (time.perf_counter() - began)

        rate(echo, stock)
        found = in_turn(options.rounds, home=lambda: rate(get_home, ours), stock=lambda: rate(echo, stock))
        for connection in (*ours, *stock):
            connection.close()
    better = ratios(found["home"], found["stock"])
    row = Row(
        "P2",
        f"GET /home of a head with {BUSY} open items, {CLIENTS} clients",
        spread(found["home"], "/s"),
        "stock nameko HTTP -> RPC echo " + spread(found["stock"], "/s"),
        times(better),
        ">= 0.5x",
        median(better) >= 0.5,
    )
    return [row]


def _make_busy(city: City) -> None:
    """Orders to his unit alone until he has enough to act on."""
    leader, head = Connection(city.base_url, city.leader), Connection(city.base_url, city.heads[0])
    ends = time.monotonic() + 60
    while (missing := BUSY - json.loads(head.ask("GET", HOME))["reminders"]["total"]) > 0:
        if time.monotonic() > ends:
            raise Wrong(f"{missing} items are missing")
        for _ in range(missing):
            give(leader, order([city.unit_ids()[0]]), 1)
        time.sleep(1)
    leader.close()
    head.close()
