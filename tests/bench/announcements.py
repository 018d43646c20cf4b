"""P6: an announcement to the whole city against one to a single unit, and whether a reader who asks at once sees it."""

import json
import time
from statistics import median

from tests.bench.city import City
from tests.bench.client import Connection, Wrong, new_key
from tests.bench.measure import Options, Row, in_turn, ratios, spread

PATH = "/api/v1/announcements"
TEXT = "Từ ngày 01 tháng 12, các cơ quan làm việc theo lịch mùa mưa."


def measure(city: City, options: Options) -> list[Row]:
    leader, reader = Connection(city.base_url, city.leader), Connection(city.base_url, city.heads[0])
    unit = {"to": [{"unit_id": city.unit_ids()[0]}]}

    def publish(to: dict) -> list[float]:
        took, ends = [], time.perf_counter() + options.seconds
        while (began := time.perf_counter()) < ends:
            wanted = {"title": "Lịch làm việc", "text": TEXT} | to
            said = json.loads(leader.ask("POST", PATH, wanted, expected=201, **new_key()))
            took.append((time.perf_counter() - began) * 1000)
            newest = json.loads(reader.ask("GET", f"{PATH}?limit=1"))["items"][0]
            if newest["id"] != said["id"]:
                raise Wrong("whoever asks at once does not see it")
        return took

    found = in_turn(
        options.rounds, city=lambda: median(publish({"audience": "whole-city"})), unit=lambda: median(publish(unit))
    )
    for connection in (leader, reader):
        connection.close()
    dearer = ratios(found["city"], found["unit"])
    return [
        Row(
            "P6", "an announcement to the whole city, seen by whoever asks next", spread(found["city"], " ms"),
            "to one unit " + spread(found["unit"], " ms"), f"{median(dearer):.2f}x the time", "<= 1.5x",
            median(dearer) <= 1.5,
        )
    ]  # fmt: skip
