"""The clock of personal reminders, told when to tick, and the one that tells people."""

from tests.bench.peers import green  # noqa: I001 - first of all

import time

from chassis import clock, logs, settings
from chassis.database import Store
from reminders.use_cases import dispatching, firing


def main() -> None:
    store = Store(settings.read().database_url, pool_size=2)
    logs.configure("bench", "WARNING")

    def tick(times: int = 0, tells: int = 0) -> dict:
        """What each tick took; how many nudges were told in so many goes."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            firing.fire_due(store, clock.now())
            took.append(time.perf_counter() - began)
        return {"took": took, "told": sum(tell() for _ in range(tells))}

    def tell() -> int:
        with store.transaction() as tx:
            return dispatching.tell(tx, clock.now())

    green.obey(tick)


if __name__ == "__main__":
    main()
