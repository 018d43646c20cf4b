"""A service's inbox without the broker: a message as its owner's relay writes it, heard as the inbox hears it."""

from collections.abc import Callable

import psycopg
from nameko.containers import ServiceContainer

from chassis import context
from chassis.container import Container
from chassis.inbox import Hears, InboxReader
from chassis.outbox import Relay


def extension(container: ServiceContainer, kind: type):
    return next(each for each in container.extensions if isinstance(each, kind))


def said(container: Container) -> list:
    """The messages of everything that a service has said, in order, as its relay would publish them."""
    relay = extension(container, Relay)
    relay.setup()
    with container.store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT * FROM outbox ORDER BY id").all()
    return [relay._message(row, row.data, row.trace) for row in rows]


class Ears:
    """The handlers of a service, each called in the transaction that remembers the event."""

    def __init__(self, container: Container):
        self.container = container
        self._reader = extension(container, InboxReader)
        handlers = [each for each in container.entrypoints if isinstance(each, Hears)]
        for each in (self._reader, *handlers):
            each.setup()
        self._reader._handlers = {each.event.name: each for each in handlers}

    def hears(self, message) -> bool:
        return message.properties["type"] in self._reader._handlers

    def hear(self, message) -> bool:
        """True when it took effect, False when it had before."""
        handler, event, trace = self._reader._understand(message)
        service = self.container.service_cls()
        service.names, service.settings = {}, self.container.settings  # all that a handler uses beside its transaction
        method = getattr(service, handler.method_name)
        with context.working(context.Context(event.id, trace=trace)):
            return handler.invoke(method, event)


class Tables:
    """All that a service remembers, in a form in which two runs can be compared."""

    GENERATED: dict[str, tuple[str, ...]] = {
        "action_items": ("id", "nudge_at"),  # a clock looks, and notes when it is to look again
        "audit_head": ("hash",),
        "audit_log": ("number", "at", "actor", "previous", "hash"),
        "conversations": ("id", "sealed_for"),  # a clock seals what is closed
        "copy_state": ("fresh_at",),
        "inbox": ("received_at",),
        "live_log": ("id", "at"),
        "mentioned": ("title", "by_title", "to_tell", "part"),  # whoever is left is told, part by part
        "messages": ("number", "words"),  # in the order of arrival
        "receipts": ("number",),
        "provider_logouts": ("issued_at", "noted_at"),
        "sessions": ("ended_at",),
        "watched": ("next_at",),  # an event asks for a look at once, and a clock notes when the next one is
    }
    # the outbox tells how the state was reached, which is another question; what a clock says, when it came to look
    LEFT_OUT = (
        "alembic_version", "deliveries", "digest_days", "idempotency", "ladder_calendar", "ladder_recounts",
        "nudge_counts", "nudges", "occasions", "outbox", "timers", "transcripts",
    )  # fmt: skip

    def __init__(self, owner_url: str):
        self._url = owner_url

    def read(self) -> dict[str, list[dict]]:
        with psycopg.connect(self._url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # all tables at one instant
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            kept = sorted(name for (name,) in names if name not in self.LEFT_OUT)
            queries = {name: f"SELECT to_jsonb(t) FROM {name} t" for name in kept}
            return {name: [row for (row,) in connection.execute(query)] for name, query in queries.items()}

    def state(self) -> dict[str, list[str]]:
        found = self.read()
        tasks = {row["id"]: row["task_id"] for row in found.get("conversations", ())}
        for row in [each for name in ("participants", "messages", "receipts") for each in found.get(name, ())]:
            row["conversation_id"] = tasks.get(row["conversation_id"])
        for row in found.get("sessions", ()):
            row["ended"] = row["ended_at"] is not None
        for row in found.get("action_items", ()):
            if not row["open"]:
                row["raised_at"] = None  # when a closed item was open last: nobody asks, and a late event may not tell
        if "live_log" in found:  # who is told that his posts changed, and how often, depends on what came in one piece
            found["live_log"] = [row for row in found["live_log"] if row["type"] != "capacities_changed"]
        return {name: sorted(_shown(row, self.GENERATED.get(name, ())) for row in rows) for name, rows in found.items()}


def _shown(row: dict, without: tuple[str, ...]) -> str:
    return repr({name: str(value) for name, value in row.items() if name not in without})


def emptier(world) -> Callable[[str], None]:
    """Empties one service's tables, quickly enough to do it for each of many examples."""
    statements: dict[str, str] = {}

    def empty(service: str) -> None:
        with psycopg.connect(world.owners[service], autocommit=True) as connection:
            if service not in statements:
                names = connection.execute(
                    "SELECT quote_ident(tablename) FROM pg_tables"
                    " WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'audit_head')"
                ).fetchall()
                statements[service] = (
                    f"TRUNCATE {', '.join(name for (name,) in names)} RESTART IDENTITY CASCADE;"
                    " UPDATE audit_head SET number = DEFAULT, hash = DEFAULT"
                )
            connection.execute(statements[service])

    return empty
