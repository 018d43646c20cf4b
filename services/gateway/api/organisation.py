"""Units as they are and as they were, reorganisations, named audiences, working days."""

from contracts import directory
from gateway import schemas
from gateway.assembling import versioned
from gateway.routes import BASE, route

RULES_OF_UNITS = (
    "day_in_past", "unknown_unit", "unit_dissolved", "changed_since", "code_taken", "unit_misplaced", "unit_cycle",
    "unit_is_the_top", "unit_twice", "nothing_changes", "merge_with_itself", "not_of_this_unit",
)  # fmt: skip


class OrganisationRoutes:
    @route("GET", "/units", tag="directory", query=directory.ListUnits, answer=directory.UnitPage)
    def list_units(self, call):
        """Units, in the order of their codes; `on` a day, as they were then."""
        return call.ask(directory.list_units, call.query)

    @route("GET", "/units/<uuid:unit_id>", tag="directory", query=schemas.UnitQuery, answer=directory.UnitDetail,
           etag=True)  # fmt: skip
    def get_unit(self, call, unit_id):
        """A unit with its head, deputies and divisions; `on` a day, as it was then."""
        return versioned(call.ask(directory.get_unit, call.query | {"id": unit_id}))

    @route("GET", "/units/<uuid:unit_id>/successors", tag="directory", answer=directory.Successors)
    def get_successors(self, call, unit_id):
        """Which units a unit is today, and where it comes from."""
        return call.ask(directory.get_successors, {"id": unit_id})

    @route("GET", "/units/<uuid:unit_id>/heads", tag="directory", query=schemas.PageQuery, answer=directory.HeadPage)
    def list_heads(self, call, unit_id):
        """Who headed a unit, the latest first."""
        return call.ask(directory.list_heads, call.query | {"id": unit_id})

    @route("GET", "/units/<uuid:unit_id>/posts", tag="directory", query=schemas.PageQuery, answer=directory.PostPage)
    def list_posts(self, call, unit_id):
        """The posts of a unit, the most senior first."""
        return call.ask(directory.list_posts, call.query | {"unit_id": unit_id})

    @route("POST", "/reorganisations", tag="directory", body=directory.Reorganise, answer=directory.Reorganisation,
           status=201, idempotency_key=True, etag=True, refusals=RULES_OF_UNITS)  # fmt: skip
    def reorganise(self, call):
        """Establish, rename, move, merge, split or dissolve units: today at once, on a day ahead as a plan."""
        request = {"idempotency_key": call.idempotency_key, "reorganisation": call.body}
        made = call.ask(directory.reorganise, request)
        return versioned(made, status=201, headers={"Location": f"{BASE}/reorganisations/{made['id']}"})

    @route("GET", "/reorganisations", tag="directory", query=directory.ListReorganisations,
           answer=directory.ReorganisationPage)  # fmt: skip
    def list_reorganisations(self, call):
        """Reorganisations, done and planned, the latest entered first."""
        return call.ask(directory.list_reorganisations, call.query)

    @route("GET", "/reorganisations/<uuid:reorganisation_id>", tag="directory", answer=directory.Reorganisation,
           etag=True)  # fmt: skip
    def get_reorganisation(self, call, reorganisation_id):
        """One reorganisation; a plan that failed says why."""
        return versioned(call.ask(directory.get_reorganisation, {"id": reorganisation_id}))

    @route("POST", "/reorganisations/<uuid:reorganisation_id>/withdraw", tag="directory",
           answer=directory.Reorganisation, idempotency_key=True, if_match=True, etag=True,
           refusals=("wrong_state",))  # fmt: skip
    def withdraw_reorganisation(self, call, reorganisation_id):
        """Take a plan back before its day."""
        request = {"id": reorganisation_id, "version": call.version, "idempotency_key": call.idempotency_key}
        return versioned(call.ask(directory.withdraw_reorganisation, request))

    @route("GET", "/audiences", tag="directory", answer=directory.Audiences)
    def list_audiences(self, call):
        """The named audiences."""
        return call.ask(directory.list_audiences)

    @route("GET", "/audiences/<string:name>", tag="directory", answer=directory.AudienceDetail, etag=True)
    def get_audience(self, call, name):
        """A named audience with its units."""
        return versioned(call.ask(directory.get_audience, {"name": name}))

    @route("PUT", "/audiences/<string:name>", tag="directory", body=directory.AudienceUnits,
           answer=directory.AudienceDetail, if_match=True, etag=True,
           refusals=("audience_not_of_units", "unknown_unit", "unit_of_other_kind", "unit_twice"))  # fmt: skip
    def set_audience(self, call, name):
        """Say which units are in a named audience."""
        return versioned(call.ask(directory.set_audience, {"name": name, "version": call.version, "units": call.body}))

    @route("GET", "/working-days/<int:year>", tag="directory", answer=directory.WorkingYear, etag=True)
    def get_working_days(self, call, year):
        """A year's days that differ from Monday to Friday: holidays, days in lieu, make-up days."""
        return versioned(call.ask(directory.get_working_days, {"year": int(year)}))

    @route("PUT", "/working-days/<int:year>", tag="directory", body=directory.SpecialDays,
           answer=directory.WorkingYear, if_match=True, etag=True,
           refusals=("day_not_in_year", "day_twice", "day_not_special"))  # fmt: skip
    def set_working_days(self, call, year):
        """Say which days of a year differ; what is not named is as its weekday makes it."""
        request = {"year": int(year), "version": call.version, "days": call.body}
        return versioned(call.ask(directory.set_working_days, request))
