"""The outbox: rows that wait until they are published, confirmed and marked, against bare pipelined confirms."""

import json
import time
import uuid
from statistics import median

import psycopg

from chassis.topology import events_exchange, inbox_queue
from contracts.tasks import assignment_changed as event
from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times
from tests.bench.peers.confirms import connect

OWNER = "tasks"
DATA = {
    "change": "accepted", "assignment_id": str(uuid.UUID(int=1)), "task_id": str(uuid.UUID(int=2)),
    "title": "Rà soát phương án phòng chống ngập mùa mưa", "unit_id": str(uuid.UUID(int=3)),
    "unit_name": "Phường Thủ Dầu Một", "post_id": str(uuid.UUID(int=4)), "role": "lead", "before": "assigned",
    "after": "in_progress", "version": 2, "at": "2026-03-02T10:00:00+07:00", "actor_person_id": str(uuid.UUID(int=5)),
    "acting_for": None, "concerns": [str(uuid.UUID(int=4)), str(uuid.UUID(int=6))],
}  # fmt: skip
FILL = """
    INSERT INTO outbox (event_id, name, subject, version, data)
    SELECT gen_random_uuid(), %(name)s, %(subject)s, 2, CAST(%(data)s AS jsonb) FROM generate_series(1, %(count)s)
"""


def measure(city: City, options: Options) -> list[Row]:
    platform, count = city.platform, int(2000 * options.seconds)
    addresses = platform.bus.addresses()
    broker = connect(addresses["brokers"]["admin"])
    with (
        Child("relay", platform.state, **platform.settings(OWNER)) as relaying,
        Child("confirms", platform.state, BENCH_AMQP_URL=addresses["brokers"][OWNER]) as bare,
        psycopg.connect(addresses["owners"][OWNER], autocommit=True) as database,
    ):

        def relay() -> dict:
            empty(broker)
            database.execute("TRUNCATE outbox")
            with database.transaction():
                database.execute(
                    FILL, {"name": event.name, "subject": "bench", "data": json.dumps(DATA), "count": count}
                )
                database.execute("SELECT pg_notify('outbox', '')")
            began, used = time.time(), relaying.cpu()
            wait_for(database, "SELECT count(*) FROM outbox WHERE published_at IS NULL", 0)
            ended = database.execute("SELECT extract(epoch FROM max(published_at))::float FROM outbox").fetchone()[0]
            expect(broker, count)
            return {"rate": count / (ended - began), "cpu_us": (relaying.cpu() - used) / count * 1e6}

        def confirms() -> dict:
            empty(broker)
            properties = message_properties(addresses["brokers"][OWNER])
            used = bare.cpu()
            answer = bare.ask(
                count=count,
                exchange=events_exchange(OWNER),
                key=event.name,
                body=json.dumps(DATA),
                properties=properties,
            )
            expect(broker, count)
            return {"rate": count / answer["seconds"], "cpu_us": (bare.cpu() - used) / count * 1e6}

        found = in_turn(options.rounds + 1, outbox=relay, confirms=confirms)
    empty(broker)
    broker.close()
    rates = {name: [one["rate"] for one in values[1:]] for name, values in found.items()}  # the first warms up
    share = ratios(rates["outbox"], rates["confirms"])
    row = Row(
        "outbox",
        f"{count:,} events from the table to {len(event.hearers)} hearers' queues: published, confirmed, marked",
        spread(rates["outbox"], "/s"),
        "bare pipelined confirms " + spread(rates["confirms"], "/s"),
        times(share),
        ">= 0.67x",
        median(share) >= 2 / 3,
    )
    return [row]


def message_properties(url: str) -> dict:
    """What the relay gives a message, for one that is sent without it."""
    from urllib.parse import unquote, urlsplit

    event_id = str(uuid.uuid4())
    return {
        "content_type": "application/json", "message_id": event_id, "type": event.name, "app_id": OWNER,
        "user_id": unquote(urlsplit(url).username), "timestamp": int(time.time()),
        "application_headers": {
            "cloudEvents:specversion": "1.0", "cloudEvents:id": event_id, "cloudEvents:type": event.name,
            "cloudEvents:source": f"/congvu/{OWNER}", "cloudEvents:time": "2026-03-02T03:00:00+00:00",
            "cloudEvents:subject": "bench", "cloudEvents:aggregateversion": 2,
        },
    }  # fmt: skip


def empty(broker) -> None:
    channel = broker.channel()
    for hearer in event.hearers:
        channel.queue_purge(inbox_queue(hearer))
    channel.close()


def expect(broker, count: int) -> None:
    """Every hearer's queue holds as many: nothing was lost, nothing came twice. The broker counts a little late."""
    channel = broker.channel()
    ends = time.monotonic() + 10
    while True:
        found = {
            hearer: channel.queue_declare(inbox_queue(hearer), passive=True).message_count for hearer in event.hearers
        }
        if set(found.values()) == {count}:
            break
        if time.monotonic() > ends:
            raise Wrong(f"{count} messages expected in each queue, found {found}")
        time.sleep(0.1)
    channel.close()


def wait_for(database: psycopg.Connection, question: str, answer: object, seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while (found := database.execute(question).fetchone()[0]) != answer:
        if time.monotonic() > ends:
            raise Wrong(f"{question}: {found} after {seconds} s")
        time.sleep(0.05)
