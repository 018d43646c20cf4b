"""P1: a call over the bus, ours against stock nameko's, each side of each in a process of its own."""

from contextlib import ExitStack
from functools import partial
from statistics import median

from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times
from tests.bench.world import Platform

CALLERS = 8
WAYS = {
    "service": ("the least that the chassis sends: token of a service, deadline", 3.0),
    "person": ("with token of an actor, deadline, trace header", 2.5),
    "transport": ("connection and direct reply-to alone: no schema, token, deadline, worker", None),
}
DEAD_COLLECTOR = "http://127.0.0.1:9"
TRACING = {  # each by an echo of its own, under another service's name
    "tasks": {},
    "messaging": {"BENCH_WITHOUT_TRACING": "1"},
    "reminders": {"CONGVU_OTLP_ENDPOINT": DEAD_COLLECTOR},
}


def measure(city: City, options: Options) -> list[Row]:
    with ExitStack() as stack:
        pairs = {owner: _pair(stack, city.platform, owner, more) for owner, more in TRACING.items()}
        stock = _stock(stack, city.platform)
        rows = []
        for callers in (1, CALLERS):
            order = {"seconds": options.seconds / 3, "callers": callers}
            acts = {way: partial(_rate, *pairs["tasks"], way=way, **order) for way in WAYS}
            acts["stock"] = partial(_rate, *stock, **order)
            if callers > 1:
                acts["no_tracing"] = partial(_rate, *pairs["messaging"], way="person", **order)
                acts["tracing_on"] = partial(_rate, *pairs["reminders"], way="person", **order)
            for act in acts.values():
                act()  # connections, caches
            found = in_turn(options.rounds, **acts)
            rows += [_row(way, callers, found) for way in WAYS]
        return [*rows, *_tracing(found)]


def _pair(stack: ExitStack, platform: Platform, owner: str, more: dict) -> tuple[Child, Child]:
    common = {"BENCH_BARE_URL": platform.broker, "BENCH_OWNER": owner} | more
    answering = stack.enter_context(Child("echo", platform.state, **platform.settings(owner), **common))
    asking = stack.enter_context(Child("echo_caller", platform.state, **platform.settings("gateway"), **common))
    return asking, answering


def _stock(stack: ExitStack, platform: Platform) -> tuple[Child, Child]:
    broker = {"BENCH_AMQP_URL": platform.broker}
    answering = stack.enter_context(Child("stock_echo", platform.state, BENCH_SIDE="rpc", **broker))
    asking = stack.enter_context(Child("stock_caller", platform.state, **broker))
    return asking, answering


def _rate(asking: Child, answering: Child, **order) -> dict:
    used = asking.cpu() + answering.cpu()
    answer = asking.ask(**order)
    used = asking.cpu() + answering.cpu() - used
    return {"rate": answer["count"] / answer["seconds"], "cpu_ms": used / answer["count"] * 1000}


def _row(way: str, callers: int, found: dict) -> Row:
    what, goal = WAYS[way]
    better = ratios(_of(found, way, "rate"), _of(found, "stock", "rate"))
    ours, stock = (
        f"{spread(_of(found, side, 'rate'), '/s')}, {median(_of(found, side, 'cpu_ms')):.2f} ms of CPU"
        for side in (way, "stock")
    )
    return Row(
        "P1",
        f"call over the bus, {callers} caller{'s' if callers > 1 else ''}, {what}",
        ours,
        f"stock nameko {stock}",
        times(better),
        f">= {goal}x" if goal else "-",
        median(better) >= goal if goal else None,
    )


def _tracing(found: dict) -> list[Row]:
    """Compared by processor time: what a collector that is away costs is not in the waiting."""
    rows = []
    for name, what in (("person", "tracing off"), ("tracing_on", "tracing on, the collector away")):
        more = ratios(_of(found, name, "cpu_ms"), _of(found, "no_tracing", "cpu_ms"))
        rows.append(
            Row(
                "tracing",
                f"call over the bus with {what}, CPU of both processes",
                spread(_of(found, name, "cpu_ms"), " ms", 2),
                "tracing taken out of the code " + spread(_of(found, "no_tracing", "cpu_ms"), " ms", 2),
                times(more),
            )
        )
    return rows


def _of(found: dict, name: str, what: str) -> list[float]:
    return [one[what] for one in found[name]]
