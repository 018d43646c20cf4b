"""P4: finding people as one types, without diacritics, over HTTP, signed in.

The floor is the same SQL by psycopg, the peer OpenLDAP with the same people. `LARGE=1` makes ten times as many people
of the city and measures again (some minutes).
"""

import itertools
import json
import os
import random
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from chassis import clock
from deploy.local.terminal import say, step
from directory.domain.names import fold
from directory.domain.searching import understand
from directory.storage import search
from kernel.working_time import today
from tests.bench.city import City
from tests.bench.client import Connection, Wrong
from tests.bench.measure import Options, Row, at_once, in_turn, ratios, spread, summary, times, together
from tests.bench.peers import openldap

PATH = "/api/v1/people?limit=20&q="
TYPISTS, CLIENTS = 40, 8  # people who type; those of them who do so at once
TEXTS = 60  # that one types: he is shown new people, and stays within his daily budget
PACE = 0.025  # seconds from one key to the next, at low load
TIMES_LARGER = 10
PEOPLE = """
    SELECT DISTINCT ON (p.id) p.id, p.name, p.folded, p.phone, p.email, o.title, u.full_name AS unit_name
    FROM people p JOIN memberships m ON m.person_id = p.id JOIN posts o ON o.id = m.post_id
        JOIN units u ON u.id = o.unit_id
"""
GROWN = """
    INSERT INTO people (id, name, folded, given, phone, email, mobile, room)
        SELECT md5(id::text || %(copy)s)::uuid, name, folded, given, phone, email, mobile, room FROM people_before;
    INSERT INTO memberships (id, version, person_id, post_id, "primary", valid_from, valid_to)
        SELECT md5(id::text || %(copy)s)::uuid, version + CAST(%(copy)s AS bigint) * 1000000000,
            md5(person_id::text || %(copy)s)::uuid, post_id, "primary", valid_from, valid_to FROM memberships_before;
    INSERT INTO entries
        SELECT md5(membership_id::text || %(copy)s)::uuid, md5(person_id::text || %(copy)s)::uuid, post_id, unit_id,
            top_id, post_kind, rank, named, given, words, digits, valid_from, valid_to FROM entries_before;
"""


class Database:
    """Takes the place of the service's transaction: its statements, without what stands between it and psycopg."""

    def __init__(self, url: str, seeker_id: str):
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.prepare_threshold = 1
        self._connection.execute("SET jit = off")
        self._connection.execute("SET max_parallel_workers_per_gather = 0")
        self._connection.execute("SET plan_cache_mode = force_generic_plan")
        self._seeker_id = seeker_id
        self.close = self._connection.close

    def execute(self, statement, values=None) -> "Database":
        self._found = self._connection.execute(_written(statement), values)
        return self

    def scalar_one(self) -> str:
        return self._found.fetchone()[0]

    def find(self, text: str) -> list[str]:
        wanted = search.Wanted(understand(text), self._seeker_id, today(clock.now()))
        return [line["id"] for line in search.find(self, wanted)[:20]]


@cache
def _written(statement) -> str:
    return str(statement.compile(dialect=PGDialect_psycopg()))


class Typist:
    """One signed-in person and what he types."""

    def __init__(self, city: City, token: str, seeker_id: str, texts: list[str]):
        self._address = city.base_url, token
        self.connect()
        self.database = Database(city.platform.city.addresses()["databases"]["directory"], seeker_id)
        self.texts = texts
        self._next = itertools.cycle(texts)

    def connect(self) -> None:
        self.connection = Connection(*self._address)

    def over_http(self) -> None:
        text = next(self._next)
        people = self._asked(text)
        words = fold(text).split()
        if not people or not all(_found_by(word, person) for person in people for word in words):
            raise Wrong(f"{text!r} found what was not looked for")

    def by_sql(self) -> None:
        if not self.database.find(next(self._next)):
            raise Wrong("nobody was found")

    def check(self, text: str) -> None:
        """The answers are the right ones, and the same."""
        if [person["id"] for person in self._asked(text)] != self.database.find(text):
            raise Wrong(f"{text!r}: the API and the database do not find the same people")

    def close(self) -> None:
        self.connection.close()
        self.database.close()

    def _asked(self, text: str) -> list[dict]:
        return json.loads(self.connection.ask("GET", PATH + quote(text)))["items"]


def _found_by(word: str, person: dict) -> bool:
    written = f" {fold(person['name'])} {fold(person['title'])} {fold(person['unit_name'])}"
    return f" {word}" in written or any(
        word in "".join(part[0] for part in fold(person[field]).split()) for field in ("name", "title", "unit_name")
    )


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    url = platform.city.addresses()["owners"]["directory"]
    with psycopg.connect(url, row_factory=namedtuple_row) as owner:
        people = owner.execute(PEOPLE).fetchall()
        seekers = dict(owner.execute("SELECT username, person_id::text FROM accounts WHERE username LIKE 'head.%'"))
    texts = typed([person.name for person in people], TYPISTS * TEXTS)
    heads = [
        (token, head)
        for token, head in zip(city.heads, platform.accounts["heads"], strict=True)
        if head["username"] in seekers
    ]
    typists = [
        Typist(city, token, seekers[head["username"]], texts[place::TYPISTS])
        for place, (token, head) in enumerate(heads[:TYPISTS])
    ]
    for typist in typists[-10:]:
        for text in typist.texts[:10]:
            typist.check(text)
    rows = [*_ordinary(platform.people, typists, people, texts, platform.state.root / "openldap", options)]
    if os.environ.get("LARGE"):
        before = _low_load(typists, options)
        with step(f"Making {TIMES_LARGER} times as many people"):
            _grow(url)
        for typist in typists:  # the door closed what was silent for so long
            typist.connection.close()
            typist.connect()
        _low_load(typists, options)
        rows.append(_larger(platform.people, before, _low_load(typists, options)))
    for typist in typists:
        typist.close()
    return rows


