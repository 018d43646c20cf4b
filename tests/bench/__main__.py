"""`make bench`: every figure against a floor or a peer that the same run starts; the table is docs/benchmarks.md.

`ONLY=P1,P3` chooses, `SECONDS=` is the length of one measurement, `ROUNDS=` how often sides take turns, `PEOPLE=` the
size of the city, `REMINDERS=` how many wait for another day (P7). The table is written by a run of everything; another
prints its lines.
"""

import importlib
import os
import sys
import time

from deploy.local.run import Told, heed_signals
from deploy.local.settings import PEOPLE
from deploy.local.terminal import Refusal, say
from tests.bench import table
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row
from tests.bench.world import platform

# in this order: what leaves many rows behind comes last
MEASURES = {
    "P9": "start",
    "P1": "calls",
    "P4": "typeahead",
    "P3": "giving",
    "P5": "messages",
    "P6": "announcements",
    "P2": "home",
    "overview": "overview",
    "R12": "overload",
    "P8": "streams",
    "outbox": "outbox",
    "inbox": "inbox",
    "P7": "reminders",
    "P10": "seeing",
}
ON_REQUEST = {"flame": "flame"}


def main() -> int:
    chosen = os.environ.get("ONLY", "").replace(" ", "").split(",") if os.environ.get("ONLY") else list(MEASURES)
    known = MEASURES | ON_REQUEST
    if unknown := set(chosen) - set(known):
        raise Refusal(f"Wrong setting: ONLY: {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    options = Options(_number("SECONDS", 3, 0.2, 600), int(_number("ROUNDS", 5, 1, 100)))
    people = int(_number("PEOPLE", 50_000, *PEOPLE))
    began, load, ticks = time.monotonic(), os.getloadavg()[0], table.asked_and_stolen()
    rows: list[Row] = []
    os.environ["CONGVU_MESSAGES_A_MINUTE"] = "1000000"  # what is measured is not how fast a person may speak
    with platform(people) as made:
        made.start_services()
        city = City(made)
        for number, name in known.items():
            if number in chosen:
                say(f"· {number} ({name})")
                measured = importlib.import_module(f"tests.bench.{name}").measure(city, options)
                for row in measured:
                    say(f"  {table.line(row)}")
                rows += measured
        versions = table.versions(made)
    minutes = (time.monotonic() - began) / 60
    if chosen == list(MEASURES):
        asked, stolen = (now - then for now, then in zip(table.asked_and_stolen(), ticks, strict=True))
        table.write(rows, versions, options, people, minutes, load, stolen / asked)
        say(f"Written to {table.FILE.name} after {minutes:.1f} minutes.")
        return 0
    say("Not all was measured: the table is left as it is.")
    return 0


def _number(name: str, default: float, least: float, most: float) -> float:
    try:
        value = float(os.environ.get(name, default))
    except ValueError:
        value = -1
    if not least <= value <= most:
        raise Refusal(f"Wrong setting: {name}: a number from {least:g} to {most:g}.")
    return value


if __name__ == "__main__":
    heed_signals()
    try:
        sys.exit(main())
    except (Refusal, Wrong) as ended:
        sys.exit(str(ended))
    except Told:
        sys.exit(130)
