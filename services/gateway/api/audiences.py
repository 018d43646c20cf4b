"""The named audiences that the Office keeps."""

from contracts import directory
from gateway import schemas
from gateway.assembling import versioned
from gateway.routes import BASE, route

UNITS = ("unknown_unit", "unit_of_other_kind", "unit_twice")
KEPT = ("not_authorised", "standing_audience")


class AudiencesRoutes:
    @route("POST", "/audiences", tag="directory", body=directory.NewAudience, answer=directory.AudienceDetail,
           status=201, idempotency_key=True, etag=True,
           refusals=("not_authorised", "audience_exists", *UNITS))  # fmt: skip
    def create_audience(self, call):
        """Give a set of units a name, to order them by it."""
        made = call.ask(directory.create_audience, {"idempotency_key": call.idempotency_key, "audience": call.body})
        return versioned(made, status=201, headers={"Location": f"{BASE}/audiences/{made['name']}"})

    @route("GET", "/audiences/<string:name>/members", tag="directory", query=schemas.PageQuery,
           answer=directory.UnitPage)  # fmt: skip
    def list_members(self, call, name):
        """The units that a named audience means today."""
        return call.ask(directory.list_members, call.query | {"name": name})

    @route("PATCH", "/audiences/<string:name>", tag="directory", body=directory.AudienceChanges,
           answer=directory.AudienceDetail, if_match=True, etag=True, refusals=(*KEPT, *UNITS))  # fmt: skip
    def change_audience(self, call, name):
        """Another title, or other units; orders that were given keep those they had."""
        request = {"name": name, "version": call.version, "changes": call.body}
        return versioned(call.ask(directory.change_audience, request))

    @route("DELETE", "/audiences/<string:name>", tag="directory", answer=directory.AudienceDetail, if_match=True,
           etag=True, refusals=KEPT)  # fmt: skip
    def retire_audience(self, call, name):
        """Nothing can be ordered by this name any more; nobody else gets it."""
        return versioned(call.ask(directory.retire_audience, {"name": name, "version": call.version}))
