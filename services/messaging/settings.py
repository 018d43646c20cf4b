"""messaging's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env
from marshmallow import validate

from chassis import settings
from messaging.files.scanning import check_address

AWAY = ("refuse", "wait")


@dataclass(frozen=True, kw_only=True)
class MessagingSettings(settings.Settings):
    scanner: str = ""  # without one, files stay unchecked
    scanner_away: str = "refuse"  # what becomes of a file then: refused for now, or kept and not given out before


def read(env: Env | None = None) -> MessagingSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        return MessagingSettings(
            **common,
            scanner=env.str("SCANNER", "", validate=check_address),
            scanner_away=env.str("SCANNER_AWAY", "refuse", validate=validate.OneOf(AWAY)),
        )
