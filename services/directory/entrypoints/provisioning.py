"""What outside identity systems ask for, on the bus."""

from collections.abc import Callable

from chassis import clock
from chassis.later import Later
from chassis.rpc import rpc
from contracts import directory
from directory.use_cases import scim_clients
from kernel.errors import Refused

# a second of imports, and no client may ever ask
scim, acts = Later("directory.scim"), Later("directory.use_cases.scim")


class Provisioning:
    @rpc(directory.identify_scim_client)
    def identify_scim_client(self, call, request):
        with self.db.reading() as tx:
            return scim_clients.identify(tx, request["token"])

    @rpc(directory.scim_discover)
    def scim_discover(self, call, request):
        with self.db.reading() as tx:
            acts.client_of(tx, call.claims)
        return scim.description()

    @rpc(directory.scim_list)
    def scim_list(self, call, request):
        now = clock.now()
        with self.db.reading() as tx:
            client = acts.client_of(tx, call.claims)
            found = acts.find(tx, client, request, now)
        if found["resources"] or request["filter"]:  # a count tells something as well
            with self.db.transaction() as tx:
                shown = {"resource": request["resource"], "count": len(found["resources"]), "total": found["total"]}
                tx.audit("scim.listed", subject=client.id, client=client.name, **shown)
        return found

    @rpc(directory.scim_get)
    def scim_get(self, call, request):
        with self.db.transaction() as tx:
            return acts.get(tx, acts.client_of(tx, call.claims), request, clock.now())

    @rpc(directory.scim_create)
    def scim_create(self, call, request):
        if request["resource"] != "Users":
            raise Refused("scim_not_implemented", "Units are not made through SCIM.")
        return self._in_steps(call, acts.create_user, request)

    @rpc(directory.scim_replace)
    def scim_replace(self, call, request):
        if request["resource"] == "Users":
            return self._in_steps(call, acts.change_user, request, scim.replaced)
        return self._in_steps(call, acts.change_group, request, acts.replaced_members)

    @rpc(directory.scim_patch)
    def scim_patch(self, call, request):
        if request["resource"] == "Users":
            return self._in_steps(call, acts.change_user, request, scim.patched)
        return self._in_steps(call, acts.change_group, request, acts.patched_members)

    @rpc(directory.scim_delete)
    def scim_delete(self, call, request):
        if request["resource"] != "Users":
            raise Refused("scim_not_implemented", "Units are not deleted through SCIM.")
        return self._in_steps(call, acts.delete_user, request)

    def _in_steps(self, call, step: Callable, *given) -> dict:
        """Take a step, a transaction each, until one has an answer."""
        answer, first = None, True
        while answer is None:
            with self.db.transaction() as tx:
                answer = step(tx, acts.client_of(tx, call.claims), *given, clock.now(), first)
            first = False
        return answer
