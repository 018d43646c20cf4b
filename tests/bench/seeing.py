"""P10: boxes, the exception board, roll-ups and statistics with a million pieces in the database, through the service.

Redmine is asked two of the same things: for 25 of one assignee, and for a new one. `PIECES=` is how many pieces there
are.
"""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median

import psycopg

from chassis import clock
from chassis.database import Store
from deploy.local.terminal import say, step
from kernel.directory_copy import working_days
from kernel.working_time import today
from tasks.storage import statistics
from tests.bench import lives, metrics
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Wrong
from tests.bench.measure import Options, Row, at_once, in_turn, percentile, ratios, spread, times, together
from tests.bench.peers import redmine

API = "/api/v1"
PIECES = 1_000_000
BIG = "SELECT task_id::text FROM assignments WHERE parent_id IS NULL GROUP BY 1 HAVING count(*) >= 160 LIMIT 1"
AT_ONCE = 5000
FEW, MANY = 16, 184
CLIENTS, PAGE = 8, 25
WARM = 6  # times that are not counted: by then a connection has its plans


def measure(city: City, options: Options) -> list[Row]:
    pieces = int(os.environ.get("PIECES", PIECES))
    url = city.platform.city.postgres.admin_url.rsplit("/", 1)[0] + "/" + _database(city)
    lives.fill(url, pieces)
    _settle(city.platform.city.addresses()["databases"]["tasks"])
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE assignments, outcomes")
        [big] = database.execute(BIG).fetchone()
    leader, head = Connection(city.base_url, city.leader), Connection(city.base_url, city.heads[0])
    earlier = f"as_of={today(clock.now()) - timedelta(days=100)}"
    looks = {
        "a head's box of 25": (head, "/tasks?box=received&limit=25", "list_tasks", 50),
        "his pieces that are overdue": (head, "/assignments?box=to_me&due=overdue&limit=25", "list_pieces", 50),
        "the exception board of the city": (leader, "/exception-board", "get_exception_board", 50),
        "an order to 168 with its roll-up": (leader, f"/tasks/{big}", "get_task", 50),
        "statistics of this year by unit": (leader, "/task-statistics?by=unit", "get_statistics", 500),
        "the exception board of an earlier day": (leader, f"/exception-board?{earlier}", "get_exception_board", 2000),
        "statistics as of an earlier day": (leader, f"/task-statistics?by=unit&{earlier}", "get_statistics", 2000),
    }
    rows = [_look(city, pieces, work, *look, options) for work, look in looks.items()]
    rows.append(_giving(city, leader, options))
    for connection in (leader, head):
        connection.close()
    return rows + _beside_redmine(city, pieces, options)


def _database(city: City) -> str:
    return city.platform.city.addresses()["databases"]["tasks"].rsplit("/", 1)[1]


def _settle(url: str) -> None:
    store = Store(url)
    with step("Writing down what became of closed pieces"):
        while True:
            with store.transaction() as tx:
                if not statistics.settle(tx, working_days(tx), clock.now(), AT_ONCE):
                    return


def _until(seconds: float, act: Callable[[], object]):
    began = time.perf_counter()
    while (start := time.perf_counter()) < began + seconds:
        act()
        yield (time.perf_counter() - start) * 1000


def _asked(asking: Connection, path: str) -> None:
    answer = json.loads(asking.ask("GET", API + path))
    if not (answer.get("items") or answer.get("groups") or answer.get("roll_up")):
        raise Wrong(f"{path} showed nothing")


def _look(
    city: City, pieces: int, work: str, asking: Connection, path: str, method: str, goal: int, options: Options
) -> Row:  # fmt: skip
    for _ in range(WARM):
        _asked(asking, path)
    before = metrics.work(city.platform, "tasks", method)
    took = list(_until(options.seconds, lambda: _asked(asking, path)))
    share, edge = metrics.share_within(before, metrics.work(city.platform, "tasks", method), goal / 1000)
    p95 = percentile(took, 0.95)
    return Row(
        "P10", f"{work}, {pieces:,} pieces", f"over HTTP p50 {median(took):.0f} ms, p95 {p95:.0f} ms", "-",
        f"in the service {share:.0%} within {edge * 1000:.0f} ms", f"p95 <= {goal} ms in the service",
        p95 <= goal or share >= 0.95,
    )  # fmt: skip


