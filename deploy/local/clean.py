"""`make clean`: stop what this checkout started, and remove what it made."""

from deploy.local import processes
from deploy.local.run import stop
from deploy.local.state import RUN, TEST_SLOTS, State
from deploy.local.terminal import Refusal, say


def clean() -> None:
    stop()
    for root in TEST_SLOTS:
        if State(root).holder():
            raise Refusal("A make test of this checkout is going on: wait for it, or stop it.")
    for root in (*TEST_SLOTS, RUN):
        state = State(root)
        processes.end_all(state.root, state.databases)
        state.remove()
    say("Removed the data, logs and secrets of this checkout.")
