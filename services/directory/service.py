"""The directory on the bus: load, call, dump."""

from chassis import clock
from chassis.database import Database
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory import use_cases
from kernel import policy


class Service:
    name = "directory"
    db = Database()

    @rpc(directory.verify_credentials)
    def verify_credentials(self, call, request):
        checked = use_cases.check_password(self.db, request["username"], request["password"])
        with self.db.transaction() as tx:
            return use_cases.check_totp(tx, checked, request["totp"], clock.now())

    @rpc(directory.get_profile)
    def get_profile(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.get_profile(tx, call.claims["sub"], clock.now())

    @rpc(directory.list_units)
    def list_units(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.list_units(tx, request, clock.now())

    @rpc(directory.get_unit)
    def get_unit(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.get_unit(tx, request["id"], clock.now())

    @rpc(directory.search_people)
    def search_people(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.search_people(tx, request, clock.now())

    @rpc(directory.get_person)
    def get_person(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.get_person(tx, request["id"], clock.now())

    @rpc(directory.get_names)
    def get_names(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.get_names(tx, request["person_ids"])

    @rpc(directory.list_audiences)
    def list_audiences(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return use_cases.list_audiences(tx)

    @rpc(directory.get_changes)
    def get_changes(self, call, request):
        with self.db.reading() as tx:
            return use_cases.get_changes(tx, request["after"], request["limit"])

    @every(seconds=30, alone="directory_heartbeat")
    def beat(self):
        with self.db.transaction() as tx:
            use_cases.beat(tx, clock.now())
