"""The launcher with a start that may take two seconds."""

import sys

from chassis import launch

launch.START_SECONDS = 2.0
sys.exit(launch.main(sys.argv[1]))
