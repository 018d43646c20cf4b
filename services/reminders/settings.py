"""The reminders service's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env

from chassis import settings
from reminders.channels.settings import NONE, ChannelSettings, read_channels


@dataclass(frozen=True, kw_only=True)
class RemindersSettings(settings.Settings):
    channels: ChannelSettings = NONE


def read(env: Env | None = None) -> RemindersSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    common = vars(settings.read(env))
    with env.prefixed("CONGVU_"):
        return RemindersSettings(**common, channels=read_channels(env))
