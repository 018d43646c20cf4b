"""Accounts on the bus."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import accounts, desk, guessing, handover, signing_in
from kernel import policy


class Accounts:
    @rpc(directory.verify_credentials)
    def verify_credentials(self, call, request):
        return signing_in.sign_in(self.db, self.security, request, clock.now())

    @rpc(directory.get_profile)
    def get_profile(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return accounts.get_profile(tx, call.claims["sub"], clock.now())

    # one's own

    @rpc(directory.get_own_account)
    def get_own_account(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return accounts.get_own_account(tx, self.security, call.claims["sub"], clock.now())

    @rpc(directory.change_password)
    def change_password(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return accounts.change_password(self.db, self.security, call.claims, request, clock.now())

    @rpc(directory.begin_totp)
    def begin_totp(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return accounts.begin_totp(self.db, self.security, call.claims, request, clock.now())

    @rpc(directory.confirm_totp)
    def confirm_totp(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return accounts.confirm_totp(self.db, self.security, call.claims, request["code"], clock.now())

    @rpc(directory.renew_recovery_codes)
    def renew_recovery_codes(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return accounts.renew_recovery_codes(self.db, self.security, call.claims, request, clock.now())

    # those of others

    @rpc(directory.get_account)
    def get_account(self, call, request):
        with self.db.reading() as tx:
            return accounts.get_account(tx, call.claims, request["id"], clock.now())

    @rpc(directory.revoke_account)
    def revoke_account(self, call, request):
        with self.db.transaction() as tx:
            return accounts.revoke_account(tx, call.claims, request["id"], request["version"], clock.now())

    @rpc(directory.restore_account)
    def restore_account(self, call, request):
        with self.db.transaction() as tx:
            return accounts.restore_account(tx, call.claims, request["id"], request["version"], clock.now())

    @rpc(directory.ask_recovery)
    def ask_recovery(self, call, request):
        with self.db.transaction() as tx:
            return desk.ask(tx, call.claims, request, clock.now())

    @rpc(directory.list_recoveries)
    def list_recoveries(self, call, request):
        with self.db.reading() as tx:
            return desk.list_open(tx, call.claims, request, clock.now())

    @rpc(directory.confirm_recovery)
    def confirm_recovery(self, call, request):
        with self.db.transaction() as tx:
            return desk.confirm(tx, self.security, call.claims, request, clock.now())

    @rpc(directory.refuse_recovery)
    def refuse_recovery(self, call, request):
        with self.db.transaction() as tx:
            return desk.refuse(tx, call.claims, request["id"], clock.now())

    @rpc(directory.hand_over_accounts)
    def hand_over_accounts(self, call, request):
        with self.db.transaction() as tx:
            return handover.hand_over_unit(tx, call.claims, request, clock.now())

    @every(seconds=300, alone="forget_guesses")
    def forget_guesses(self):
        with self.db.transaction() as tx:
            guessing.forget_old(tx, clock.now())
