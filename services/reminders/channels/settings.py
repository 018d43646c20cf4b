"""Which channels the operators have set up, from the environment. Without its settings a channel is not there."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from environs import Env
from marshmallow import ValidationError, validate

from chassis.outgoing.addresses import Network, network
from reminders.channels.vapid import check_key_file

PUSH_HOSTS = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com")
TLS = {"smtp": "starttls", "smtps": "implicit", "smtp+plain": "none"}
PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
_SENDER = re.compile(r"[^<>\r\n]*<[!-;=?-~]+@[!-;=?-~]+>|[!-;=?-~]+@[!-;=?-~]+")


@dataclass(frozen=True)
class MailSettings:
    host: str
    port: int
    sender: str
    tls: str = "starttls"  # needed; or implicit, or none
    user: str = ""
    password: str = ""
    ca_file: str = ""  # only if its certificate is of an authority of its own


@dataclass(frozen=True)
class PushSettings:
    key_file: str
    subject: str  # whom a push service may ask about us
    hosts: tuple[str, ...] = PUSH_HOSTS  # where endpoints may be; `*.` is any name below
    networks: tuple[Network, ...] = ()  # addresses that are admitted though they are not public
    ca_file: str = ""


@dataclass(frozen=True)
class ProviderSettings:
    """Of whoever sends short messages, or calls. `body` is what is posted, with `{to}`, `{text}`, `{id}` in it."""

    url: str
    token: str
    body: dict
    quota: int = 1000  # of a unit and month
    ca_file: str = ""


@dataclass(frozen=True)
class ChannelSettings:
    public_url: str = ""  # where people reach us
    mail: MailSettings | None = None
    push: PushSettings | None = None
    sms: ProviderSettings | None = None
    voice: ProviderSettings | None = None


NONE = ChannelSettings()


def read_channels(env: Env) -> ChannelSettings:
    mail, sms, voice = _mail(env), _provider(env, "SMS"), _provider(env, "VOICE")
    needed = any((mail, sms, voice))  # their texts have links
    return ChannelSettings(
        public_url=env.str("PUBLIC_URL", validate=_origin) if needed else "",
        mail=mail,
        push=_push(env),
        sms=sms,
        voice=voice,
    )


def _mail(env: Env) -> MailSettings | None:
    if not (url := env.str("SMTP_URL", "", validate=_checked(_smtp))):
        return None
    parts = urlsplit(url)
    return MailSettings(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        tls=TLS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=env.str("SMTP_FROM", validate=validate.Regexp(re.compile(rf"(?:{_SENDER.pattern})\Z"))),
        ca_file=env.str("SMTP_CA_FILE", "", validate=_readable),
    )


def _push(env: Env) -> PushSettings | None:
    if not (key_file := env.str("VAPID_KEY", "", validate=check_key_file)):
        return None
    return PushSettings(
        key_file=key_file,
        subject=env.str("VAPID_SUBJECT", validate=validate.Regexp(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)\Z")),
        hosts=tuple(env.list("PUSH_HOSTS", list(PUSH_HOSTS), subcast=_host)),
        networks=tuple(env.list("PUSH_NETWORKS", [], subcast=network)),
        ca_file=env.str("PUSH_CA_FILE", "", validate=_readable),
    )


def _provider(env: Env, name: str) -> ProviderSettings | None:
    if not (url := env.str(f"{name}_URL", "", validate=_checked(_secure))):
        return None
    return ProviderSettings(
        url=url,
        token=env.str(f"{name}_TOKEN", validate=validate.Regexp(r"[!-~]+\Z")),
        body=json.loads(env.str(f"{name}_BODY", '{"to": "{to}", "text": "{text}", "id": "{id}"}', validate=_template)),
        quota=env.int(f"{name}_QUOTA", 1000, validate=validate.Range(0, 10**6)),
        ca_file=env.str(f"{name}_CA_FILE", "", validate=_readable),
    )


def _checked(check: Callable[[SplitResult], bool | str | None]) -> Callable[[str], None]:
    """An address, if any; it may hold a password, and is not repeated."""

    def checked(value: str) -> None:
        try:
            parts = urlsplit(value)
            sound = not value or (parts.hostname and (parts.port or 1) and check(parts))
        except ValueError:
            sound = False
        if not sound:
            raise ValidationError(f"{check.__doc__}")

    return checked


def _smtp(parts: SplitResult) -> bool:
    """must look like smtp://user:password@host:587 (STARTTLS), smtps://... (TLS) or smtp+plain://host"""
    return parts.scheme in TLS and parts.path in ("", "/") and not parts.query


def _secure(parts: SplitResult) -> bool:
    """must begin with https:// (http:// on this machine only)"""
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _origin(value: str) -> None:
    _checked(_secure)(value)
    parts = urlsplit(value)
    if not value or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValidationError("must look like https://congvu.example")


def _host(value: str) -> str:
    host = value.strip().lower()
    if not _HOST.fullmatch(host) or (host.startswith("*.") and host.count(".") < 2):
        raise ValidationError("Give hosts: push.example.com, *.push.example.com, with :port if it is not 443")
    return host


def _template(value: str) -> None:
    try:
        body = json.loads(value)
    except ValueError:
        body = None
    said = [each for each in body.values() if isinstance(each, str)] if isinstance(body, dict) else []
    if not all(any(mark in each for each in said) for mark in ("{to}", "{text}")):
        raise ValidationError('must be a JSON object with {to} and {text} in its texts, like {"to": "{to}", ...}')


def _readable(path: str) -> None:
    if path and not Path(path).is_file():
        raise ValidationError("must be the path of a file")
