"""The tasks service's own settings, beside those of every service."""

from dataclasses import dataclass

from environs import Env
from marshmallow import validate

from chassis import settings

IMPORTED_LINES = "CONGVU_IMPORTED_LINES"
MOST_LINES = 100_000


@dataclass(frozen=True, kw_only=True)
class TasksSettings(settings.Settings):
    imported_lines: int = 20_000  # of one file


def imported_lines(env: Env | None = None) -> int:
    return (env or Env()).int(IMPORTED_LINES, 20_000, validate=validate.Range(1, MOST_LINES))


def read(env: Env | None = None) -> TasksSettings:
    """Raises environs.EnvError when a setting is missing or wrong."""
    env = env or Env()
    return TasksSettings(**vars(settings.read(env)), imported_lines=imported_lines(env))
