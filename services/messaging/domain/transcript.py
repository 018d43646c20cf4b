"""What was said, in the one form over which a transcript's hash is made. People are ids: a name may be erased."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

FORM = 2
KEPT = (
    "number", "id", "kind", "text", "sender_person_id", "sender_post_id", "sender_title", "acting_for",
    "reply_to_number",
)  # fmt: skip
ENDED = ("state", "ended_at", "ended_by_person_id", "ended_reason")
AS_SAID = dict.fromkeys(ENDED) | {"state": "said"}
MENTION, FILE = ("kind", "id", "offset", "length"), ("id", "name", "size", "sha256")


def line(message: Mapping, sealed_at: datetime | None = None) -> str:
    """A message on one line, without the end of the line; with `sealed_at` as it stood then, though it was withdrawn
    since. What was removed has no files.
    """
    is_later = sealed_at is not None and message["ended_at"] is not None and message["ended_at"] > sealed_at
    files = () if message["state"] == "removed" else message["files"] or ()
    kept = {name: message[name] for name in (*KEPT, *ENDED)} | (AS_SAID if is_later else {})
    kept |= {name: _moment(message[name]) for name in ("sent_at", "edited_at")} | {
        "ended_at": _moment(kept["ended_at"])
    }
    kept["mentions"] = [{name: each[name] for name in MENTION} for each in message["mentions"] or ()]
    kept["files"] = [{name: each[name] for name in FILE} for each in files]
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _moment(at: datetime | None) -> str | None:
    return at and at.astimezone(UTC).isoformat()
