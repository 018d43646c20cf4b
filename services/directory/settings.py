"""The directory's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env
from marshmallow import validate

from chassis import settings
from chassis.sealing import holds_sealing_keys
from contracts.fields import POST_KINDS
from kernel.policy import TOTP_REQUIRED_FOR


@dataclass(frozen=True, kw_only=True)
class DirectorySettings(settings.Settings):
    sealing_keys: str  # path of the keys that seal the secrets of one-time codes
    totp_required_for: frozenset[str] = frozenset(TOTP_REQUIRED_FOR)  # kinds of posts
    people_alert: int = 1500  # different people shown to one account in a day: beyond it an alert
    people_most: int = 6000  # and beyond this no more; 300 searches of 20 lines each fit in


def read(env: Env | None = None) -> DirectorySettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        alert = env.int("PEOPLE_ALERT", 1500, validate=validate.Range(min=1))
        return DirectorySettings(
            **common,
            sealing_keys=env.str("SEALING_KEYS", validate=holds_sealing_keys),
            totp_required_for=frozenset(
                env.list("TOTP_REQUIRED_FOR", TOTP_REQUIRED_FOR, validate=validate.ContainsOnly(POST_KINDS))
            ),
            people_alert=alert,
            people_most=env.int("PEOPLE_MOST", 6000, validate=validate.Range(min=alert)),
        )
