"""Stops its event loop when told to, lets its container die, or does not come to an end of its start."""

import os

import eventlet
from nameko.extensions import DependencyProvider

from chassis.rpc import rpc
from chassis.tests.processes.promises import spin


class Trouble(DependencyProvider):
    def start(self):
        if os.environ.get("TROUBLE") == "dies":
            self.container.spawn_managed_thread(self._die)
        if os.environ.get("TROUBLE") == "never starts":
            eventlet.sleep(60)

    def _die(self):
        eventlet.sleep(1)
        raise RuntimeError("a part of the container failed")


class Service:
    name = "messaging"
    trouble = Trouble()

    @rpc(spin)
    def spin(self, call, request):
        while True:  # no other green thread ever runs again
            pass
