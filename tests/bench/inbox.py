"""The inbox: events handled in a second through @hears, against a bare consumer with the same two rows and commit."""

import json

import psycopg

from chassis.topology import events_exchange
from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.client import Wrong
from tests.bench.measure import Options, Row, in_turn, ratios, spread, times
from tests.bench.outbox import DATA, OWNER, empty, event, expect, message_properties, wait_for
from tests.bench.peers.confirms import connect

HEARER = "reminders"
TABLE = "CREATE TABLE IF NOT EXISTS bench_effects (event_id uuid NOT NULL, about text NOT NULL)"
TOOK = "SELECT extract(epoch FROM max(received_at) - min(received_at))::float FROM inbox"


def measure(city: City, options: Options) -> list[Row]:
    platform, count = city.platform, int(600 * options.seconds)
    addresses = platform.bus.addresses()
    broker = connect(addresses["brokers"]["admin"])
    with (
        Child("confirms", platform.state, BENCH_AMQP_URL=addresses["brokers"][OWNER]) as writer,
        psycopg.connect(addresses["owners"][HEARER], autocommit=True) as database,
    ):
        database.execute(TABLE)

        def hear(name: str) -> dict:
            empty(broker)
            database.execute("TRUNCATE inbox, bench_effects")
            writer.ask(
                count=count, exchange=events_exchange(OWNER), key=event.name, body=json.dumps(DATA),
                properties=message_properties(addresses["brokers"][OWNER]), renew=True,
            )  # fmt: skip
            expect(broker, count)
            with Child(name, platform.state, **platform.settings(HEARER)) as hearer:
                used = hearer.cpu()
                hearer.ask()
                wait_for(database, "SELECT count(*) FROM bench_effects", count)
                used = hearer.cpu() - used
            if database.execute("SELECT count(*) FROM inbox").fetchone()[0] != count:
                raise Wrong("not every event was remembered")
            return {"rate": (count - 1) / database.execute(TOOK).fetchone()[0], "cpu_ms": used / count * 1000}

        found = in_turn(max(2, options.rounds // 2), inbox=lambda: hear("hearer"), bare=lambda: hear("raw_hearer"))
    empty(broker)
    broker.close()
    rates = {name: [one["rate"] for one in values] for name, values in found.items()}
    row = Row(
        "inbox",
        f"{count:,} events heard, each one row in the transaction that remembers it",
        spread(rates["inbox"], "/s"),
        "bare consumer, the same two rows and commit " + spread(rates["bare"], "/s"),
        times(ratios(rates["inbox"], rates["bare"])),
    )
    return [row]
