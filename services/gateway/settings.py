"""The gateway's own settings, beside those of every service."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from environs import Env
from limits import RateLimitItem
from marshmallow import ValidationError, validate

from chassis import settings
from chassis.http import LOOPBACK, HttpSettings
from contracts.fields import POST_KINDS
from gateway.partners.settings import NO_WEBHOOKS, WebhookSettings, read_webhooks
from gateway.rate_limits import DEFAULTS, read_limit
from gateway.single_sign_on.settings import ProviderSettings, read_providers, read_public_url
from gateway.sources import Network
from kernel.policy import TOTP_REQUIRED_FOR

FIRST_HANDED_DOWN = 3


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(settings.Settings):
    """Times are seconds."""

    http: HttpSettings
    secure_cookies: bool = True  # False only where there is no TLS and no browser treats the host as trustworthy
    session_idle: float = 8 * 3600
    session_lifetime: float = 24 * 3600
    totp_required_for: frozenset[str] = frozenset(TOTP_REQUIRED_FOR)  # kinds of posts, as directory has them
    trusted_proxies: tuple[Network, ...] = ()  # whose X-Forwarded-For is believed
    limits: Mapping[str, RateLimitItem] = field(  # by their names in `rate_limits`
        default_factory=lambda: {name: read_limit(text) for name, text in DEFAULTS.items()}
    )
    home_patience: float = 2.0  # how long home waits for a service before it leaves its part out
    providers: tuple[ProviderSettings, ...] = ()
    public_url: str = ""  # where browsers reach us; the providers need it, and what partners sign is compared with it
    stream_lifetime: float = 30 * 60  # then a stream ends and the client comes back with its last event id
    webhooks: WebhookSettings = NO_WEBHOOKS


def read(env: Env | None = None) -> GatewaySettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    positive = validate.Range(min=0, min_inclusive=False)
    inherited = _inherited(env)
    with env.prefixed("CONGVU_"):
        providers = read_providers(env)
        proxies = tuple(env.list("TRUSTED_PROXIES", [], subcast=_network))
        connections = env.int("HTTP_MAX_CONNECTIONS", 12_000, validate=validate.Range(1, 1_000_000))
        secure = env.bool("SECURE_COOKIES", True)
        return GatewaySettings(
            **common,
            http=HttpSettings(
                host=env.str("HTTP_HOST", "127.0.0.1"),
                port=env.int("HTTP_PORT", 8080, validate=validate.Range(0, 65535)),
                inherited=inherited,
                max_connections=connections,
                max_of_address=env.int(
                    "HTTP_CONNECTIONS_OF_ADDRESS", max(1, connections // 2), validate=validate.Range(1, 1_000_000)
                ),
                uncounted=LOOPBACK + proxies,
                max_body=env.int("HTTP_MAX_BODY", 1024 * 1024, validate=validate.Range(1024, 1024**3)),
                max_flow=env.int("FILES_MAX_BYTES", 50 * 1024 * 1024, validate=validate.Range(1024, 2 * 1024**3)),
                flow_seconds=env.float("FILES_UPLOAD_SECONDS", 300.0, validate=validate.Range(1, 1800)),
                request_seconds=env.float("HTTP_REQUEST_SECONDS", 28.0, validate=positive),
                stop_seconds=max(0.5, common["stop_seconds"] - 3),  # the rest of the process wants to stop as well
                strict_transport=secure,
            ),
            secure_cookies=secure,
            session_idle=env.float("SESSION_IDLE_SECONDS", 8 * 3600, validate=positive),
            session_lifetime=env.float("SESSION_LIFETIME_SECONDS", 24 * 3600, validate=positive),
            totp_required_for=frozenset(
                env.list("TOTP_REQUIRED_FOR", TOTP_REQUIRED_FOR, validate=validate.ContainsOnly(POST_KINDS))
            ),
            trusted_proxies=proxies,
            limits={
                name: read_limit(env.str(f"LIMIT_{name.upper()}", default, validate=read_limit))
                for name, default in DEFAULTS.items()
            },
            home_patience=env.float("HOME_PATIENCE_SECONDS", 2.0, validate=positive),
            providers=providers,
            public_url=read_public_url(env, needed=bool(providers)),
            stream_lifetime=env.float("STREAM_LIFETIME_SECONDS", 30 * 60, validate=positive),
            webhooks=read_webhooks(env),
        )


def _inherited(env: Env) -> int | None:
    """The listening socket that whoever started us hands down, after systemd's convention (sd_listen_fds)."""
    count = env.int("LISTEN_FDS", 0, validate=validate.Range(0, 1))
    return FIRST_HANDED_DOWN if count and env.int("LISTEN_PID", 0) == os.getpid() else None


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValidationError("Give networks: 10.0.0.0/8, 192.0.2.7") from error
    if network.prefixlen == 0:
        raise ValidationError("Everybody would be a proxy: name those that are")
    return network
