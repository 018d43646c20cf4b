"""SCIM filters as SQL. Every value is a bound parameter; every name comes from the tables below."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from scim2_models import ScimFilter
from scim2_models.path import CompareOperator as Op
from scim2_models.path import FilterVisitor, LogicalOperator
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from directory.domain.contact import default_visibility
from directory.domain.provisioning import ENTERPRISE, REACHED_BY, UNIT
from directory.storage import tables as t
from kernel.errors import Refused

MOST_COMPARISONS = 30
ORDER = {Op.gt: "__gt__", Op.ge: "__ge__", Op.lt: "__lt__", Op.le: "__le__"}
CORE = "urn:ietf:params:scim:schemas:core:2.0:"

SAID = t.provisioned.c.said


# What was said counts as long as the directory has not learnt something else since (domain.provisioning.said_now).
def _still(*names: str):
    same = [t.provisioned.c[name].is_not_distinct_from(t.people.c[name]) for name in names]
    return sa.and_(t.provisioned.c.person_id.is_not(None), *same)


def _value(column, kind: str):
    return func.jsonb_build_object("value", column, "type", kind, "primary", sa.literal(kind == "work"))


def _said(*path: str):
    steps = "->".join(f"'{step}'" for step in path[:-1])
    return sa.literal_column(f"provisioned.said{'->' + steps if steps else ''}->>'{path[-1]}'", sa.Text)


def _values(name: str, as_said, truth: list):
    """A multi-valued attribute as a JSON array."""
    said = func.coalesce(SAID[name], sa.literal([], JSONB))
    return sa.case((as_said, said), else_=func.jsonb_build_array(*truth))


def _reached_by(client_id: str) -> dict:
    """What the client said itself, and what everybody may see (domain.provisioning.known)."""
    own = t.provisioned.c.client_id == client_id

    def known(name: str, kind: str):
        column = PEOPLE[name]
        said = SAID[REACHED_BY[name]].contains(func.jsonb_build_array(func.jsonb_build_object("value", column)))
        shown_to = func.coalesce(PEOPLE.shown_to[name].astext, default_visibility(name, ()))
        return _value(sa.case((sa.or_(shown_to == "city", sa.and_(own, said)), column)), kind)

    numbers, address = [known("phone", "work"), known("mobile", "mobile")], [known("email", "work")]
    return {
        "phoneNumbers": _values("phoneNumbers", sa.and_(own, _still("phone", "mobile")), numbers),
        "emails": _values("emails", sa.and_(own, _still("email")), address),
    }


def _email_somewhere(value: str):
    """Whose address it may be: what the indexes know, before the addresses are looked at one by one."""
    said = sa.literal_column("lower(provisioned.said->>'emails')::jsonb", JSONB)
    holders = select(t.people.c.id).where(func.lower(t.people.c.email) == value)
    return t.accounts.c.person_id.in_(
        holders.union_all(select(t.provisioned.c.person_id).where(said.contains([{"value": value}])))
    )


NAME = t.people.c.name
USER_COLUMNS = {
    "id": t.accounts.c.person_id,
    "externalId": t.external_ids.c.external_id,
    "userName": t.accounts.c.username,
    "displayName": NAME,
    "name.formatted": NAME,
    "active": t.accounts.c.revoked_at.is_(None),
    "title": _said("title"),
    "userType": _said("userType"),
    "preferredLanguage": _said("preferredLanguage"),
    "meta.created": t.provisioned.c.created_at,
    "meta.lastModified": t.provisioned.c.changed_at,
    **{
        f"{ENTERPRISE}:{name}": _said(ENTERPRISE, name)
        for name in ("costCenter", "organization", "division", "department")
    },
    f"{ENTERPRISE}:employeeNumber": t.people.c.employee_number,
    f"{ENTERPRISE}:manager.value": _said(ENTERPRISE, "manager", "value"),
}
PEOPLE = t.people.c
GROUP_COLUMNS = {
    "id": t.units.c.id,
    "displayName": t.units.c.full_name,
    f"{UNIT}:code": t.units.c.code,
    f"{UNIT}:kind": t.units.c.kind,
}


def users(wanted: ScimFilter, client_id: str, day) -> sa.ColumnElement[bool]:
    """Over `accounts`, `people`, `provisioned` and `external_ids`, joined."""
    held = (
        select(sa.literal(1))
        .select_from(t.memberships.join(t.posts, t.posts.c.id == t.memberships.c.post_id))
        .where(t.memberships.c.person_id == t.accounts.c.person_id, t.live(t.memberships, day), t.live(t.posts, day))
    )
    references = {"groups.value": (held, t.posts.c.unit_id)}
    return _Sql(wanted, CORE + "User:", USER_COLUMNS, _reached_by(client_id), references).visit(wanted.ast)


def groups(wanted: ScimFilter, day) -> sa.ColumnElement[bool]:
    """Over `units`."""
    held = (
        select(sa.literal(1))
        .select_from(t.memberships.join(t.posts, t.posts.c.id == t.memberships.c.post_id))
        .where(t.posts.c.unit_id == t.units.c.id, t.live(t.memberships, day), t.live(t.posts, day))
    )
    references = {"members.value": (held, t.memberships.c.person_id)}
    return _Sql(wanted, CORE + "Group:", GROUP_COLUMNS, {}, references).visit(wanted.ast)


class _Sql(FilterVisitor[sa.ColumnElement]):
    """`_inside` is a list's name and one entry of it, while the entry's own attributes are read."""

    def __init__(self, wanted, prefix: str, columns: dict, lists: dict, references: dict):
        self._wanted, self._prefix = wanted, prefix
        self._columns, self._lists, self._references = columns, lists, references
        self._inside: tuple[str, sa.ColumnElement] | None = None
        self._comparisons = 0

    def visit_logical_expr(self, node):
        terms = [self.visit(term) for term in node.terms]
        return sa.and_(*terms) if node.op == LogicalOperator.and_ else sa.or_(*terms)

    def visit_not(self, node):
        return sa.not_(func.coalesce(self.visit(node.expr), sa.false()))

    def visit_value_path(self, node):
        name = self._name(node.attr_path, for_comparison=False)
        if name not in self._lists:
            raise _unsupported(name)
        return self._some(name, lambda: self.visit(node.val_filter))

    def visit_present(self, node):
        name = self._name(node.attr_path, for_comparison=False)
        if self._inside is None and name in self._lists:
            return self._some(name, lambda: self._entry("value").is_not(None))
        return self._apply(name, lambda column: column.is_not(None))

    def visit_comparison(self, node):
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise Refused("scim_invalid_filter", f"A filter has at most {MOST_COMPARISONS} comparisons.")
        name = self._name(node.attr_path, for_comparison=True)
        if node.op == Op.ne and self._inside is None and (name in self._references or self._is_entry(name)):
            return sa.not_(self._apply(name, lambda column: compare(column, Op.eq, node.value)))
        found = self._apply(name, lambda column: compare(column, node.op, node.value))
        if name.endswith("emails.value") and node.op == Op.eq and isinstance(node.value, str):
            found = sa.and_(_email_somewhere(node.value.lower()), found)
        return found

    def _apply(self, name: str, wants: Callable):
        if self._inside is not None or self._is_entry(name):
            listed, _, entry = name.partition(".")
            if self._inside is not None:
                return wants(self._entry(entry))
            return self._some(listed, lambda: wants(self._entry(entry)))
        if name in self._references:
            held, column = self._references[name]
            return held.where(wants(column)).exists()
        if name not in self._columns:
            raise _unsupported(name)
        return wants(self._columns[name])

    def _is_entry(self, name: str) -> bool:
        listed, _, entry = name.partition(".")
        return listed in self._lists and entry in ("value", "type", "primary")

    def _some(self, name: str, condition: Callable):
        """Whether an entry of a list meets a condition."""
        entries = func.jsonb_array_elements(self._lists[name]).table_valued(sa.column("value", JSONB), name="entry")
        self._inside = (name, entries.c.value)
        try:
            return select(sa.literal(1)).select_from(entries).where(condition()).exists()
        finally:
            self._inside = None

    def _entry(self, name: str):
        text = self._inside[1][name].astext
        return sa.cast(text, sa.Boolean) if name == "primary" else text

    def _name(self, path, for_comparison: bool) -> str:
        """The attribute's name as the tables above have it. Raises InvalidFilterException for what is none."""
        if self._inside is not None:
            entry = {"value": "value", "type": "type", "primary": "primary"}.get(path.attr.lower())
            if entry is None or path.sub_attr or path.uri:
                raise _unsupported(str(path))
            return f"{self._inside[0]}.{entry}"
        resolve = self._wanted.resolve_comparison if for_comparison else self._wanted.resolve
        return resolve(path, strict=True).urn.removeprefix(self._prefix)


