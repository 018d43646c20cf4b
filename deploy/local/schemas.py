"""`python -m deploy.local.schemas`: bring databases to the newest schema; {service: owner's address} on standard input.

A process of its own, because migrations import the services' event loop; one for all, because the imports are most of
the time.
"""

import json
import sys

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from chassis.migrate import migrate

if __name__ == "__main__":
    for service, owner_url in json.load(sys.stdin).items():
        try:
            migrate(service, owner_url)
        except (SQLAlchemyError, CommandError) as error:
            reason = str(error).strip().splitlines()[0]
            sys.exit(f"The database of {service} could not be brought to the newest schema: {reason}")
