"""Home's part of reminders, for a head with 5,000 open items: counts, the most burning, what is newly late."""

import json
import time
from statistics import median

import psycopg

from chassis import clock
from chassis.database import Store
from reminders.use_cases.reading import OVERVIEW_ITEMS, get_overview
from tests.bench.city import City
from tests.bench.client import Connection, Wrong
from tests.bench.home import HOME
from tests.bench.measure import Options, Row, percentile

OPEN, LATE = 5_000, 300
FILL = """
    INSERT INTO action_items (id, subject_id, kind, version, open, post_id, unit_id, origin, title, link, from_title,
            urgency_rank, raised_at, due)
    SELECT gen_random_uuid(), gen_random_uuid(),
        (ARRAY['citizen_case', 'mail_to_answer', 'meeting_to_join', 'document_to_approve'])[1 + n %% 4], 1, true,
        %(post)s, %(unit)s, 'bench', 'Việc ' || n, 'https://bench.example/', 'bench', n %% 4, now(),
        now() + make_interval(mins => n - %(late)s)
    FROM generate_series(1, %(open)s) AS n
"""
EMPTY = "DELETE FROM action_items WHERE origin = 'bench'"


def measure(city: City, options: Options) -> list[Row]:
    url = city.platform.city.addresses()["databases"]["reminders"]
    owner = city.platform.city.postgres.admin_url.rsplit("/", 1)[0] + "/" + url.rsplit("/", 1)[1]
    head = Connection(city.base_url, city.heads[0])
    me = json.loads(head.ask("GET", "/api/v1/me"))
    place = next(each for each in me["memberships"] if each["primary"])
    values = {"post": place["post_id"], "unit": place["unit_id"], "open": OPEN, "late": LATE}
    claims = {"sub": me["person"]["id"], "membership_id": None, "delegation_id": None}
    with psycopg.connect(owner, autocommit=True) as database:
        database.execute(FILL, values)
        database.execute("VACUUM ANALYZE action_items")
        store = Store(url)
        try:
            inside = _times(options.seconds, lambda: _overview(store, claims))
            whole = _times(options.seconds, lambda: _check(json.loads(head.ask("GET", HOME))["reminders"]))
        finally:
            head.close()
            database.execute(EMPTY)
    return [
        _row("the overview, in the service", inside, 20),
        _row("GET /home with it, over HTTP", whole, None),
    ]  # fmt: skip


def _overview(store: Store, claims: dict) -> None:
    with store.reading(walks=True) as tx:
        _check(get_overview(tx, claims, {"late_since": None}, clock.now()))


def _check(overview: dict) -> None:
    if overview["total"] < 4_000 or len(overview["items"]) != OVERVIEW_ITEMS:
        raise Wrong(f"not the overview of a head with {OPEN} items: {overview['counts']}")


def _times(seconds: float, act) -> list[float]:
    took, ends = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < ends:
        act()
        took.append((time.perf_counter() - start) * 1000)
    return took


def _row(work: str, took: list[float], goal: int | None) -> Row:
    p95 = percentile(took, 0.95)
    return Row(
        "overview", f"{work}, of a head with {OPEN:,} open items", f"p50 {median(took):.1f} ms, p95 {p95:.1f} ms", "-",
        "-", f"p95 <= {goal} ms" if goal else "-", p95 <= goal if goal else None,
    )  # fmt: skip
