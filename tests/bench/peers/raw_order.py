"""An order to 184 units without a platform: the same rows by COPY, the same messages by bare AMQP, bytes to sockets.

The rows are those of a real order, copied into databases of the same schema under new ids. One process, a thread for
each service's part; psycopg waits in C here.
"""

import json
import os
import re
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from amqp import Message
from psycopg import sql

from chassis.topology import events_exchange, inbox_queue
from chassis.wire import to_json
from tests.bench.peers.confirms import connect
from tests.bench.peers.obeying import obey

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OWN = ("id", "event_id", "key", "conversation_id", "subject_id", "assignment_id", "task_id")  # ids that become new ones
# what an order writes, in this order, and how its rows are found
ROWS = {
    "tasks": {
        "tasks": "id = %(task)s",
        "assignments": "task_id = %(task)s",
        "history": "task_id = %(task)s AND version = 1",
        "idempotency": "answer ->> 'id' = %(task)s",
        "outbox": "name = 'task_issued' AND subject = %(task)s",
    },
    "messaging": {
        "inbox": "handler = 'task_issued' AND event_id = %(issued)s",
        "case_parts": "task_id = %(task)s",
        "conversations": "task_id = %(task)s",
        "participants": "conversation_id = (SELECT id FROM conversations WHERE task_id = %(task)s)",
    },
    "reminders": {
        "inbox": "handler = 'task_issued' AND event_id = %(issued)s",
        "action_items": "task_id = %(task)s",
        "outbox": "event_id = %(raised)s",
    },
    "gateway": {
        "inbox": "handler = 'action_items_raised' AND event_id = %(raised)s",
        "live_log": "type = 'action_item_raised' AND common ->> 'task_id' = %(task)s",
    },
}
CHUNK = b"x" * 560  # as long as what a head's stream gets
ISSUED = "SELECT event_id FROM outbox WHERE name = 'task_issued' AND subject = %s::text"
RAISED = "SELECT event_id FROM outbox WHERE name = 'action_items_raised' AND data ->> 'task_id' = %s::text"
STAND = {
    "tasks": "SELECT count(*) FROM assignments WHERE task_id = %s",
    "reminders": "SELECT count(*) FROM action_items WHERE task_id = %s",
    "messaging": "SELECT count(*) FROM participants JOIN conversations c ON c.id = conversation_id WHERE task_id = %s",
    "gateway": "SELECT count(*) FROM live_log WHERE common ->> 'task_id' = %s::text",
}


@dataclass(frozen=True)
class Table:
    """Rows of one table as COPY writes and reads them."""

    name: str
    columns: str
    rows: str
    count: int


