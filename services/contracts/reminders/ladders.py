"""Ladders: who is nudged about what, and when; what operators read, change and try out."""

import re

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Procedure
from contracts.fields import Id, Line, Moment, Nothing, Page, Request, Statement, one_of

COUNTED_FROM = ("due", "receipt", "answer")
NUDGED = ("owner", "followers", "superior", "chief_of_office", "exception_board", "answers")
_NAME = validate.Regexp(re.compile(r"[a-z][a-z0-9_]{0,39}\Z"))


class Span(Request):
    """How long after what a rule counts from: working days (before a deadline: negative), or working hours."""

    days = fields.Integer(strict=True, validate=validate.Range(-60, 60))
    hours = fields.Integer(strict=True, validate=validate.Range(1, 500))

    @validates_schema
    def _either(self, data, **_):
        if len(data) != 1:
            raise ValidationError("Give either days or hours.")


class After(Request):
    """By urgency; for one that is not named there is no such rung."""

    normal = fields.Nested(Span)
    urgent = fields.Nested(Span)
    very_urgent = fields.Nested(Span)
    express = fields.Nested(Span)


class Rung(Request):
    """`text` may name {title}, {unit} and {due}."""

    name = fields.String(required=True, validate=_NAME)
    after = fields.Nested(After, required=True)
    to = fields.List(one_of(NUDGED), required=True, validate=validate.Length(1, len(NUDGED)))
    text = Line(max=300, required=True)


class Rule(Request):
    """`due`: counted from the deadline, while no result stands. `receipt`: from when a unit was given it, until it is
    received. `answer`: from the day by which somebody was to decide or answer.
    """

    name = fields.String(required=True, validate=_NAME)
    title = Line(max=200, required=True)
    counts_from = one_of(COUNTED_FROM, required=True)
    rungs = fields.List(fields.Nested(Rung), required=True, validate=validate.Length(1, 10))


class Rules(Request):
    rules = fields.List(fields.Nested(Rule), required=True, validate=validate.Length(1, 20))


class LaddersChange(Rules):
    reason = Line(max=2_000, required=True)


class ChangeLadders(LaddersChange):
    version = fields.Integer(required=True, allow_none=True)


class LadderVersion(Statement):
    """Rules as they were set, by whom and why; the program's own have nobody."""

    version = fields.Integer(required=True)
    rules = fields.List(fields.Nested(Rule), required=True)
    reason = fields.String(required=True, allow_none=True)
    changed_at = Moment(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    post_id = Id(required=True, allow_none=True)


class LadderVersionPage(Statement):
    items = fields.List(fields.Nested(LadderVersion), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Recount(Statement):
    """How far it is that open pieces are looked at anew, since rules or working days have changed."""

    reason = fields.String(required=True)
    begun_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)


class Ladders(LadderVersion):
    """The rules in force."""

    recount = fields.Nested(Recount, required=True, allow_none=True)


class RungCount(Statement):
    rule = fields.String(required=True)
    rung = fields.String(required=True)
    messages = fields.Integer(required=True)


class UnitCount(Statement):
    unit_id = Id(required=True)
    messages = fields.Integer(required=True)


class PersonCount(Statement):
    """How many messages a person would have had, and on how many days; on the worst of them so many."""

    person_id = Id(required=True)
    messages = fields.Integer(required=True)
    days = fields.Integer(required=True)
    on_worst_day = fields.Integer(required=True)


class Simulated(Statement):
    """By units and by persons: the 50 with the most."""

    messages = fields.Integer(required=True)
    people = fields.Integer(required=True)
    per_rung = fields.List(fields.Nested(RungCount), required=True)
    per_unit = fields.List(fields.Nested(UnitCount), required=True)
    per_person = fields.List(fields.Nested(PersonCount), required=True)


class Simulation(Statement):
    """What rules would have said of the last quarter's work, to whoever holds the posts today. Of a great many pieces
    one in `one_in` was taken, and all counts are of those.
    """

    begin = Moment(required=True)
    end = Moment(required=True)
    pieces = fields.Integer(required=True)
    one_in = fields.Integer(required=True)
    in_force = fields.Nested(Simulated, required=True)
    changed = fields.Nested(Simulated, required=True)


get_ladders = Procedure("reminders", "get_ladders", Nothing, Ladders, "The ladders in force.")
list_ladder_versions = Procedure(
    "reminders", "list_ladder_versions", Page, LadderVersionPage, "All ladders that were ever set, the newest first."
)
change_ladders = Procedure("reminders", "change_ladders", ChangeLadders, Ladders, "Set other ladders.")
simulate_ladders = Procedure(
    "reminders", "simulate_ladders", Rules, Simulation,
    "What changed ladders would have said in the last quarter, against those in force.", timeout=25.0,
)  # fmt: skip