def _giving(city: City, leader: Connection, options: Options) -> Row:
    units = city.unit_ids()
    took = {
        count: median(_until(options.seconds, lambda count=count: give(leader, order(units[:count]), count)))
        for count in (1, FEW, MANY)
    }
    each = [took[count] / count for count in took]
    return Row(
        "P10", f"an order to 1, {FEW} and {MANY} units, pieces in one insert",
        ", ".join(f"{ms:.0f} ms" for ms in took.values()), "-",
        "for each unit " + ", ".join(f"{ms:.2f} ms" for ms in each), "falls as the audience grows",
        each == sorted(each, reverse=True),
    )  # fmt: skip


def _beside_redmine(city: City, pieces: int, options: Options) -> list[Row]:
    units = itertools.cycle(city.unit_ids())

    def find(heads: Iterator[Connection]) -> None:
        page = json.loads(next(heads).ask("GET", f"{API}/assignments?box=to_me&limit={PAGE}"))["items"]
        if len(page) != PAGE:
            raise Wrong(f"a box showed {len(page)} pieces instead of {PAGE}")

    def finding() -> dict:
        with _connected(city, city.heads) as heads:
            turns = [itertools.cycle(heads[place::CLIENTS]) for place in range(CLIENTS)]
            return at_once([lambda heads=heads: find(heads) for heads in turns], options.seconds)

    def making() -> dict:
        with _connected(city, [city.leader] * CLIENTS) as leaders:
            acts = [lambda leader=leader: give(leader, order([next(units)]), 1) for leader in leaders]
            return at_once(acts, options.seconds)

    acts = {"find": finding, "make": making}
    if redmine.install():
        with redmine.serving(city.platform.state, city.platform.city.postgres.admin_url) as peer:
            acts["redmine_find"] = lambda: at_once([lambda: peer.find(PAGE)] * CLIENTS, options.seconds)
            acts["redmine_make"] = lambda: at_once([lambda: _made_by(peer)] * CLIENTS, options.seconds)
            for warm in (acts["redmine_find"], acts["redmine_make"]):
                warm()
            found = in_turn(options.rounds, **acts)
    else:
        say("    Redmine is not there and cannot be installed: no peer")
        found = in_turn(options.rounds, **acts)
    return [
        _beside(f"list {PAGE} of one assignee, {CLIENTS} clients, {pieces:,} pieces", "find", 15, found),
        _beside(f"create a task, {CLIENTS} clients, {pieces:,} pieces", "make", 10, found),
    ]


@contextlib.contextmanager
def _connected(city: City, tokens: list[str]) -> Iterator[list[Connection]]:
    with contextlib.ExitStack() as closing:
        yield [closing.enter_context(contextlib.closing(Connection(city.base_url, token))) for token in tokens]


def _made_by(peer: redmine.Client) -> None:
    wanted = order([])
    peer.make(wanted["title"], wanted["content"], wanted["due_on"])


def _beside(work: str, name: str, goal: int, found: dict[str, list[dict]]) -> Row:
    ours, other = found[name], found.get(f"redmine_{name}")
    shown = _rates(ours)
    wanted = f">= {goal}x, and a lower p99"
    if other is None:
        return Row("P10", work, shown, "Redmine is not there", "-", wanted)
    better = ratios((one["rate"] for one in ours), (one["rate"] for one in other))
    met = median(better) >= goal and together(ours)[1] < together(other)[1]
    return Row("P10", work, shown, f"Redmine with {redmine.ISSUES:,}: {_rates(other)}", times(better, 1), wanted, met)


def _rates(rounds: list[dict]) -> str:
    p50, p99 = together(rounds)
    return f"{spread((one['rate'] for one in rounds), '/s')}, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
