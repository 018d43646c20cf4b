"""People on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import directory
from directory.use_cases import people
from kernel import policy


class People:
    @rpc(directory.search_people)
    def search_people(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return people.search_people(tx, request, call.claims["sub"], clock.now())

    @rpc(directory.get_person)
    def get_person(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return people.get_person(tx, request["id"], clock.now())

    @rpc(directory.get_names)
    def get_names(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return people.get_names(tx, request["person_ids"])
