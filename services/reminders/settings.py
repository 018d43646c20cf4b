"""The reminders service's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env

from chassis import settings


@dataclass(frozen=True, kw_only=True)
class RemindersSettings(settings.Settings):
    pass


def read(env: Env | None = None) -> RemindersSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    return RemindersSettings(**vars(settings.read(env)))
