"""P4: finding people as one types, without diacritics, over HTTP, signed in; the floor is the same SQL by psycopg."""

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from statistics import median
from urllib.parse import quote

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from chassis import clock
from directory.domain.names import fold
from directory.storage import search
from kernel.working_time import today
from tests.bench.city import City
from tests.bench.client import Connection, Wrong
from tests.bench.measure import Options, Row, in_turn, percentile, ratios, spread, times
from tests.bench.world import Platform

PATH = "/api/v1/people?limit=20&q="
CLIENTS = 8
TEXTS = 400
PACE = 0.025  # seconds from one key to the next, at low load


class Database:
    """Takes the place of the service's transaction: its statements, without what stands between it and psycopg."""

    def __init__(self, url: str):
        self.connection = psycopg.connect(url, row_factory=namedtuple_row)

    def execute(self, statement, values=None) -> "Database":
        self._found = self.connection.execute(_written(statement), values)
        return self

    def all(self) -> list:
        return self._found.fetchall()

    def find(self, text: str) -> list[str]:
        words = tuple(fold(text).split())
        wanted = search.Wanted(words, None, None, today(clock.now()), None, 21)
        with self.connection.transaction():
            return [str(row.id) for row in search.find(self, wanted)[:20]]


@cache
def _written(statement) -> str:
    return str(statement.compile(dialect=PGDialect_psycopg()))


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    url = platform.city.addresses()["databases"]["directory"]
    databases = [Database(url) for _ in range(CLIENTS)]
    connections = [Connection(platform.base_url, token) for token in city.heads[:CLIENTS]]
    texts = typed(databases[0].connection)
    for text in texts[:100]:  # the answers are the right ones, and the same
        found = [person["id"] for person in json.loads(connections[0].ask("GET", PATH + quote(text)))["items"]]
        if found != databases[0].find(text):
            raise Wrong(f"{text!r}: the API and the database do not find the same people")

    asked = itertools.cycle(texts)

    def over_http(connection: Connection) -> None:
        text = next(asked)
        people = json.loads(connection.ask("GET", PATH + quote(text)))["items"]
        words = fold(text).split()
        if not people or not all(f" {word}" in f" {fold(person['name'])}" for person in people for word in words):
            raise Wrong(f"{text!r} found what was not looked for")

    def by_sql(database: Database) -> None:
        if not database.find(next(asked)):
            raise Wrong("nobody was found")

    found = in_turn(
        options.rounds,
        paced=lambda: _paced(over_http, connections[0], options.seconds),
        paced_sql=lambda: _paced(by_sql, databases[0], options.seconds),
        many=lambda: _many(over_http, connections, options.seconds),
        many_sql=lambda: _many(by_sql, databases, options.seconds),
    )
    for one in (*connections, *(database.connection for database in databases)):
        one.close()
    return [_low(platform, found), _high(platform, found)]


def typed(database: psycopg.Connection) -> list[str]:
    """What people type on their way to a colleague: 2 to 20 letters, beginnings of one to three words of a name."""
    chance = random.Random(11)
    names = [row.name for row in database.execute("SELECT name FROM people ORDER BY id LIMIT 20000")]
    database.rollback()

    def one() -> str:
        words = fold(chance.choice(names)).split()
        chosen = words[chance.randrange(len(words)) :][: chance.choice((1, 2, 2, 3))]
        return " ".join([*chosen[:-1], chosen[-1][: chance.choice((1, 2, 3, 4, 9))]])

    found = (one() for _ in itertools.count())
    return list(itertools.islice((text for text in found if 2 <= len(text) <= 20), TEXTS))


def _paced(act: Callable, on, seconds: float) -> dict:
    took = []
    for _ in range(int(seconds / PACE)):
        began = time.perf_counter()
        act(on)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, PACE - took[-1] / 1000))
    return {"p50": median(took), "p99": percentile(took, 0.99), "took": took}


def _many(act: Callable, ons: list, seconds: float) -> dict:
    began = time.perf_counter()

    def repeat(on) -> Iterator[float]:
        while (start := time.perf_counter()) < began + seconds:
            act(on)
            yield (time.perf_counter() - start) * 1000

    with ThreadPoolExecutor(len(ons)) as pool:
        took = list(itertools.chain(*pool.map(lambda on: list(repeat(on)), ons)))
    rate = len(took) / (time.perf_counter() - began)
    return {"rate": rate, "p50": median(took), "p99": percentile(took, 0.99), "took": took}


def _together(rounds: list[dict]) -> tuple[float, float]:
    took = [one for each in rounds for one in each["took"]]
    return median(took), percentile(took, 0.99)


def _low(platform: Platform, found: dict) -> Row:
    (p50, p99), (sql50, sql99) = _together(found["paced"]), _together(found["paced_sql"])
    return Row(
        "P4",
        f"typeahead over {platform.people:,} people through HTTP, signed in, one person typing",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        f"the same SQL by psycopg: p50 {sql50:.1f} ms, p99 {sql99:.1f} ms",
        times(ratios((one["p50"] for one in found["paced"]), (one["p50"] for one in found["paced_sql"])), 1)
        + " of p50",
        "p99 <= 30 ms",
        p99 <= 30,
    )


def _high(platform: Platform, found: dict) -> Row:
    (p50, p99), (sql50, sql99) = _together(found["many"]), _together(found["many_sql"])
    rates = {name: [one["rate"] for one in found[name]] for name in ("many", "many_sql")}
    return Row(
        "P4",
        f"the same with {CLIENTS} clients at once",
        f"{spread(rates['many'], '/s')}, p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        f"the same SQL by {CLIENTS} threads {spread(rates['many_sql'], '/s')}, p50 {sql50:.0f} ms, p99 {sql99:.0f} ms",
        times(ratios(rates["many"], rates["many_sql"])) + " of the rate",
    )
