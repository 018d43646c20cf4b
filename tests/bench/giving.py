"""P3: Giao việc ngay to all units, with a stream open at each head; and P5's group, which the same order makes."""

import json
import time
from statistics import median

import psycopg

from deploy.local.terminal import say
from tests.bench.children import Child
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Streams, Wrong
from tests.bench.measure import Options, Row, percentile, ratios, spread, times

UNITS = 184
ORDERS = 20
SETTLE = 0.4  # seconds between orders: a leader gives one at a time
STANDING = "SELECT count(*) FROM participants JOIN conversations c ON c.id = conversation_id WHERE c.task_id = %s"
WRITTEN = "SELECT extract(epoch FROM created_at)::float FROM outbox WHERE name = 'task_issued' AND subject = %s"


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    addresses = {"city": platform.city.addresses(), "bus": platform.bus.addresses()}
    environment = {f"BENCH_{name.upper()}": json.dumps(value) for name, value in addresses.items()}
    found: dict[str, list[float]] = {
        name: [] for name in ("taken", "last", "raw_taken", "raw_last", "case", "raw_case")
    }
    with (
        Child("raw_order", platform.state, BENCH_STREAMS=str(UNITS), **environment) as raw,
        psycopg.connect(addresses["city"]["owners"]["messaging"], autocommit=True) as messaging,
        psycopg.connect(addresses["city"]["owners"]["tasks"], autocommit=True) as tasks,
        Streams(platform.base_url, city.heads) as streams,
    ):
        leader = Connection(platform.base_url, city.leader)
        warm = give(leader, order(), UNITS)
        _stands(messaging, warm["id"])
        time.sleep(2)
        raw.ask(verb="learn", task=warm["id"])
        for number in range(max(ORDERS, options.rounds * 4)):
            time.sleep(SETTLE)
            began = time.perf_counter()
            task = give(leader, order(), UNITS)
            taken = time.perf_counter() - began
            arrivals = streams.wait(b"event: action_item_raised", task["id"].encode(), since=began, count=UNITS)
            _stands(messaging, task["id"])
            time.sleep(SETTLE)
            bare = raw.ask(verb="order")
            found["taken"].append(taken)
            found["last"].append(max(arrivals) - began)
            found["raw_taken"].append(bare["taken"])
            found["raw_last"].append(bare["last"])
            if number % 5 == 4:
                say(
                    f"    {number + 1} orders: "
                    + ", ".join(f"{name} {median(v) * 1e3:.0f} ms" for name, v in found.items() if v)
                )
        for _ in range(ORDERS // 2):
            time.sleep(SETTLE)
            task = give(leader, order(), UNITS)
            seen = _stands(messaging, task["id"])
            found["case"].append(seen - tasks.execute(WRITTEN, (task["id"],)).fetchone()[0])
            time.sleep(SETTLE)
            found["raw_case"].append(raw.ask(verb="order")["case"])
        leader.close()
    return _rows({name: [value * 1000 for value in values] for name, values in found.items()})


def _stands(messaging: psycopg.Connection, task_id: str, seconds: float = 30) -> float:
    """When (time.time) the order's conversation stood with all who take part: the heads and who gave the order."""
    ends = time.monotonic() + seconds
    while (count := messaging.execute(STANDING, (task_id,)).fetchone()[0]) != UNITS + 1:
        if time.monotonic() > ends:
            raise Wrong(f"a conversation with {count} who take part instead of {UNITS + 1}")
        time.sleep(0.003)
    return time.time()


def _rows(found: dict[str, list[float]]) -> list[Row]:
    count = len(found["taken"])
    rows = []
    for name, what, most, times_floor in (
        ("taken", f"Giao việc ngay to {UNITS} units: until 201", 150, 5),
        ("last", f"the same: until the last of {UNITS} open streams has it", 1000, 20),
    ):
        ours, floor = found[name], found[f"raw_{name}"]
        better = ratios(ours, floor)
        rows.append(
            Row(
                "P3",
                f"{what} ({count} orders)",
                f"p50 {median(ours):,.0f} ms, p95 {percentile(ours, 0.95):,.0f} ms",
                f"the same rows and messages raw: p50 {median(floor):,.0f} ms, p95 {percentile(floor, 0.95):,.0f} ms",
                times(better, 1),
                f"<= {most:,} ms and <= {times_floor}x",
                median(ours) <= most and median(better) <= times_floor,
            )
        )
    rows.append(
        Row(
            "P5",
            f"a group of {UNITS} created: from the order's event in the outbox until the conversation stands with all",
            spread(found["case"], " ms"),
            "the same raw " + spread(found["raw_case"], " ms"),
            times(ratios(found["case"], found["raw_case"]), 1),
        )
    )
    return rows
