"""What an outside identity system feeds in by SCIM 2.0 (RFC 7643, 7644).

The resources pass as SCIM writes them; their attributes are the directory's own (`scim_discover` says which). Whoever
calls is a client: a machine with a token of its own, never a person.
"""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import Id, Nothing, Request, Statement, one_of

SCIM_BASE = "/scim/v2"
RESOURCES = ("Users", "Groups")
LONGEST_FILTER = 2000  # characters


class ClientToken(Request):
    token = fields.String(required=True, validate=validate.Length(1, 200))


class Client(Statement):
    client_id = Id(required=True)


class Shown(Request):
    """Which attributes the answer shall have, by name or path: all, these, or all but these."""

    attributes = fields.List(fields.String(), load_default=list, validate=validate.Length(max=100))
    excluded_attributes = fields.List(fields.String(), load_default=list, validate=validate.Length(max=100))


class ListResources(Shown):
    resource = one_of(RESOURCES, required=True)
    filter = fields.String(load_default=None, allow_none=True)
    start_index = fields.Integer(load_default=1)
    count = fields.Integer(load_default=None, allow_none=True)


class GetResource(Shown):
    resource = one_of(RESOURCES, required=True)
    id = fields.String(required=True)


class CreateResource(Shown):
    resource = one_of(RESOURCES, required=True)
    body = fields.Raw(required=True)


class ChangeResource(CreateResource):
    """`if_match` is the If-Match header as it came."""

    id = fields.String(required=True)
    if_match = fields.String(load_default=None, allow_none=True)


class DeleteResource(Request):
    resource = one_of(RESOURCES, required=True)
    id = fields.String(required=True)
    if_match = fields.String(load_default=None, allow_none=True)


class Resource(Statement):
    """`version` is the entity tag of the whole resource, whatever of it is shown."""

    resource = fields.Dict(required=True)
    version = fields.String(required=True)
    location = fields.String(required=True)


class Resources(Statement):
    """A page; `total` counts all that the filter finds."""

    resources = fields.List(fields.Dict(), required=True)
    total = fields.Integer(required=True)
    start_index = fields.Integer(required=True)


class Description(Statement):
    """The three documents by which SCIM describes a server."""

    config = fields.Dict(required=True)
    resource_types = fields.List(fields.Dict(), required=True)
    schemas = fields.List(fields.Dict(), required=True)


identify_scim_client = Procedure(
    "directory", "identify_scim_client", ClientToken, Client, "Whose token of an outside identity system this is.",
    caller="service", callers=("gateway",),
)  # fmt: skip


def _of_client(name: str, request, reply, summary: str) -> Procedure:
    return Procedure("directory", f"scim_{name}", request, reply, summary, caller="client", timeout=15.0)


scim_discover = _of_client("discover", Nothing, Description, "What this SCIM server can do.")
scim_list = _of_client("list", ListResources, Resources, "People with accounts, or units, as SCIM resources.")
scim_get = _of_client("get", GetResource, Resource, "One SCIM resource.")
scim_create = _of_client("create", CreateResource, Resource, "A new person with an account.")
scim_replace = _of_client("replace", ChangeResource, Resource, "Put a SCIM resource in the place of what was there.")
scim_patch = _of_client("patch", ChangeResource, Resource, "Change parts of a SCIM resource.")
scim_delete = _of_client("delete", DeleteResource, Nothing, "End a person's account and his posts as an official.")
