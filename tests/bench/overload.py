"""R12: an open loop raises its rate until no more is answered rightly; then it comes five-fold."""

import json
from statistics import median

from deploy.local.terminal import say
from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times
from tests.bench.streams import memory

PEOPLE = 40
FIRST, STEP = 60, 1.3  # requests a second, and by what they grow
SECONDS = 5.0  # at least: the first two are a burst
TIMES = 5
GROWTH = 64  # MiB that a crowd may leave behind


def measure(city: City, options: Options) -> list[Row]:
    platform, seconds = city.platform, max(SECONDS, options.seconds)
    people = {"BENCH_URL": city.base_url, "BENCH_TOKENS": json.dumps(city.heads[:PEOPLE])}
    with Child("crowd", platform.state, **people) as crowd:

        def come(rate: float) -> dict:
            found = crowd.ask(rate=rate, seconds=seconds)
            say(f"    {rate:,.0f}/s come: {found}")
            if unwanted := found["others"].keys() - {"home in parts"}:
                raise Wrong(f"{rate:,.0f}/s: {', '.join(unwanted)}")
            return found

        crowd.ask(rate=FIRST, seconds=2)
        peak = _peak(come)
        before = memory(platform.pid("gateway")) / 1024
        found = in_turn(options.rounds, peak=lambda: come(peak), crowd=lambda: come(TIMES * peak))
        grown = memory(platform.pid("gateway")) / 1024 - before
    good = {side: [each["rate"] for each in found[side]] for side in found}
    slowest = [each["refused"]["p99"] for each in found["crowd"]]
    kept = ratios(good["crowd"], good["peak"])
    mix = f"GET /home and seven cheaper reads of {PEOPLE} heads, open loop"
    return [
        Row(
            "R12", f"right answers when {TIMES} times the peak come: {mix}", spread(good["crowd"], "/s"),
            "at the peak " + spread(good["peak"], "/s"), times(kept), ">= 0.7x", median(kept) >= 0.7,
        ),
        Row(
            "R12", f"until the others are refused, p99 of some {TIMES * peak - median(good['crowd']):,.0f} a second",
            spread(slowest, " ms"), "-", "-", "<= 500 ms", median(slowest) <= 500,
        ),
        Row("R12", "memory of the gateway that this leaves behind", f"{grown:.0f} MiB", f"{before:.0f} MiB before", "-",
            f"<= {GROWTH} MiB", grown <= GROWTH),
    ]  # fmt: skip


def _peak(come) -> float:
    """The rate at which most was answered rightly: two steps further it was no more."""
    rate, best, worse = float(FIRST), (0.0, 0.0), 0
    while worse < 2:
        good = come(rate)["rate"]
        worse = 0 if good > best[0] else worse + 1
        best = max(best, (good, rate))
        rate *= STEP
    return best[1]
