"""`python -m directory.importing ID`: carries one import out, with limits on what it may use (chassis.imports)."""

import os
import sys

from chassis import imports, logs
from directory.importing.work import carry_out, refuse
from directory.storage.imports import files
from kernel.sheets import BadFile


def run(url: str, import_id: str) -> int:
    return imports.run(files, url, import_id, carry_out, lambda store, job: refuse(store, job, BadFile("too_costly")))


if __name__ == "__main__":
    imports.limit_itself()
    logs.configure("directory", os.environ.get("CONGVU_LOG_LEVEL", "INFO"))
    sys.exit(run(os.environ["CONGVU_DATABASE_URL"], sys.argv[1]))
