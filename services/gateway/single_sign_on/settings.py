"""Which providers there are, from the environment."""

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from environs import Env, ValidationError
from marshmallow import validate

AT_MOST = 20
_ID = re.compile(r"[a-z][a-z0-9]{0,29}")


@dataclass(frozen=True)
class ProviderSettings:
    """`id` names it in addresses, `title` to people. `second_factor`: it sees to one before it lets anybody in."""

    id: str
    title: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    second_factor: bool = False
    ca_file: str | None = None  # whom to trust for its certificate, instead of the usual authorities


def read_providers(env: Env) -> tuple[ProviderSettings, ...]:
    """`OIDC_PROVIDERS` lists the ids; the rest of each is under `OIDC_<ID>_`."""
    ids = env.list("OIDC_PROVIDERS", [], validate=_ids)
    return tuple(_provider(env, each) for each in ids)


def read_public_url(env: Env, needed: bool) -> str:
    """Where browsers reach us: the providers send them back there."""
    if not needed and not env.str("PUBLIC_URL", ""):
        return ""
    return env.str("PUBLIC_URL", validate=[secure_address, _origin])


def secure_address(value: str) -> None:
    """https, or a host that is this machine."""
    if not is_secure(value):
        raise ValidationError("must be an address that begins with https:// (http:// on this machine only)")


def is_secure(value: str) -> bool:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not value.isascii() or not value.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


def is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _provider(env: Env, id_: str) -> ProviderSettings:
    with env.prefixed(f"OIDC_{id_.upper()}_"):
        return ProviderSettings(
            id=id_,
            title=env.str("TITLE", id_),
            issuer=env.str("ISSUER", validate=[secure_address, _no_query]),
            client_id=env.str("CLIENT_ID", validate=validate.Length(1, 200)),
            client_secret=env.str("CLIENT_SECRET", validate=validate.Length(1, 1000)),
            second_factor=env.bool("SECOND_FACTOR", False),
            ca_file=env.str("CA_FILE", None, validate=_holds_certificates),
        )


def _ids(ids: list[str]) -> None:
    if len(ids) > AT_MOST or len(set(ids)) < len(ids) or not all(_ID.fullmatch(each) for each in ids):
        raise ValidationError("must be different short names of small letters and digits, with commas between them")


def _holds_certificates(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise ValidationError("must be the path of a file of certificates") from None


def _no_query(value: str) -> None:
    if "?" in value:
        raise ValidationError("must be an address without a query")


def _origin(value: str) -> None:
    if urlsplit(value).path or "?" in value:
        raise ValidationError("must be an address without a path")
