"""What the other services copy: facts, their feed and the events that bring them."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.fields import Moment, Request, Statement

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


def _fact_event(name: str, summary: str) -> Event:
    return Event("directory", name, Facts, summary, hearers=COPIES)


unit_changed = _fact_event("unit_changed", "Units were made, renamed, moved or closed.")
post_changed = _fact_event("post_changed", "Posts were made or closed.")
membership_changed = _fact_event("membership_changed", "People took up or left posts.")
delegation_changed = _fact_event("delegation_changed", "Powers were lent or taken back.")
audience_changed = _fact_event("audience_changed", "Named audiences gained or lost units.")
working_days_changed = _fact_event("working_days_changed", "Days became days off or working days.")
directory_heartbeat = Event(
    "directory", "directory_heartbeat", Heartbeat, "The directory lives; its newest version.", hearers=COPIES
)
