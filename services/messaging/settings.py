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
    messages_a_minute: int = 60  # of one person in one conversation, and as many at once
    edit_hours: int = 24  # for which one may edit and remove what one has said
    scanner_away: str = "refuse"  # what becomes of a file then: refused for now, or kept and not given out before


def read(env: Env | None = None) -> MessagingSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        return MessagingSettings(
            **common,
            messages_a_minute=env.int("MESSAGES_A_MINUTE", 60, validate=validate.Range(1, 1_000_000)),
            edit_hours=env.int("EDIT_HOURS", 24, validate=validate.Range(0, 24 * 366)),
            scanner=env.str("SCANNER", "", validate=check_address),
            scanner_away=env.str("SCANNER_AWAY", "refuse", validate=validate.OneOf(AWAY)),
        )
