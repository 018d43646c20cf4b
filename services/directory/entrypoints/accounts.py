"""Accounts on the bus."""

from chassis import clock
from chassis.rpc import rpc
from contracts import directory
from directory.use_cases import accounts
from kernel import policy


class Accounts:
    @rpc(directory.verify_credentials)
    def verify_credentials(self, call, request):
        checked = accounts.check_password(self.db, request["username"], request["password"])
        with self.db.transaction() as tx:
            return accounts.check_totp(tx, checked, request["totp"], clock.now())

    @rpc(directory.get_profile)
    def get_profile(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return accounts.get_profile(tx, call.claims["sub"], clock.now())
