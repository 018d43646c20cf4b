"""Units and named audiences."""

from contracts import directory
from gateway.routes import route


class OrganisationRoutes:
    @route("GET", "/units", tag="directory", query=directory.ListUnits, answer=directory.UnitPage)
    def list_units(self, call):
        """Units, in the order of their codes."""
        return call.ask(directory.list_units, call.query)

    @route("GET", "/units/<uuid:unit_id>", tag="directory", answer=directory.UnitDetail)
    def get_unit(self, call, unit_id):
        """A unit with its head, deputies and divisions."""
        return call.ask(directory.get_unit, {"id": unit_id})

    @route("GET", "/audiences", tag="directory", answer=directory.Audiences)
    def list_audiences(self, call):
        """The named audiences."""
        return call.ask(directory.list_audiences)
