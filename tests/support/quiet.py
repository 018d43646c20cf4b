"""`python -m tests.support.quiet <service>`: a service without its clockwork, so that whatever it does was asked of it.

No timer runs, and what follows a table looks only when it is notified.
"""

import sys

from chassis import launch  # first: it patches the standard library

# isort: split
from chassis import outbox, timers
from gateway import live
from gateway.partners import passing, sending

NEVER = 3600.0

timers.Every.start = lambda self: None
outbox.SWEEP = live.POLL_SECONDS = passing.SWEEP = sending.LOOK = NEVER
outbox.Relay.stop = lambda self: self._publisher.stop()  # the follower sleeps; it goes with the process

if __name__ == "__main__":
    sys.exit(launch.main(sys.argv[1]))
