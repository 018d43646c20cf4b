"""People, as the directory shows them."""

from chassis.http import Answer
from contracts import directory
from gateway import schemas, vcards
from gateway.assembling import versioned
from gateway.routes import BASE, route

SHOWS_PEOPLE = ("people_budget_spent",)


class PeopleRoutes:
    @route("GET", "/people", tag="directory", limit="search", query=directory.SearchPeople, answer=directory.PeoplePage,
           refusals=("search_too_deep", *SHOWS_PEOPLE))  # fmt: skip
    def search_people(self, call):
        """Find people as one types: by name, initials, post, unit or number."""
        return call.ask(directory.search_people, call.query)

    @route("GET", "/units/<uuid:unit_id>/people", tag="directory", query=schemas.StaffQuery,
           answer=directory.PeoplePage, refusals=SHOWS_PEOPLE)  # fmt: skip
    def list_staff(self, call, unit_id):
        """Everybody in a unit and its divisions, its leaders first."""
        return call.ask(directory.list_staff, call.query | {"unit_id": unit_id})

    @route("GET", "/people/<uuid:person_id>", tag="directory", answer=directory.PersonDetail, etag=True,
           refusals=SHOWS_PEOPLE)  # fmt: skip
    def get_person(self, call, person_id):
        """A person in all his posts, and how he can be reached, as far as one may know it."""
        return versioned(call.ask(directory.get_person, {"id": person_id}))

    @route("GET", "/people/<uuid:person_id>/vcard", tag="directory", media_type=vcards.MEDIA_TYPE,
           refusals=SHOWS_PEOPLE)  # fmt: skip
    def get_vcard(self, call, person_id):
        """The same as a vCard, for an address book."""
        person = call.ask(directory.get_person, {"id": person_id})
        disposition = f'attachment; filename="{person_id}.vcf"'
        headers = {"Content-Type": f"{vcards.MEDIA_TYPE}; charset=utf-8", "Content-Disposition": disposition}
        return Answer(vcards.written(person), headers=headers)

    @route("POST", "/people", tag="directory", body=directory.NewPerson, answer=directory.PersonDetail, status=201,
           idempotency_key=True, etag=True, refusals=("not_authorised", "employee_number_taken"))  # fmt: skip
    def add_person(self, call):
        """For administrators: make a person, who holds no post yet."""
        request = {"idempotency_key": call.idempotency_key, "person": call.body}
        person = call.ask(directory.add_person, request)
        return versioned(person, status=201, headers={"Location": f"{BASE}/people/{person['id']}"})

    @route("PATCH", "/people/<uuid:person_id>", tag="directory", body=directory.PersonCorrection,
           answer=directory.PersonDetail, if_match=True, etag=True,
           refusals=("not_authorised", "employee_number_taken", "person_erased"))  # fmt: skip
    def change_person(self, call, person_id):
        """For administrators: correct a name, an employee number, how somebody can be reached."""
        return versioned(call.ask(directory.change_person, call.body | {"id": person_id, "version": call.version}))

    @route("POST", "/people/<uuid:person_id>/erase", tag="directory", body=directory.Erasure,
           answer=directory.PersonDetail, if_match=True, etag=True,
           refusals=("not_authorised", "person_in_post", "account_not_ended", "reason_names_person"))  # fmt: skip
    def erase_person(self, call, person_id):
        """Xóa tên: for administrators, of somebody who holds no post and whose account has ended. His id stays in what
        he did; who he was is known nowhere any more. It cannot be undone.
        """
        return versioned(call.ask(directory.erase_person, call.body | {"id": person_id, "version": call.version}))

    @route("PATCH", "/me/contact", tag="directory", body=directory.NewContact, answer=directory.PersonDetail,
           if_match=True, etag=True)  # fmt: skip
    def change_own_contact(self, call):
        """How one can be reached, and who may know it. Only what is given changes; null takes a field away."""
        return versioned(call.ask(directory.change_own_contact, call.body | {"version": call.version}))
