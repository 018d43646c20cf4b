"""The launcher of a service that parks an event after its second failure."""

import sys

from chassis import launch  # first of all: it patches

# isort: split
from chassis import inbox

inbox.RETRY_PLAN = (1,)
sys.exit(launch.main(sys.argv[1]))
