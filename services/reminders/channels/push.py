"""Web Push: an encrypted note to every device of a person."""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping

import eventlet
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from chassis import context
from chassis.later import Later
from chassis.outgoing.addresses import Inside, public_session
from chassis.outgoing.http import Failed, post, retry_after
from kernel.errors import Refused
from reminders.channels.settings import PushSettings
from reminders.channels.vapid import public_key
from reminders.domain.deliveries import Delivery, Outcome, Permanent, Sent, Temporary
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.texts import note

log = structlog.get_logger()
pywebpush = Later("pywebpush")  # aiohttp comes with it, which nothing here uses

# No name or password before the host, no figures for addresses, nothing that two readers read differently.
_ENDPOINT = re.compile(r"https://([a-z0-9.-]+)(?::([0-9]{1,5}))?/[A-Za-z0-9._~:/?&=%+,;@!$'()*-]*")
KEPT_SECONDS = 12 * 3600  # by the push service, for a device that is off
DEVICE_SECONDS = 6.0  # for one device; the dispatcher waits longer
GONE = (404, 410)
LATER = (408, 425, 429)
BEST_FIRST = (Sent, Temporary, Permanent)


class Push:
    def __init__(self, settings: PushSettings, forget: Callable[[str], None]):
        """`forget(endpoint)` is told of devices that are no more."""
        self._settings = settings
        self._forget = forget
        self._session = public_session(settings.networks, settings.ca_file)
        self._vapid = Vapid02.from_file(settings.key_file)
        self.public_key = public_key(settings.key_file)

    def check(self, endpoint: str, keys: Mapping[str, str]) -> None:
        """Raises `push_endpoint_refused`, `push_keys_refused`."""
        if not self._is_listed(endpoint):
            raise Refused("push_endpoint_refused", "This is not an endpoint of a push service that we know.")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(keys["p256dh"]))
            sound = len(_decoded(keys["auth"])) == 16
        except (ValueError, binascii.Error):
            sound = False
        if not sound:
            raise Refused("push_keys_refused", "These are not the keys of a push subscription.")

    def _is_listed(self, endpoint: str) -> bool:
        found = _ENDPOINT.fullmatch(endpoint)
        if found is None:
            return False
        host, port = found[1], found[2] or "443"
        return any(_matches(host, port, each) for each in self._settings.hosts)

    def send(self, delivery: Delivery) -> Outcome:
        """To all devices at once, each with its own limit. One that takes it is enough: it would come again there."""
        body = orjson.dumps(note(delivery))
        urgency = "high" if delivery.urgency_rank <= URGENCY_RANKS["urgent"] else "normal"
        outcomes: list[Outcome] = []

        def try_one(device: Mapping) -> None:
            outcomes.append(self._in_time(device, body, urgency))

        threads = [context.spawn(try_one, device) for device in delivery.to]
        try:
            for thread in threads:
                thread.wait()
        except eventlet.Timeout:
            if not any(isinstance(each, Sent) for each in outcomes):
                raise
        return min(outcomes, key=lambda each: BEST_FIRST.index(type(each)))

    def _in_time(self, device: Mapping, body: bytes, urgency: str) -> Outcome:
        try:
            with eventlet.Timeout(DEVICE_SECONDS, exception=False):
                return self._send_to(device, body, urgency)
        except Exception:  # the other devices have their own
            log.exception("a device could not be reached", device=device["id"])
            return Temporary("fault")
        return Temporary("timed_out")

    def _send_to(self, device: Mapping, body: bytes, urgency: str) -> Outcome:
        endpoint = device["endpoint"]
        if not self._is_listed(endpoint):  # the list may have changed
            return Permanent("endpoint_refused")
        subscription = {"endpoint": endpoint, "keys": {"p256dh": device["p256dh"], "auth": device["auth"]}}
        try:
            encrypted = pywebpush.WebPusher(subscription).encode(body)["body"]
            status, headers, _ = post(self._session, endpoint, data=encrypted, headers=self._headers(endpoint, urgency))
        except Inside:
            log.warning("a push service's name leads inside", host=endpoint.split("/")[2])
            return Permanent("endpoint_refused")
        except Failed as failed:
            return Temporary(failed.fault)
        except ValueError:
            return Permanent("keys_refused")
        return self._outcome(endpoint, status, headers)

    def _outcome(self, endpoint: str, status: int, headers: Mapping[str, str]) -> Outcome:
        if 200 <= status < 300:
            return Sent(headers.get("Location"))
        if status in GONE:
            self._forget(endpoint)
            return Permanent("device_gone")
        if status in LATER or status >= 500:
            return Temporary(f"answers_{status}", retry_after(headers))
        return Permanent(f"answers_{status}")

    def _headers(self, endpoint: str, urgency: str) -> dict[str, str]:
        origin = "/".join(endpoint.split("/")[:3])
        return self._vapid.sign({"aud": origin, "sub": self._settings.subject}) | {
            "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream", "TTL": str(KEPT_SECONDS),
            "Urgency": urgency,
        }  # fmt: skip


def _matches(host: str, port: str, listed: str) -> bool:
    name, _, listed_port = listed.partition(":")
    if port != (listed_port or "443"):
        return False
    return host.endswith(name[1:]) and len(host) > len(name) - 1 if name.startswith("*.") else host == name


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
