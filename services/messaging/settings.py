"""messaging's own settings, beside those of every service."""

from dataclasses import dataclass, field

from environs import Env
from marshmallow import ValidationError, validate

from chassis import settings
from messaging.domain.keeping import LEAST_YEARS, Years
from messaging.domain.saying import Pace
from messaging.files.scanning import check_address

AWAY = ("refuse", "wait")


def _years(years: int) -> None:
    if years and years < LEAST_YEARS:
        raise ValidationError(f"Must be {LEAST_YEARS} years at least, or 0: for ever.")


@dataclass(frozen=True, kw_only=True)
class MessagingSettings(settings.Settings):
    scanner: str = ""  # without one, files stay unchecked
    kept: Years = field(default_factory=Years)
    messages_a_minute: int = 60  # of one person in one conversation, as many at once; three times that in all
    edit_hours: int = 24  # for which one may edit and remove what one has said
    scanner_away: str = "refuse"  # what becomes of a file then: refused for now, or kept and not given out before


def pace_of(settings: MessagingSettings) -> Pace:
    return Pace(settings.messages_a_minute)


def read(env: Env | None = None) -> MessagingSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        return MessagingSettings(
            **common,
            kept=Years(
                messages=env.int("KEEP_MESSAGES_YEARS", Years.messages, validate=_years),
                directives=env.int("KEEP_DIRECTIVES_YEARS", Years.directives, validate=_years),
                announcements=env.int("KEEP_ANNOUNCEMENTS_YEARS", Years.announcements, validate=_years),
            ),
            messages_a_minute=env.int("MESSAGES_A_MINUTE", 60, validate=validate.Range(1, 1_000_000)),
            edit_hours=env.int("EDIT_HOURS", 24, validate=validate.Range(0, 24 * 366)),
            scanner=env.str("SCANNER", "", validate=check_address),
            scanner_away=env.str("SCANNER_AWAY", "refuse", validate=validate.OneOf(AWAY)),
        )
