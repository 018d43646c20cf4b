"""P6: an announcement to the whole city against one to a single unit, and whether a reader who asks at once sees it;
how long it takes until everybody's nudge about an important one stands.
"""

import json
import time
from statistics import median

import psycopg

from tests.bench.city import City
from tests.bench.client import Connection, Wrong, new_key
from tests.bench.measure import Options, Row, in_turn, ratios, spread

PATH = "/api/v1/announcements"
CITY = {"audience": "whole-city"}
PATIENCE = 600  # seconds
TOLD = "SELECT open FROM announced WHERE id = %s"
NUDGED = """
    SELECT count(DISTINCT person_id) FROM nudges JOIN occasions ON occasions.id = occasion_id WHERE subject_id = %s
"""
TEXT = "Từ ngày 01 tháng 12, các cơ quan làm việc theo lịch mùa mưa."


def measure(city: City, options: Options) -> list[Row]:
    leader, reader = Connection(city.base_url, city.leader), Connection(city.base_url, city.heads[0])
    unit = {"to": [{"unit_id": city.unit_ids()[0]}]}

    def say(to: dict) -> str:
        wanted = {"title": "Lịch làm việc", "text": TEXT} | to
        return json.loads(leader.ask("POST", PATH, wanted, expected=201, **new_key()))["id"]

    def publish(to: dict) -> list[float]:
        took, ends = [], time.perf_counter() + options.seconds
        while (began := time.perf_counter()) < ends:
            id_ = say(to)
            took.append((time.perf_counter() - began) * 1000)
            if json.loads(reader.ask("GET", f"{PATH}?limit=1"))["items"][0]["id"] != id_:
                raise Wrong("whoever asks at once does not see it")
        return took

    found = in_turn(options.rounds, city=lambda: median(publish(CITY)), unit=lambda: median(publish(unit)))
    began = time.perf_counter()
    people = _nudged(city, say(CITY | {"importance": "important"}))
    seconds = time.perf_counter() - began
    for connection in (leader, reader):
        connection.close()
    dearer = median(ratios(found["city"], found["unit"]))
    return [
        Row(
            "P6", "an announcement to the whole city, seen by whoever asks next", spread(found["city"], " ms"),
            "to one unit " + spread(found["unit"], " ms"), f"{dearer:.2f}x the time", "<= 1.5x", dearer <= 1.5,
        ),
        Row(
            "P6", f"an important one: until {people:,} people have their nudges",
            f"{seconds:.0f} s, {people / seconds:,.0f}/s", "-", "-", "-",
        ),
    ]  # fmt: skip


def _nudged(city: City, announcement_id: str) -> int:
    """Waits until all who are to be nudged about it are, and answers how many people that is."""
    ends = time.monotonic() + PATIENCE
    url = city.platform.city.addresses()["owners"]["reminders"]
    with psycopg.connect(url, autocommit=True) as database:
        while database.execute(TOLD, [announcement_id]).fetchone() != (False,):
            if time.monotonic() > ends:
                raise Wrong("the readers of an announcement were not all told")
            time.sleep(0.2)
        [people] = database.execute(NUDGED, [announcement_id]).fetchone()
    return people
