"""What a partner says: believed for its signature, taken once, kept until the exchange has it."""

import uuid
from datetime import datetime, timedelta

import structlog
from werkzeug.datastructures import Headers

from chassis import clock, context
from chassis.http import HttpRefusal, HttpRequest
from gateway.partners import storage
from gateway.partners.signatures import Signer, verified

log = structlog.get_logger()

REQUESTS_A_MINUTE = 300
MINUTE = timedelta(minutes=1)
UNPASSED_AT_MOST = 10_000  # events of one partner that wait for the exchange
BYTES_A_DAY = 256 * 2**20
TOMORROW = {"Retry-After": "3600"}
LATER = {"Retry-After": "30"}


def admit(service, request: HttpRequest) -> None:
    """The guard: who it is that asks. His request counts, and can come no second time, whatever becomes of it.

    Raises `signature_invalid`, the same for all that is wrong with it, `too_many_requests`, and `service_unavailable`
    as long as nobody has told us the host for which partners sign.
    """
    now = clock.now()
    headers = Headers(request.environ["headers_raw"])  # with those that differ by an underscore alone apart
    if not (origin := service.settings.public_url):  # the request's own Host would prove nothing
        log.warning("nothing that partners say is taken: CONGVU_PUBLIC_URL is not set")
        raise HttpRefusal("service_unavailable", headers=LATER)
    partner = verified(service.db, origin, request.path, headers, request.raw, now)
    if partner is None:
        raise _invalid()
    context.acts(sub=f"partner:{partner.name}")
    with service.db.transaction() as tx:
        if storage.requests_since(tx, partner.name, now - MINUTE) >= REQUESTS_A_MINUTE:
            raise HttpRefusal("too_many_requests", headers=LATER)
        if not storage.note_request(tx, partner.name, partner.nonce, now):
            raise _invalid()
    request.caller = partner


def _invalid() -> HttpRefusal:
    return HttpRefusal("signature_invalid", headers={"WWW-Authenticate": "Signature"})


def take(tx, partner: Signer, events: list[dict], size: int, now: datetime) -> int:
    """All of them or none, of a request of `size` bytes; answers how many were not known yet.

    Raises `overloaded` when too much of his waits, and `too_many_requests` when he has said too much today.
    """
    if storage.count_bytes(tx, partner.name, size, now) > BYTES_A_DAY:
        raise HttpRefusal("too_many_requests", headers=TOMORROW)
    if storage.unpassed(tx, partner.name, UNPASSED_AT_MOST) >= UNPASSED_AT_MOST:
        raise HttpRefusal("overloaded", headers=LATER)
    rows = {}
    for event in events:
        key = key_of(partner.name, event["attributes"])
        said = {"key": key, "partner": partner.name, "name": event["attributes"]["type"], "said_at": now}
        rows.setdefault(key, said | event)
    return storage.add_said(tx, list(rows.values()))


def key_of(partner: str, attributes: dict) -> str:
    """CloudEvents are told apart by source and id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((partner, attributes["source"], attributes["id"]))))
