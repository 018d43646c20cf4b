"""A sibling platform that says what arrived: a document with its clauses, as a CloudEvent on its own exchange.

SIBLING_URL=amqp://ext_axis:password@host:port/vhost SIBLING_EXCHANGE=axis.inbound python sibling_says.py < one.json
"""

import json
import os
import sys
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pika

document = json.load(sys.stdin)  # {"id": "vpcp/812", "version": 1, "source": "government_office", "number": ...}
address = os.environ["SIBLING_URL"]
subject, version = document.pop("id"), document.pop("version")
attributes = {
    "specversion": "1.0",
    "id": f"{subject} {version}",  # the same whenever this is said again: it is heard once
    "type": "incoming_task_received",
    "source": "/axis",
    "time": datetime.now(UTC).isoformat(),
    "subject": subject,
    "aggregateversion": version,  # the newest stands, whatever arrives last
}
properties = pika.BasicProperties(
    content_type="application/json",
    delivery_mode=2,
    user_id=unquote(urlsplit(address).username),  # the broker vouches for it
    headers={f"cloudEvents:{name}": value for name, value in attributes.items()},
)
with pika.BlockingConnection(pika.URLParameters(address)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()  # returns when the broker has it; raises when it is refused, or nobody may hear it
    channel.basic_publish(
        os.environ["SIBLING_EXCHANGE"], attributes["type"], json.dumps(document), properties, mandatory=True
    )
print(f"said {subject} {version}")
