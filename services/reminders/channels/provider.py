"""Short messages and calls: one POST to a provider, whoever he is."""

import orjson

from chassis.outgoing.addresses import session
from chassis.outgoing.http import Failed, post, retry_after
from reminders.channels.settings import ProviderSettings
from reminders.domain.deliveries import Delivery, Outcome, Permanent, Sent, Temporary
from reminders.domain.texts import short

LATER = (408, 425, 429)
OURS = (401, 403)  # the token is wrong: that is not this message's fault


class Provider:
    def __init__(self, settings: ProviderSettings, public_url: str):
        self._settings = settings
        self._public_url = public_url
        self._session = session(settings.ca_file)

    def send(self, delivery: Delivery) -> Outcome:
        said = {"{to}": delivery.to, "{text}": short(delivery, self._public_url), "{id}": delivery.id}
        body = orjson.dumps({name: _filled(value, said) for name, value in self._settings.body.items()})
        headers = {
            "Authorization": f"Bearer {self._settings.token}", "Content-Type": "application/json",
            "Idempotency-Key": delivery.id,
        }  # fmt: skip
        try:
            status, answered, raw = post(self._session, self._settings.url, data=body, headers=headers)
        except Failed as failed:
            return Temporary(failed.fault)
        if 200 <= status < 300:
            return Sent(_number(raw))
        if status in LATER or status in OURS or status >= 500:
            return Temporary(f"answers_{status}", retry_after(answered))
        return Permanent(f"answers_{status}")


def _filled(value: object, said: dict[str, str]) -> object:
    if not isinstance(value, str):
        return value
    for mark in said:
        value = value.replace(mark, said[mark]) if mark != "{text}" else value
    return value.replace("{text}", said["{text}"])  # last: what people wrote may look like a mark


def _number(raw: bytes) -> str | None:
    """By which the provider knows it, if he says so."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    found = next((body[name] for name in ("id", "message_id") if isinstance(body.get(name), str | int)), None)
    return None if found is None else str(found)[:200]
