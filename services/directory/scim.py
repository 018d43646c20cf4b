"""SCIM 2.0 as this directory speaks it: its resources, what it announces of itself, and reading what clients send.

The grammar of filters, the rules of PATCH and the checks of attributes are scim2-models'.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field, ValidationError
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Context,
    Error,
    ETag,
    Extension,
    Filter,
    Mutability,
    Patch,
    PatchOp,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    SCIMException,
    ScimFilter,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.path import AttrPath, Comparison, LogicalExpr, LogicalOperator, ValuePath

from contracts.directory import LONGEST_FILTER
from directory.domain.provisioning import ENTERPRISE, UNIT
from kernel.errors import Refused

PAGE, LONGEST_PAGE = 100, 200  # resources
MOST_OPERATIONS = 100  # in one PATCH
REFUSALS = {
    "invalidFilter": "scim_invalid_filter",
    "tooMany": "scim_too_many",
    "uniqueness": "scim_uniqueness",
    "mutability": "scim_mutability",
    "invalidSyntax": "scim_invalid_syntax",
    "invalidPath": "scim_invalid_path",
    "noTarget": "scim_no_target",
    "invalidValue": "scim_invalid_value",
}
# Two habits of the most common client, Microsoft Entra, which nothing else could mean.
POLICY = ScimPolicy(
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Name(ComplexAttribute):
    formatted: str | None = None
    family_name: str | None = None
    middle_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    value: str | None = None
    type: Annotated[str | None, Field(examples=["work", "home", "other"])] = None
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    value: str | None = None
    type: Annotated[str | None, Field(examples=["work", "mobile", "home", "fax", "pager", "other"])] = None
    primary: bool | None = None


class UserGroup(ComplexAttribute):
    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[AnyExtension]):
    """A person with an account. Attributes that this list does not have are not accepted."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None


class Manager(ComplexAttribute):
    value: Annotated[str | None, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Field(serialization_alias="$ref", validation_alias="$ref")] = None


class EnterpriseUser(Extension):
    """Where somebody works: a division, department or organization that is a unit's code makes him its official."""

    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None


class Member(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )


class Group(Resource[AnyExtension]):
    """A unit of the city and who holds a post in it. Clients neither make nor delete units."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Mutability.read_only] = None
    members: list[Member] | None = None


class Unit(Extension):
    """A unit's official code, by which users name where they work, and its kind."""

    __schema__ = URN(UNIT)

    code: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    kind: Annotated[str | None, Mutability.read_only] = None


A_USER, A_GROUP = User[EnterpriseUser], Group[Unit]
MODELS = {"Users": A_USER, "Groups": A_GROUP}
CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=LONGEST_PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type="oauthbearertoken", name="Bearer token", description="The token that an operator made for the client."
        )
    ],
)


def description() -> dict:
    """What GET /ServiceProviderConfig, /ResourceTypes and /Schemas answer."""
    types = [ResourceType.from_resource(model) for model in MODELS.values()]
    provider = ScimProvider([User, EnterpriseUser, Group, Unit], types, CONFIG)
    schemas = [*provider.schemas, *(model.to_schema() for model in (ServiceProviderConfig, ResourceType, Schema))]

    def written(each) -> dict:
        return each.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

    return {
        "config": written(CONFIG),
        "resource_types": [written(each) for each in types],
        "schemas": [written(each) for each in schemas],
    }


def read_filter(resource: str, text: str) -> ScimFilter:
    if len(text) > LONGEST_FILTER:
        raise Refused("scim_invalid_filter", f"A filter has at most {LONGEST_FILTER} characters.")
    with refusing():
        return ScimFilter[MODELS[resource]](text)


def read_new(body) -> dict:
    """A User that a client wants to make, without what is not his to say."""
    with refusing():
        return A_USER.model_validate(body, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=POLICY).model_dump()


def replaced(before: dict, body) -> dict:
    """What PUT makes of a user."""
    with refusing():
        after = A_USER.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
        after.replace(A_USER.model_validate(before))
        return after.model_dump()


def patched(before: dict, body) -> dict:
    """What PATCH makes of a user."""
    with refusing():
        after = A_USER.model_validate(before)
        read_patch("Users", body).patch(after, POLICY)
        if after.active is None:
            raise Refused("scim_mutability", "An account is active or not: set it to false.")
        return after.model_dump()


def read_patch(resource: str, body) -> PatchOp:
    operations = body.get("Operations") if isinstance(body, dict) else None
    if isinstance(operations, list) and len(operations) > MOST_OPERATIONS:
        raise Refused("scim_invalid_value", f"A PATCH has at most {MOST_OPERATIONS} operations.")
    with refusing():
        return PatchOp[MODELS[resource]].model_validate(
            body, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
        )


def read_members(body) -> list[dict] | None:
    """The members that a PUT of a Group names; None when it names none at all."""
    with refusing():
        group = A_GROUP.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    return _members(group.members or []) if "members" in group.model_fields_set else None


def member_operations(body) -> Iterator[tuple[str, list[dict] | None]]:
    """What a PATCH of a Group does to its members, act by act: ("add", members). None stands for all of them.

    A unit has too many members to go through all of them for each act, as the library would.
    """
    for operation in read_patch("Groups", body).operations:
        act, path = operation.op.value, operation.path
        if path is None:
            if not isinstance(operation.value, dict) or {name.lower() for name in operation.value} - {"members"}:
                raise Refused("scim_mutability", "Only the members of a Group can change.")
            yield act, _members(next(iter(operation.value.values()), []))
        elif isinstance(path.ast, AttrPath) and path.ast.attr.lower() == "members" and path.ast.sub_attr is None:
            yield act, None if act == "remove" and operation.value is None else _members(operation.value)
        elif isinstance(path.ast, ValuePath) and path.ast.attr_path.attr.lower() == "members" and act == "remove":
            yield act, list(_selected(path.ast.val_filter))
        else:
            raise Refused("scim_mutability", "Only the members of a Group can change.")


def _members(value) -> list[dict]:
    """Members as they come in a PATCH: some clients send one where a list belongs."""
    values = value if isinstance(value, list) else [value]
    named = [each if isinstance(each, dict) else getattr(each, "model_dump", dict)() for each in values]
    if not all(isinstance(each.get("value"), str) for each in named):
        raise Refused("scim_invalid_value", "A member has a value: the id of a user.")
    return named


def _selected(chosen) -> Iterator[dict]:
    """The members that `value eq "..."` names, or several of it joined by "or"."""
    terms = chosen.terms if isinstance(chosen, LogicalExpr) and chosen.op == LogicalOperator.or_ else (chosen,)
    for term in terms:
        if not isinstance(term, Comparison) or (term.attr_path.attr.lower(), term.op.value) != ("value", "eq"):
            raise Refused("scim_invalid_path", 'Members are selected by members[value eq "..."].')
        yield {"value": term.value}


@contextmanager
def refusing() -> Iterator[None]:
    """What the library finds wrong, as refusals of ours."""
    try:
        yield
    except ValidationError as error:
        raise _refused(Error.from_validation_errors(error)[0]) from error
    except SCIMException as error:
        raise _refused(error.to_error()) from error


def _refused(error: Error) -> Refused:
    return Refused(REFUSALS.get(error.scim_type, "scim_invalid_value"), error.detail or "")
