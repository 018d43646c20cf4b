"""Passes on what it is asked, and waits for the answer as long as a call may wait."""

from chassis.rpc import Remote, rpc
from chassis.tests.processes.promises import pass_on, wait


class Service:
    name = "messaging"
    remote = Remote()

    @rpc(pass_on)
    def pass_on(self, call, request):
        return self.remote.call(wait, request)
