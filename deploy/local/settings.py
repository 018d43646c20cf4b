"""What the person who starts the platform may choose, from the environment. A wrong value is refused by its name."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from environs import Env, EnvError
from marshmallow import ValidationError, validate

from deploy.local.terminal import Refusal

PEOPLE = (2_500, 500_000)
OURS = {
    f"CONGVU_{name}"
    for name in (
        "HTTP_HOST", "HTTP_PORT", "POSTGRES_URL", "RABBITMQ_URL", "RABBITMQ_API", "PEOPLE", "SEED", "PYTHON",
        "DEMO_PASSWORD", "STATE", "TEST_WORLD", "SEALING_KEYS",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """`None` as an address means: a private instance."""

    http_host: str = "127.0.0.1"
    http_port: int = 8080
    postgres_url: str | None = None
    rabbitmq_url: str | None = None
    rabbitmq_api: str | None = None
    people: int = 50_000
    seed: int = 1
    stop_seconds: float = 20.0  # what a service has to finish its work; it is handed on to them

    @property
    def base_url(self) -> str:
        """Where a client on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.http_host, self.http_host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.http_port}"

    @property
    def public_url(self) -> str:
        """Without TLS the gateway believes in no other address; the environment may say a better one."""
        return f"http://127.0.0.1:{self.http_port}"


def read() -> Settings:
    """Read the settings. Raises Refusal with one sentence that names the wrong one."""
    env = Env()
    try:
        with env.prefixed("CONGVU_"):
            # the services check these as well; five refusals would read worse than one
            env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(("DEBUG", "INFO", "WARNING", "ERROR")))
            env.int("MAX_WORKERS", 20, validate=validate.Range(1, 500))
            settings = Settings(
                http_host=env.str("HTTP_HOST", "127.0.0.1"),
                http_port=env.int("HTTP_PORT", 8080, validate=validate.Range(1, 65535)),
                postgres_url=env.str("POSTGRES_URL", "", validate=_address("postgresql", "postgres")) or None,
                rabbitmq_url=env.str("RABBITMQ_URL", "", validate=_address("amqp", "amqps")) or None,
                rabbitmq_api=env.str("RABBITMQ_API", "", validate=_address("http", "https")) or None,
                people=env.int("PEOPLE", 50_000, validate=validate.Range(*PEOPLE)),
                seed=env.int("SEED", 1, validate=validate.Range(0, 2**31 - 1)),
                stop_seconds=env.float("STOP_SECONDS", 20.0, validate=validate.Range(1, 600)),
            )
    except EnvError as error:
        raise Refusal(f"Wrong setting: {_sentence(str(error))}") from error
    if (settings.rabbitmq_url is None) != (settings.rabbitmq_api is None):
        raise Refusal(
            "Wrong setting: CONGVU_RABBITMQ_URL (amqp://...) and CONGVU_RABBITMQ_API (http://..., its management "
            "address) are given together or not at all."
        )
    return settings


def handed_on() -> dict[str, str]:
    """What is said to the services themselves (CONGVU_LOG_LEVEL, ...): they check it, and refuse by name."""
    return {name: value for name, value in os.environ.items() if name.startswith("CONGVU_") and name not in OURS}


def _address(*schemes: str):
    def check(value: str) -> None:
        if not value:
            return
        try:
            parts = urlsplit(value)
            sound = parts.scheme in schemes and parts.hostname and (parts.port or 1)
        except ValueError:
            sound = False
        if not sound:  # it may hold a password: the value is not repeated
            raise ValidationError(f"it must look like {schemes[0]}://user:password@host:port")

    return check


def _sentence(text: str) -> str:
    name = re.search(r"CONGVU_\w+", text)
    reasons = re.findall(r"\[?[\"']([^\"']+)[\"']\]?$", text.strip())
    reason = (reasons[-1] if reasons else text.rsplit(": ", 1)[-1]).strip(" .[]'\"")
    return f"{name[0]}: {reason[0].lower()}{reason[1:]}." if name else text
