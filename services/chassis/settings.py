"""Settings of a process, from its environment. A wrong value is refused at start, by name."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from environs import Env, EnvError, ValidationError
from marshmallow import validate


@dataclass(frozen=True)
class Settings:
    """What every service needs. Sizes are counts, times are seconds."""

    amqp_url: str
    database_url: str
    signing_key: str  # path of the service's private key (JWK)
    trusted_keys: str  # path of the public keys of all services (JWKS)
    admin_host: str = "127.0.0.1"
    admin_port: int = 0
    max_workers: int = 20
    stop_seconds: float = 20.0
    log_level: str = "INFO"
    otlp_endpoint: str = ""
    trace_sample: float = 1.0
    audit_anchors: str = ""  # path of a file to which the signed heads of the audit log are appended
    audit_anchor_seconds: float = 600.0

    @property
    def account(self) -> str:
        """The broker account that this process uses, e.g. congvu_tasks."""
        return unquote(urlsplit(self.amqp_url).username or "guest")

    def account_of(self, service: str, own: str) -> str:
        """The broker account of another service, by the pattern of the own one."""
        return self.account.removesuffix(own) + service


def read(env: Env | None = None) -> Settings:
    """Read the common settings. Raises environs.EnvError when one is missing or wrong."""
    env = env or Env()
    with env.prefixed("CONGVU_"):
        return Settings(
            amqp_url=env.str("AMQP_URL", validate=_scheme("amqp", "amqps")),
            database_url=env.str("DATABASE_URL", validate=_scheme("postgresql")),
            signing_key=env.str("SIGNING_KEY"),
            trusted_keys=env.str("TRUSTED_KEYS"),
            admin_host=env.str("ADMIN_HOST", "127.0.0.1"),
            admin_port=env.int("ADMIN_PORT", 0, validate=validate.Range(0, 65535)),
            max_workers=env.int("MAX_WORKERS", 20, validate=validate.Range(1, 500)),
            stop_seconds=env.float("STOP_SECONDS", 20.0, validate=validate.Range(1, 600)),
            log_level=env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(("DEBUG", "INFO", "WARNING", "ERROR"))),
            otlp_endpoint=env.str(
                "OTLP_ENDPOINT", "", validate=lambda given: given and _scheme("http", "https")(given)
            ),
            trace_sample=env.float("TRACE_SAMPLE", 1.0, validate=validate.Range(0, 1)),
            audit_anchors=env.str("AUDIT_ANCHORS", "", validate=_can_grow),
            audit_anchor_seconds=env.float("AUDIT_ANCHOR_SECONDS", 600.0, validate=validate.Range(1, 86_400)),
        )


def _scheme(*schemes: str):
    def check(value: str) -> None:
        if urlsplit(value).scheme not in schemes:
            # the value may hold a password: it is not repeated
            raise ValidationError(f"must be an address that begins with {' or '.join(s + '://' for s in schemes)}")

    return check


def _can_grow(path: str) -> None:
    """A file to which this process may append; it need not be there yet."""
    file = Path(path)
    writable = os.access(file, os.W_OK) if file.exists() else os.access(file.parent, os.W_OK)
    if path and (file.is_dir() or not writable):
        raise ValidationError("must be the path of a file that this process may write")


def read_or_exit(reader=read):
    """For a process's start: one clear sentence and exit code 2 instead of a traceback."""
    try:
        return reader()
    except EnvError as error:
        sys.exit(f"congvu: wrong setting: {error}")
