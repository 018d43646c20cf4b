"""What was said, in the one form over which a transcript's hash is made. People are ids: a name may be erased."""

import json
from collections.abc import Mapping
from datetime import UTC

FORM = 1
KEPT = (
    "number", "id", "kind", "text", "sender_person_id", "sender_post_id", "sender_title", "acting_for", "sent_at",
)  # fmt: skip


def line(message: Mapping) -> str:
    """A message on one line, without the end of the line."""
    kept = {name: message[name] for name in KEPT} | {"sent_at": message["sent_at"].astimezone(UTC).isoformat()}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
