"""Identities on the bus."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import accounts, identities
from kernel import policy
from kernel.capacity import actor_for


class Identities:
    @rpc(directory.verify_identity)
    def verify_identity(self, call, request):
        return identities.sign_in(self.db, self.security, request, clock.now())

    @rpc(directory.list_identities)
    def list_identities(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return identities.list_of(tx, call.claims["sub"])

    @rpc(directory.begin_linking)
    def begin_linking(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        accounts.prove_oneself(self.db, self.security, call.claims, request["password"], clock.now())
        return {}

    @rpc(directory.link_identity)
    def link_identity(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            return identities.link(tx, call.claims["sub"], request["issuer"], request["subject"], clock.now())

    @rpc(directory.unlink_identity)
    def unlink_identity(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            identities.unlink(tx, call.claims["sub"], request["id"])
        return {}

    @rpc(directory.list_identities_of)
    def list_identities_of(self, call, request):
        now = clock.now()
        with self.db.reading() as tx:
            actor_for(tx, call.procedure, call.claims, now)
            return identities.list_known(tx, request, now)

    @rpc(directory.feed_identity)
    def feed_identity(self, call, request):
        now = clock.now()
        with self.db.transaction() as tx:
            actor = actor_for(tx, call.procedure, call.claims, now)
            policy.require(call.procedure.full_name, actor)
            return identities.feed(tx, actor, request["person_id"], request["issuer"], request["subject"], now)

    @rpc(directory.remove_identity)
    def remove_identity(self, call, request):
        now = clock.now()
        with self.db.transaction() as tx:
            actor = actor_for(tx, call.procedure, call.claims, now)
            policy.require(call.procedure.full_name, actor)
            identities.remove(tx, request["person_id"], request["issuer"])
        return {}

    @every(seconds=3600, alone="forget_proposals")
    def forget_proposals(self):
        with self.db.transaction() as tx:
            identities.forget_old(tx, clock.now())
