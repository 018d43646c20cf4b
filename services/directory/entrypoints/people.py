"""People on the bus. Whoever is shown counts against the budget of the one who asks."""

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory
from directory.use_cases import budget, contact, erasure, people
from kernel import policy
from kernel.errors import Refused


class People:
    @rpc(directory.search_people)
    def search_people(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return self._show(call, people.search_people, request, keep_plans=True)

    @rpc(directory.list_staff)
    def list_staff(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return self._show(call, people.list_staff, request)

    @rpc(directory.get_person)
    def get_person(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return self._show(call, people.get_person, request["id"])

    @rpc(directory.get_names)
    def get_names(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return people.get_names(tx, request["person_ids"])

    @rpc(directory.get_contacts)
    def get_contacts(self, call, request):
        with self.db.reading() as tx:
            return people.get_contacts(tx, request["person_ids"])

    @rpc(directory.add_person)
    def add_person(self, call, request):
        with self.db.transaction() as tx:
            return contact.add(tx, call.claims, request, clock.now())

    @rpc(directory.change_person)
    def change_person(self, call, request):
        with self.db.transaction() as tx:
            return contact.correct(tx, call.claims, request, clock.now())

    @rpc(directory.erase_person)
    def erase_person(self, call, request):
        with self.db.transaction() as tx:
            return erasure.erase_person(tx, call.claims, request, clock.now())

    @rpc(directory.change_own_contact)
    def change_own_contact(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            return contact.change_own(tx, call.claims["sub"], request, clock.now())

    @every(seconds=3600, alone="forget_shown")
    def forget_shown(self):
        with self.db.transaction() as tx:
            budget.forget_old(tx, clock.now())

    def _show(self, call, use_case, request, **options):
        viewer_id, now = call.claims["sub"], clock.now()
        try:
            with self.db.transaction(**options) as tx:
                answer = use_case(tx, request, viewer_id, now)
                self.budget.spend(tx, viewer_id, _shown(answer), now)
            return answer
        except Refused as refused:
            if refused.refusal_code == "people_budget_spent":
                with self.db.transaction() as tx:
                    self.budget.note_refusal(tx, viewer_id, now)
            raise


def _shown(answer: dict) -> list[str]:
    """The people of an answer: of a list, of a post, or the one."""
    shown = answer.get("holders", answer).get("items", [answer])
    return [entry.get("person_id") or entry["id"] for entry in shown]
