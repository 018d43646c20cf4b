"""Files of results and reports, on the bus."""

from chassis import clock
from chassis.grants import Grants
from chassis.rpc import Remote, rpc
from contracts import messaging, tasks
from tasks.use_cases import files


class Files:
    remote = Remote()
    grants = Grants()

    def held(self, call, request) -> list[dict]:
        """Before the transaction that attaches them: they are the actor's own, and stay until messaging has heard it.
        Should the transaction fail, they are as if nobody had asked.
        """
        if not request["file_ids"]:
            return []
        wanted = {"person_id": call.claims["sub"], "file_ids": request["file_ids"]}
        return self.remote.call(messaging.hold_files, wanted)["items"]

    @rpc(tasks.grant_file)
    def grant_file(self, call, request):
        with self.db.reading() as tx:
            files.require_readable(tx, call.claims, request, clock.now())
        return {"grant": self.grants.give(call.claims["sub"], request["id"])}
