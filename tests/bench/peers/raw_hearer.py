"""A bare consumer: for each message the row that remembers it, the row of its effect, commit, acknowledgement."""

import json
import os
import threading

import psycopg

from chassis.topology import inbox_queue
from tests.bench.peers.confirms import connect
from tests.bench.peers.obeying import obey

REMEMBER = "INSERT INTO inbox (handler, event_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
EFFECT = "INSERT INTO bench_effects (event_id, about) VALUES (%s, %s)"


def consume() -> None:
    database = psycopg.connect(os.environ["CONGVU_DATABASE_URL"])
    broker = connect(os.environ["CONGVU_AMQP_URL"])
    channel = broker.channel()
    channel.basic_qos(0, 10, False)

    def on_message(message) -> None:
        event_id = message.headers["cloudEvents:id"]
        with database.transaction():
            database.execute(REMEMBER, (message.properties["type"], event_id))
            database.execute(EFFECT, (event_id, json.loads(message.body)["title"]))
        channel.basic_ack(message.delivery_tag)

    channel.basic_consume(inbox_queue("reminders"), callback=on_message)
    while True:
        broker.drain_events()


def start() -> dict:
    threading.Thread(target=consume, daemon=True).start()
    return {}


if __name__ == "__main__":
    obey(start)