class Raw:
    def __init__(self, city: dict, bus: dict, streams: int):
        self._city = city
        self._databases = {service: psycopg.connect(bus["owners"][service]) for service in ROWS}
        self._bus = bus["brokers"]["admin"]
        self._turn = 0
        self._pairs = _connected(streams)
        self._done: dict[str, float] = {}
        self._all = threading.Event()
        self._publishers = {}
        for service in ("tasks", "reminders"):
            broker = connect(self._bus)
            channel = broker.channel()
            channel.confirm_select()
            self._publishers[service] = channel
        parts = {"reminders": self._raise, "messaging": self._open_case, "gateway": self._tell}
        for service, act in parts.items():
            threading.Thread(target=self._consume, args=(service, act), daemon=True).start()

    def learn(self, task: str) -> dict:
        """Take the rows of this order for a pattern."""
        ids = {"task": task}
        for name, service, question in (("issued", "tasks", ISSUED), ("raised", "reminders", RAISED)):
            with psycopg.connect(self._city["owners"][service]) as database:
                ids[name] = database.execute(question, (task,)).fetchone()[0]
        self._pattern, self._own = {}, set()
        for service, tables in ROWS.items():
            with psycopg.connect(self._city["owners"][service]) as database:
                self._pattern[service] = [self._table(database, name, which, ids) for name, which in tables.items()]
        self._task = task
        self._bodies = {service: self._body(service) for service in ("tasks", "reminders")}
        self._expected = {service: max(table.count for table in self._pattern[service]) for service in ROWS}
        self._expected["tasks"] -= 1  # the history has a row of the order as well
        return {"rows": sum(table.count for tables in self._pattern.values() for table in tables)}

    def order(self) -> dict:
        """Once: seconds until the order is committed, until its last stream has it, until its conversation stands."""
        self._turn += 1
        self._now = {service: [self._renewed(t) for t in tables] for service, tables in self._pattern.items()}
        self._done.clear()
        self._all.clear()
        reading = threading.Thread(target=self._read_streams, daemon=True)
        reading.start()
        began = time.perf_counter()
        self._write("tasks")
        taken = time.perf_counter()
        self._publish("tasks", "task_issued")
        self._execute("tasks", "UPDATE outbox SET published_at = clock_timestamp() WHERE published_at IS NULL")
        if not self._all.wait(30):
            raise AssertionError(f"not done: {sorted(self._done)}")
        self._check()
        done = self._done
        return {"taken": taken - began, "last": done["streams"] - began, "case": done["messaging"] - taken}

    # the parts of the services

    def _raise(self) -> None:
        self._write("reminders")
        self._publish("reminders", "action_items_raised")

    def _open_case(self) -> None:
        self._write("messaging")

    def _tell(self) -> None:
        self._write("gateway")
        for ours, _ in self._pairs:
            ours.sendall(CHUNK)

    # how

    def _consume(self, service: str, act: Callable[[], None]) -> None:
        broker = connect(self._bus)
        channel = broker.channel()
        channel.queue_purge(inbox_queue(service))

        def on_message(message) -> None:
            act()
            message.channel.basic_ack(message.delivery_tag)
            self._finish(service)

        channel.basic_consume(inbox_queue(service), callback=on_message)
        while True:
            broker.drain_events()

    def _publish(self, service: str, name: str) -> None:
        message = Message(self._bodies[service], delivery_mode=2, message_id=str(uuid.uuid4()), type=name)
        self._publishers[service].basic_publish_confirm(message, events_exchange(service), name, mandatory=True)

    def _write(self, service: str) -> None:
        database = self._databases[service]
        with database.transaction(), database.cursor() as cursor:
            for table in self._now[service]:
                with cursor.copy(f"COPY {table.name} ({table.columns}) FROM STDIN") as copy:
                    copy.write(table.rows)

    def _execute(self, service: str, statement: str) -> None:
        with self._databases[service].transaction():
            self._databases[service].execute(statement)

    def _read_streams(self) -> None:
        waiting = selectors.DefaultSelector()
        for _, theirs in self._pairs:
            waiting.register(theirs, selectors.EVENT_READ)
        came: dict[int, int] = dict.fromkeys((theirs.fileno() for _, theirs in self._pairs), 0)
        missing = len(came)
        while missing:
            for key, _ in waiting.select():
                came[key.fd] += len(key.fileobj.recv(65_536))
                missing -= came[key.fd] == len(CHUNK)
        waiting.close()
        self._finish("streams")

    def _finish(self, part: str) -> None:
        self._done[part] = time.perf_counter()
        if len(self._done) == 4:
            self._all.set()

    def _check(self) -> None:
        """The rows stand: a floor that writes less would be no floor."""
        for service, question in STAND.items():
            found = self._databases[service].execute(question, (self._new(self._task),)).fetchone()[0]
            self._databases[service].rollback()
            if found < self._expected[service]:
                raise AssertionError(f"{service}: {found} rows instead of {self._expected[service]}")

    # rows

    def _table(self, database: psycopg.Connection, name: str, which: str, ids: dict) -> Table:
        where = which % {key: sql.Literal(str(value)).as_string(database) for key, value in ids.items()}
        found = database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " AND is_identity = 'NO' AND is_generated = 'NEVER' ORDER BY ordinal_position", (name,),
        ).fetchall()  # fmt: skip
        columns = [column for (column,) in found]
        for column in set(columns) & set(OWN):
            for (value,) in database.execute(f"SELECT {column}::text FROM {name} WHERE {where}"):
                self._own.update(UUID.findall(value or ""))
        listed = ", ".join(columns)
        with database.cursor().copy(f"COPY (SELECT {listed} FROM {name} WHERE {where}) TO STDOUT") as copy:
            rows = b"".join(copy).decode()
        if not rows:
            raise AssertionError(f"the order has left nothing in {name}")
        return Table(name, listed, rows, rows.count("\n"))

    def _body(self, service: str) -> str:
        table = next(table for table in self._pattern[service] if table.name == "outbox")
        names, row = table.columns.split(", "), table.rows.rstrip("\n").split("\t")
        return to_json(json.loads(row[names.index("data")].replace("\\\\", "\\")))

    def _renewed(self, table: Table) -> Table:
        rows = self._renew_text(table.rows)
        if table.name == "outbox":
            names = table.columns.split(", ")
            row = rows.rstrip("\n").split("\t")
            row[names.index("published_at")] = "\\N"
            rows = "\t".join(row) + "\n"
        return Table(table.name, table.columns, rows, table.count)

    def _renew_text(self, text: str) -> str:
        """New ids that sort like the old ones."""
        return UUID.sub(lambda found: self._new(found[0]) if found[0] in self._own else found[0], text)

    def _new(self, known: str) -> str:
        return str(uuid.UUID(int=uuid.UUID(known).int ^ self._turn))


def _connected(count: int) -> list[tuple[socket.socket, socket.socket]]:
    """Pairs over the loopback, as the streams of the platform are."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=count)
    pairs = []
    for _ in range(count):
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pairs.append((ours, theirs))
    listener.close()
    return pairs


def main() -> None:
    raw = Raw(
        json.loads(os.environ["BENCH_CITY"]), json.loads(os.environ["BENCH_BUS"]), int(os.environ["BENCH_STREAMS"])
    )
    obey(lambda verb, **order: getattr(raw, verb)(**order))


if __name__ == "__main__":
    main()