def _ordinary(count: int, typists: list[Typist], people: list, texts: list[str], folder: Path, options: Options):
    turn = itertools.cycle(typists)
    acts = {
        "paced": lambda: _paced(lambda: next(turn).over_http(), options.seconds),
        "paced_sql": lambda: _paced(lambda: next(turn).by_sql(), options.seconds),
        "many": lambda: at_once([typist.over_http for typist in typists[:CLIENTS]], options.seconds),
        "many_sql": lambda: at_once([typist.by_sql for typist in typists[:CLIENTS]], options.seconds),
    }
    if not openldap.install():
        say("    OpenLDAP is not there and cannot be installed: no peer")
        found = in_turn(options.rounds, **acts)
        return [_low(count, found), _high(found)]
    with openldap.serving(folder, people) as port:
        clients = [openldap.Client(port) for _ in range(CLIENTS)]
        asked = itertools.cycle(texts)

        def by_ldap(client: openldap.Client) -> None:
            if not client.find(fold(next(asked)).split()):
                raise Wrong("OpenLDAP found nobody")

        acts["many_ldap"] = lambda: at_once([lambda one=one: by_ldap(one) for one in clients], options.seconds)
        found = in_turn(options.rounds, **acts)
        for client in clients:
            client.close()
    return [_low(count, found), _high(found), _beside_openldap(found)]


def typed(names: list[str], count: int) -> list[str]:
    """What people type on their way to a colleague: 2 to 20 letters, beginnings of one to three words of a name."""
    chance = random.Random(11)

    def one() -> str:
        words = fold(chance.choice(names)).split()
        chosen = words[chance.randrange(len(words)) :][: chance.choice((1, 2, 2, 3))]
        return " ".join([*chosen[:-1], chosen[-1][: chance.choice((1, 2, 3, 4, 9))]])

    found = (one() for _ in itertools.count())
    return list(itertools.islice((text for text in found if 2 <= len(text) <= 20), count))


def _grow(url: str) -> None:
    """Copies of everybody: as many names, as often. The index is made in one go at the end."""
    with psycopg.connect(url) as owner:
        (definition,) = owner.execute("SELECT pg_get_indexdef('entries_keys'::regclass)").fetchone()
        owner.execute("DROP INDEX entries_keys")
        for table in ("people", "memberships", "entries"):
            owner.execute(f"CREATE TEMPORARY TABLE {table}_before AS TABLE {table}")
        for copy in range(1, TIMES_LARGER):
            for statement in filter(str.strip, GROWN.split(";")):
                owner.execute(statement, {"copy": copy})
        owner.execute(definition)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE people, memberships, entries")


def _low_load(typists: list[Typist], options: Options) -> dict:
    turn = itertools.cycle(typists)
    return _paced(lambda: next(turn).over_http(), options.seconds * options.rounds)


def _paced(act: Callable, seconds: float) -> dict:
    took = []
    for _ in range(int(seconds / PACE)):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, PACE - took[-1] / 1000))
    return summary(took)


def _low(people: int, found: dict) -> Row:
    (p50, p99), (sql50, sql99) = together(found["paced"]), together(found["paced_sql"])
    return Row(
        "P4",
        f"typeahead over {people:,} people through HTTP, signed in, one person typing",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        f"the same SQL by psycopg: p50 {sql50:.1f} ms, p99 {sql99:.1f} ms",
        times(ratios((one["p50"] for one in found["paced"]), (one["p50"] for one in found["paced_sql"])), 1)
        + " of p50",
        "p99 <= 30 ms",
        p99 <= 30,
    )


def _high(found: dict) -> Row:
    (p50, p99), (sql50, sql99) = together(found["many"]), together(found["many_sql"])
    rates = {name: [one["rate"] for one in found[name]] for name in ("many", "many_sql")}
    return Row(
        "P4",
        f"the same with {CLIENTS} clients at once",
        f"{spread(rates['many'], '/s')}, p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        f"the same SQL by {CLIENTS} threads {spread(rates['many_sql'], '/s')}, p50 {sql50:.0f} ms, p99 {sql99:.0f} ms",
        times(ratios(rates["many"], rates["many_sql"])) + " of the rate",
    )


def _beside_openldap(found: dict) -> Row:
    (p50, p99), (ldap50, ldap99) = together(found["many"]), together(found["many_ldap"])
    ratio = ratios((one["p99"] for one in found["many"]), (one["p99"] for one in found["many_ldap"]))
    return Row(
        "P4",
        f"the same {CLIENTS} clients beside OpenLDAP with the same people",
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        f"OpenLDAP {spread((one['rate'] for one in found['many_ldap']), '/s')}, p50 {ldap50:.1f} ms, "
        f"p99 {ldap99:.1f} ms",
        times(ratio, 1) + " of p99",
        "<= 3x",
        median(ratio) <= 3,
    )


def _larger(people: int, before: dict, after: dict) -> Row:
    ratio = after["p99"] / before["p99"]
    return Row(
        "P4",
        f"one person typing over {people * TIMES_LARGER:,} people",
        f"p50 {after['p50']:.1f} ms, p99 {after['p99']:.1f} ms",
        f"over {people:,}: p50 {before['p50']:.1f} ms, p99 {before['p99']:.1f} ms",
        f"{ratio:.1f}x of p99",
        "<= 2x",
        ratio <= 2,
    )