def compare(column, op: Op, value) -> sa.ColumnElement[bool]:
    """Text without case, truth values, moments and ids, each with the operators that it has."""
    if value is None:
        if op not in (Op.eq, Op.ne):
            raise Refused("scim_invalid_filter", "Nothing is greater or smaller than null.")
        return column.is_(None) if op == Op.eq else column.is_not(None)
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return _equal(column, op, _a(bool, value))
    if isinstance(kind, sa.DateTime):
        moment = _moment(value)
        return getattr(column, ORDER[op])(moment) if op in ORDER else _equal(column, op, moment)
    text = _a(str, value)
    if "\0" in text:
        raise Refused("scim_invalid_filter", "Null characters are not allowed.")
    if isinstance(kind, sa.Uuid):
        if op in (Op.eq, Op.ne):
            return _equal(column, op, an_id(text)) if an_id(text) else sa.literal(op == Op.ne)
        column = sa.cast(column, sa.Text)
    if column is not t.external_ids.c.external_id and column is not t.units.c.code:
        text = text.lower()
        column = column if column is t.accounts.c.username else func.lower(column)
    if op == Op.co:
        return column.contains(text, autoescape=True)
    if op == Op.sw:
        return column.startswith(text, autoescape=True)
    if op == Op.ew:
        return column.endswith(text, autoescape=True)
    return getattr(column.collate("C"), ORDER[op])(text) if op in ORDER else _equal(column, op, text)


def _equal(column, op: Op, value):
    if op not in (Op.eq, Op.ne):
        raise Refused("scim_invalid_filter", f"{op.value} cannot be asked here.")
    return column == value if op == Op.eq else column.is_distinct_from(value)


def _a(kind: type, value):
    if not isinstance(value, kind):
        raise Refused("scim_invalid_filter", "The value is not of the attribute's type.")
    return value


def _moment(value) -> datetime:
    try:
        moment = datetime.fromisoformat(_a(str, value))
    except ValueError:
        raise Refused("scim_invalid_filter", "Not a moment.") from None
    if moment.tzinfo is None:
        raise Refused("scim_invalid_filter", "A moment has an offset.")
    return moment


def an_id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _unsupported(name: str) -> Refused:
    return Refused("scim_invalid_filter", f"Nothing can be found by {name}.")
