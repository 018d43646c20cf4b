"""People, as the directory shows them."""

from contracts import directory
from gateway.routes import route


class PeopleRoutes:
    @route("GET", "/people", tag="directory", query=directory.SearchPeople, answer=directory.PeoplePage)
    def search_people(self, call):
        """Find people as one types, by unit and by post."""
        return call.ask(directory.search_people, call.query)

    @route("GET", "/people/<uuid:person_id>", tag="directory", answer=directory.PersonDetail)
    def get_person(self, call, person_id):
        """A person in all his posts."""
        return call.ask(directory.get_person, {"id": person_id})
