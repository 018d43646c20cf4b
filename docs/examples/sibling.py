"""A sibling platform that hears of orders: AMQP 0-9-1 by pika, CloudEvents by their SDK, what it knows in SQLite.

SIBLING_URL=amqp://ext_mail:password@host:port/vhost SIBLING_QUEUE=ext.mail.v1 python sibling.py
"""

import os
import sqlite3
import sys
import time

import pika
from cloudevents.core.bindings.amqp import AMQPMessage, from_binary_event

database = sqlite3.connect(os.environ.get("SIBLING_DATABASE", "sibling.db"))
database.execute("CREATE TABLE IF NOT EXISTS heard (id TEXT PRIMARY KEY)")
database.execute("CREATE TABLE IF NOT EXISTS known (subject TEXT PRIMARY KEY, version INTEGER)")
NEWER = """INSERT INTO known VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET version = excluded.version
           WHERE excluded.version > known.version"""


def on_message(channel, delivery, properties, body):
    message = AMQPMessage({"content-type": properties.content_type}, properties.headers, body)
    event = from_binary_event(message)
    with database:  # one transaction: what is remembered as heard has also been done
        if database.execute("INSERT OR IGNORE INTO heard VALUES (?)", [event.get_id()]).rowcount:
            subject, version = event.get_subject(), event.get_extension("aggregateversion")
            if database.execute(NEWER, [subject, version]).rowcount:  # not overtaken by a later one
                print(event.get_type(), subject, event.get_data(), flush=True)  # here: ask the API for the details
    channel.basic_ack(delivery.delivery_tag)  # only now: after a crash before this line it comes again


while True:
    try:
        with pika.BlockingConnection(pika.URLParameters(os.environ["SIBLING_URL"])) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=50)
            channel.basic_consume(os.environ["SIBLING_QUEUE"], on_message)
            channel.start_consuming()
    except pika.exceptions.AMQPError as error:  # the broker restarts, or closed a channel that slept too long
        print(f"again in 5 s: {error!r}", file=sys.stderr)
        time.sleep(5)
