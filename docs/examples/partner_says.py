"""A platform without a broker that says what waits for somebody here: each line one change, as a signed CloudEvent.

PARTNER_URL=https://congvu.example/api/v1/inbound/events PARTNER_KEY_ID=hotline.4f... PARTNER_KEY=private.pem \\
    python partner_says.py < lines
{"id": "pa/71", "version": 1, "kind": "citizen_case", "unit_code": "26734", "title": ..., "due": ..., "link": ...}
{"id": "pa/71", "version": 2, "closed": true}
"""

import json
import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import requests
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

address, key_id = os.environ["PARTNER_URL"], os.environ["PARTNER_KEY_ID"]
keys = MappingKeyResolver(public_keys={}, private_keys={key_id: Path(os.environ["PARTNER_KEY"]).read_bytes()})
signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys)


def as_event(item: dict) -> dict:
    subject, version = item.pop("id"), item.pop("version")
    if item.pop("closed", False):
        name = "waiting_item_closed"
    else:  # the item whole, as it is now
        name = "waiting_item_opened" if version == 1 else "waiting_item_changed"
    return {
        "specversion": "1.0",
        "id": f"{subject} {version}",  # the same whenever this is said again: it has effect once
        "type": name,
        "source": "/hotline",
        "time": datetime.now(UTC).isoformat(),
        "subject": subject,
        "aggregateversion": version,  # the newest stands, whatever arrives last
        "data": item,
    }


def signed(events: list[dict]) -> requests.PreparedRequest:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    request = requests.Request("POST", address, headers, data=json.dumps(events).encode()).prepare()
    signer.sign(  # anew for each try: a signature counts once, and for five minutes
        request, key_id=key_id, created=datetime.now(UTC), nonce=secrets.token_hex(16), tag="congvu-event",
        covered_component_ids=("@method", "@authority", "@path", "content-type"), body=request.body,
    )  # fmt: skip
    return request


with requests.Session() as session:
    events = [as_event(json.loads(line)) for line in sys.stdin]
    for first in range(0, len(events), 100):
        answer = session.send(signed(events[first : first + 100]), timeout=30)
        answer.raise_for_status()  # 202: all is kept. 429, 503: wait, sign anew, send the same
        print(answer.json(), flush=True)
