"""A platform without a broker that is brought what happens here: a few lines of WSGI behind its own HTTPS.

OUR_KEY_ID=congvu.9a... OUR_KEY=congvu.pem HOOK_HOST=archive.example PORT=8080 python partner_hears.py
"""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from wsgiref.simple_server import make_server

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

keys = MappingKeyResolver(
    public_keys={os.environ["OUR_KEY_ID"]: Path(os.environ["OUR_KEY"]).read_bytes()}, private_keys={}
)
verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys)
covered = ("@method", "@authority", "@path", "content-type", "content-digest")
database = sqlite3.connect(os.environ.get("HOOK_DATABASE", "heard.db"))
database.execute("CREATE TABLE IF NOT EXISTS heard (id TEXT PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)")


def take(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    url = f"https://{os.environ['HOOK_HOST']}{environ['PATH_INFO']}"  # as it was registered
    try:
        verifier.verify(
            SimpleNamespace(method=environ["REQUEST_METHOD"], url=url, headers=headers),
            expect_tag="congvu-webhook", max_age=timedelta(minutes=5), require_components=covered, body=body,
        )  # fmt: skip
    except InvalidSignature:
        start_response("401 Unauthorized", [])
        return [b""]
    event = from_http_event(HTTPMessage(headers, body))
    with database:  # what is done and that it was heard, together: the same event may come again
        if database.execute("INSERT OR IGNORE INTO heard (id) VALUES (?)", (event.get_id(),)).rowcount:
            print(event.get_type(), event.get_subject(), event.get_data(), flush=True)
    start_response("204 No Content", [])  # only now: it comes again until it is taken
    return [b""]


if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ["PORT"]), take).serve_forever()
