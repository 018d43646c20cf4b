"""How webhooks are sent, from the environment."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from environs import Env
from marshmallow import ValidationError

from chassis.outgoing.addresses import Network, network
from gateway.partners.keys import read_private


@dataclass(frozen=True)
class WebhookSettings:
    """Without a key nothing is sent."""

    key_file: str = ""
    networks: tuple[Network, ...] = ()  # addresses that are admitted though they are not public
    ca_file: str = ""  # of an authority of the city's own

    def private_keys(self) -> list[Ed25519PrivateKey]:
        return read_private(self.key_file) if self.key_file else []


NO_WEBHOOKS = WebhookSettings()


def read_webhooks(env: Env) -> WebhookSettings:
    return WebhookSettings(
        key_file=env.str("WEBHOOK_KEYS", "", validate=_keys),
        networks=tuple(env.list("WEBHOOK_NETWORKS", [], subcast=network)),
        ca_file=env.str("WEBHOOK_CA_FILE", "", validate=_readable),
    )


def _keys(path: str) -> None:
    if path:
        try:
            read_private(path)
        except (OSError, ValueError) as error:
            raise ValidationError("must be a file with a private Ed25519 key (PEM)") from error


def _readable(path: str) -> None:
    if path and not Path(path).is_file():
        raise ValidationError("must be a file that can be read")
