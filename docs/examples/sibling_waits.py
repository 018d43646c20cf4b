"""A sibling platform that says what waits for somebody here: each line one change, as a CloudEvent on its own exchange.

SIBLING_URL=amqp://ext_hotline:password@host:port/vhost SIBLING_EXCHANGE=hotline.inbound python sibling_waits.py < lines
{"id": "pa/71", "version": 1, "kind": "citizen_case", "unit_code": "26734", "title": ..., "due": ..., "link": ...}
{"id": "pa/71", "version": 2, "closed": true}
"""

import json
import os
import sys
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pika

address, exchange = os.environ["SIBLING_URL"], os.environ["SIBLING_EXCHANGE"]
ours = unquote(urlsplit(address).username)


def as_event(item: dict) -> tuple[str, bytes, pika.BasicProperties]:
    subject, version = item.pop("id"), item.pop("version")
    if item.pop("closed", False):
        name = "waiting_item_closed"
    else:  # the item whole, as it is now
        name = "waiting_item_opened" if version == 1 else "waiting_item_changed"
    attributes = {
        "specversion": "1.0",
        "id": f"{subject} {version}",  # the same whenever this is said again: it is heard once
        "type": name,
        "source": f"/{exchange.removesuffix('.inbound')}",
        "time": datetime.now(UTC).isoformat(),
        "subject": subject,
        "aggregateversion": version,  # the newest stands, whatever arrives last
    }
    headers = {f"cloudEvents:{key}": value for key, value in attributes.items()}
    properties = pika.BasicProperties(
        content_type="application/json", delivery_mode=2, user_id=ours, headers=headers
    )  # fmt: skip
    return name, json.dumps(item).encode(), properties


with pika.BlockingConnection(pika.URLParameters(address)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()  # publishing returns when the broker has it, and raises when it is refused: say it again
    for line in sys.stdin:
        name, body, properties = as_event(json.loads(line))
        channel.basic_publish(exchange, name, body, properties, mandatory=True)
        print(name, properties.headers["cloudEvents:subject"], flush=True)
