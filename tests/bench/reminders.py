"""Personal reminders: how fast many that are due at once are said, and what a tick costs with many that wait.

`REMINDERS=` is how many wait for another day, 200,000 unless it is said. 5,000,000 take some minutes to write; a tick
must cost the same.
"""

import os
import time
from statistics import median

import psycopg

from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times

RANKS = [2, 3]  # urgent, normal
TICKS = 40
FILL = """
    INSERT INTO reminders (id, version, person_id, title, urgency_rank, starts_at, zone, before_minutes, rrule,
        occurs_at, next_at, changed_at)
    SELECT gen_random_uuid(), 1, gen_random_uuid(), 'Rà lại báo cáo trước khi ký',
        CASE WHEN n %% 10 = 0 THEN 2 ELSE 3 END, at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'Asia/Ho_Chi_Minh', 0,
        CASE n %% 3 WHEN 0 THEN 'FREQ=DAILY' WHEN 1 THEN 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU' END, at, at, now()
    FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT date_trunc('second',
        now() + (%(from)s + %(span)s * n::float8 / %(count)s) * interval '1 hour') AS at) AS moment
"""
TABLES = "reminders, reminder_occurrences, occasions, nudges, deliveries, nudge_counts, outbox"
TOLD = "SELECT count(*), count(DISTINCT occasion_id) FROM nudges WHERE channel = 'in_app' AND state = 'sent'"
WHOLE, WITHIN = 50_000, 600  # R11: so many, in so many seconds


def measure(city: City, options: Options) -> list[Row]:
    platform, count = city.platform, int(2000 * options.seconds)
    addresses, environment = platform.bus.addresses(), platform.settings("reminders")
    with (
        Child("clock", platform.state, **environment) as clock,
        Child("raw_claims", platform.state, **environment) as bare,
        psycopg.connect(addresses["owners"]["reminders"], autocommit=True) as database,
    ):

        def due(count: int = count) -> None:
            """Over eight hours, of which nobody said anything."""
            database.execute(f"TRUNCATE {TABLES}")
            database.execute(FILL, {"count": count, "from": -8, "span": 8})
            database.execute("ANALYZE reminders")

        def said(seconds: float) -> float:
            for table in ("reminder_occurrences", "nudges"):
                if database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] != count:
                    raise Wrong(f"not every reminder is in {table} once")
            return count / seconds

        def ours() -> float:
            due()
            return said(clock.ask(times=1)["took"][0])

        def floor() -> float:
            due()
            return said(bare.ask(ranks=RANKS)["seconds"])

        def whole(count: int) -> float:
            """Seconds until the last of the people has been told."""
            due(count)
            began = time.perf_counter()
            clock.ask(times=1)
            while clock.ask(tells=50)["told"]:
                pass
            seconds = time.perf_counter() - began
            if database.execute(TOLD).fetchone() != (count, count):
                raise Wrong("not everybody was told once")
            return seconds

        rates = in_turn(options.rounds, ours=ours, bare=floor)
        down = min(WHOLE, int(WHOLE * options.seconds / 3))
        told = whole(down)
        waiting = int(os.environ.get("REMINDERS", "200000"))
        few, many = _ticks(database, clock, 1000), _ticks(database, clock, waiting)
        database.execute(f"TRUNCATE {TABLES}")
    share = ratios(rates["ours"], rates["bare"])
    ticks = [one / other for one, other in zip(many, few, strict=True)]
    return [
        Row(
            "P7",
            f"{count:,} reminders due at once, two thirds of them recurring, said by one process: occasion, nudge, "
            "note, next occurrence, event",
            spread(rates["ours"], "/s"),
            "bare claim loop, the same rows by one statement for 500 " + spread(rates["bare"], "/s"),
            times(share),
            ">= 0.33x",
            median(share) >= 1 / 3,
        ),
        Row(
            "R11",
            f"{down:,} reminders due at once, from the first look of one process until the last `nudge_due` is written",
            f"{told:.0f} s",
            "-",
            f"{down / told:,.0f}/s",
            f"<= {WITHIN} s",
            told <= WITHIN,
        ),
        Row(
            "P7",
            f"a tick with {waiting:,} reminders that wait and none that is due",
            spread(many, " ms", 2),
            "with 1,000 " + spread(few, " ms", 2),
            times([median(ticks)]),
            "<= 1.5x",
            median(ticks) <= 1.5,
        ),
    ]


def _ticks(database: psycopg.Connection, clock: Child, count: int) -> list[float]:
    """Milliseconds of each, in order of length."""
    database.execute(f"TRUNCATE {TABLES}")
    database.execute(FILL, {"count": count, "from": 24, "span": 24 * 365})
    database.execute("ANALYZE reminders")
    clock.ask(times=3)
    return sorted(one * 1000 for one in clock.ask(times=TICKS)["took"])
