"""A service's handlers as its inbox calls them, each event in a transaction of its own."""

from collections.abc import Callable

from chassis import clock
from chassis.inbox import Heard


def hearing(service_cls: type, store) -> Callable[[str, dict], None]:
    """`hear("task_issued", data)`."""

    def hear(name: str, data: dict) -> None:
        subject, version = data.get("assignment_id", data.get("task_id", "")), data.get("version", 1)
        with store.transaction() as tx:
            getattr(service_cls, f"on_{name}")(service_cls(), tx, Heard("", name, subject, version, clock.now(), data))

    return hear
