"""`python -m chassis.migrate <service>`: bring a service's database to the newest schema, as its owner role."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

SERVICES = Path(__file__).resolve().parent.parent


def migrate(service: str, url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (SERVICES / sys.argv[1] / "migrations").is_dir():
        sys.exit("usage: python -m chassis.migrate <service>")
    if not (owner_url := os.environ.get("CONGVU_DATABASE_OWNER_URL")):
        sys.exit("congvu: wrong setting: CONGVU_DATABASE_OWNER_URL is not set")
    migrate(sys.argv[1], owner_url)
