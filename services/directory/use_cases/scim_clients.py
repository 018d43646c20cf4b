"""Outside identity systems: a machine account each, whose token is shown once and kept as a hash."""

import hashlib
import re
import secrets
from datetime import datetime

from chassis import clock
from directory.storage import provisioning as stored
from kernel.errors import Refused

TOKEN_BYTES = 32
PREFIX = "cvscim_"  # so that a token that leaked is recognised by those who look for such
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def identify(tx, token: str) -> dict:
    found = stored.client_by_token(tx, _hashed(token))
    if found is None:
        raise Refused("unauthenticated", "No client has this token.")
    return {"client_id": found.id}


def add(tx, name: str, reach: str, endings_a_day: int, now: datetime) -> str:
    """A new client; the answer is its token, which nobody can see again."""
    if not NAME.fullmatch(name):
        raise Refused("invalid_request", "A name has at most 40 small letters, digits and hyphens.")
    token, client_id = _new_token(), clock.new_id()
    made = stored.add_client(
        tx, id=client_id, name=name, token_hash=_hashed(token), reach=reach, endings_a_day=endings_a_day, created_at=now
    )
    if not made:
        raise Refused("wrong_state", f"There is a client {name} already: remove it first.")
    tx.audit("scim.client_made", subject=client_id, client=name, reach=reach, endings_a_day=endings_a_day)
    return token


def renew(tx, name: str) -> str:
    """Another token for a client; the one before is worth nothing from now on."""
    token = _new_token()
    client_id = stored.change_client(tx, name, token_hash=_hashed(token))
    if client_id is None:
        raise Refused("not_found", f"There is no client {name}.")
    tx.audit("scim.client_renewed", subject=client_id, client=name)
    return token


def remove(tx, name: str, now: datetime) -> None:
    """Its token is worth nothing from now on."""
    client_id = stored.change_client(tx, name, revoked_at=now)
    if client_id is None:
        raise Refused("not_found", f"There is no client {name}.")
    tx.audit("scim.client_revoked", subject=client_id, client=name)


def listed(tx) -> list:
    return stored.clients(tx)


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
