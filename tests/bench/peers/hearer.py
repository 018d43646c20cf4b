"""A service on the chassis that hears one event and writes one row for it."""

from tests.bench.peers import green  # noqa: I001 - first of all

import eventlet
import sqlalchemy as sa

from chassis import logs, settings
from chassis.container import Container
from chassis.database import Database
from chassis.inbox import hears
from contracts.tasks import assignment_changed

EFFECT = sa.text("INSERT INTO bench_effects (event_id, about) VALUES (CAST(:id AS uuid), :about)")


class Service:
    name = "reminders"
    db = Database()

    @hears(assignment_changed)
    def on_assignment_changed(self, tx, event):
        tx.execute(EFFECT, {"id": event.id, "about": event.data["title"]})


def main() -> None:
    config = settings.read()
    logs.configure("bench", "WARNING")
    container = Container(Service, config)

    def start() -> dict:
        container.start()
        while not all(check() for check in container.checks.values()):
            eventlet.sleep(0.02)
        return {}

    green.obey(start)


if __name__ == "__main__":
    main()
