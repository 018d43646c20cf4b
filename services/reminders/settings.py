"""The reminders service's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env

from chassis import settings
from chassis.sealing import holds_sealing_keys
from reminders.channels.settings import NONE, ChannelSettings, read_channels


@dataclass(frozen=True, kw_only=True)
class RemindersSettings(settings.Settings):
    channels: ChannelSettings = NONE
    sealing_keys: str | None = None  # path of the keys that seal the addresses of calendars


def read(env: Env | None = None) -> RemindersSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        sealing_keys = env.str("SEALING_KEYS", None)
        if sealing_keys is not None:
            env.str("SEALING_KEYS", validate=holds_sealing_keys)
        return RemindersSettings(**common, channels=read_channels(env), sealing_keys=sealing_keys)
