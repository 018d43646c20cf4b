"""The outbox relay of a service that does nothing else."""

from tests.bench.peers import green  # noqa: I001 - first of all

import eventlet

from chassis import logs, settings
from chassis.container import Container
from chassis.database import Database


class Service:
    name = "tasks"
    db = Database()


def main() -> None:
    config = settings.read()
    logs.configure("bench", "WARNING")
    container = Container(Service, config)
    container.start()
    while not all(check() for check in container.checks.values()):
        eventlet.sleep(0.02)
    green.obey()


if __name__ == "__main__":
    main()
