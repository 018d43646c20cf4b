"""What the other services copy: facts, their feed and the events that bring them."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.fields import Day, Id, Moment, Request, Statement

COPIES = ("tasks", "reminders", "messaging", "gateway")  # who keeps a copy of the directory's facts


class ChangesAfter(Request):
    """Every fact whose version is greater than `after`, in the order of versions."""

    after = fields.Integer(required=True, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=2000, validate=validate.Range(1, 5000))


class Fact(Statement):
    """One row of the directory as the others may know it: no name or number of a person.

    `kind` is one of unit, post, membership, delegation, audience, working_day; `id` is its key;
    `version` comes from one sequence over the whole directory; `fact` is None when it was removed.
    """

    kind = fields.String(required=True)
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    fact = fields.Dict(required=True, allow_none=True)


class Changes(Statement):
    items = fields.List(fields.Nested(Fact), required=True)
    newest = fields.Integer(required=True)


class Facts(Statement):
    """Facts that changed together. `previous` is the newest version before them: a hearer whose copy stands
    elsewhere has a gap and asks for what it missed."""

    previous = fields.Integer(required=True)
    facts = fields.List(fields.Nested(Fact), required=True)


class Heartbeat(Statement):
    newest = fields.Integer(required=True)
    at = Moment(required=True)


get_changes = Procedure(
    "directory", "get_changes", ChangesAfter, Changes, "The feed that fills a copy of the directory.",
    caller="service", callers=COPIES, timeout=15.0,
)  # fmt: skip


class UnitsChanged(Facts):
    """What siblings read stands beside the facts; hearers of the core do without it."""

    unit_ids = fields.List(Id(), load_default=list)


class UnitReorganised(UnitsChanged):
    """Units were reorganised on a day; `facts` holds all that changed with them, of every kind."""

    change = fields.String(required=True)
    on_day = Day(required=True)
    successor_ids = fields.List(Id(), required=True)


class PostsChanged(Facts):
    post_ids = fields.List(Id(), load_default=list)


class DelegationsChanged(PostsChanged):
    delegation_ids = fields.List(Id(), load_default=list)


class AudiencesChanged(Facts):
    audiences = fields.List(fields.String(), load_default=list)


class WorkingDaysChanged(Facts):
    years = fields.List(fields.Integer(), load_default=list)


def _fact_event(name: str, data: type[Facts], published: tuple[str, ...], summary: str) -> Event:
    return Event("directory", name, data, summary, hearers=COPIES, published=published)


unit_changed = _fact_event("unit_changed", UnitsChanged, ("unit_ids",), "Units were made or changed.")
unit_reorganised = _fact_event(
    "unit_reorganised", UnitReorganised, ("change", "on_day", "unit_ids", "successor_ids"),
    "Units were established, renamed, moved, merged, split or dissolved, with all that follows from it.",
)  # fmt: skip
post_changed = _fact_event("post_changed", PostsChanged, ("post_ids",), "Posts were made or closed.")
membership_changed = _fact_event(
    "membership_changed", PostsChanged, ("post_ids",), "People took up or left posts."
)  # fmt: skip
delegation_changed = _fact_event(
    "delegation_changed", DelegationsChanged, ("delegation_ids", "post_ids"), "Powers were lent or taken back."
)
audience_changed = _fact_event(
    "audience_changed", AudiencesChanged, ("audiences",), "Named audiences gained or lost units."
)
working_days_changed = _fact_event(
    "working_days_changed", WorkingDaysChanged, ("years",), "Days became days off or working days."
)
directory_heartbeat = Event(
    "directory", "directory_heartbeat", Heartbeat, "The directory lives; its newest version.", hearers=COPIES
)
