"""`python -m tasks.importing ID`: carries one import out, with limits on what it may use (chassis.imports)."""

import os
import sys

from chassis import imports, logs
from kernel.sheets import BadFile
from tasks.importing.work import carry_out, refuse
from tasks.settings import imported_lines
from tasks.storage.imports import files


def run(url: str, import_id: str, most_lines: int) -> int:
    return imports.run(
        files, url, import_id, lambda *given: carry_out(*given, most_lines),
        lambda store, job: refuse(store, job, BadFile("too_costly")),
    )  # fmt: skip


if __name__ == "__main__":
    imports.limit_itself()
    logs.configure("tasks", os.environ.get("CONGVU_LOG_LEVEL", "INFO"))
    sys.exit(run(os.environ["CONGVU_DATABASE_URL"], sys.argv[1], imported_lines()))
