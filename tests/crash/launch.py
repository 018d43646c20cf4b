"""`python -m tests.crash.launch <service>`: chassis.launch, with the named points and perhaps one planted fault."""

import chassis.launch as launcher  # isort: skip - first of all: it patches the standard library

import os
import sys
from pathlib import Path

from tests.crash.faults import FAULTS
from tests.crash.points import Points

if __name__ == "__main__":
    service = sys.argv[1]
    if fault := os.environ.get("CRASH_FAULT"):
        FAULTS[fault]()
    Points(Path(os.environ["CRASH_FOLDER"]), service).install(service)
    sys.exit(launcher.main(service))
