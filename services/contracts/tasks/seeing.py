"""Seeing: boxes of pieces, the exception board, statistics; each as it stands, or as it stood on a day."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import (
    ASSIGNMENT_STATES,
    SOURCES,
    URGENCIES,
    Day,
    Id,
    Line,
    Moment,
    Page,
    Request,
    Statement,
    one_of,
)
from contracts.tasks.assignments import Assignment
from contracts.tasks.orders import Wanted


class PieceInBox(Assignment):
    """A piece with what of its order a list shows."""

    title = fields.String(required=True)
    urgency = fields.String(required=True)
    source = fields.String(required=True)
    field = fields.String(required=True, allow_none=True)


class PieceBoxPage(Statement):
    items = fields.List(fields.Nested(PieceInBox), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListPieces(Wanted):
    """`to_me`: of the posts whose work one sees; `by_me`: given by them; `my_unit`: of one's unit and what is below it,
    for whoever heads it or works for the head; `followed`; `to_decide`: they wait for one's own decision.
    """

    box = one_of(("to_me", "by_me", "my_unit", "followed", "to_decide"), load_default="to_me")
    state = one_of(ASSIGNMENT_STATES, load_default=None, allow_none=True)


list_pieces = Procedure("tasks", "list_pieces", ListPieces, PieceBoxPage, "Pieces in one of the actor's boxes.")

MISSING = ("answer", "decision_on_refusal", "decision_on_extension", "decision_on_result", "receipt", "result")
LEVELS = ("city", "office", "unit", "division")
GROUPS = ("unit", "source", "field", "month")
CLASSES = (
    "completed_on_time", "completed_late", "in_progress_in_time", "in_progress_overdue", "under_correction", "revoked",
)  # fmt: skip
LOST = ("lost_owner", "lost_approver", "lost_assigner", "lost_nobody")


class GetExceptionBoard(Page):
    """Only what is red. `missing`: what is lacking; `level`: that of the post which must decide; `as_of`: as it stood
    at the end of that day. With `under_correction` the rows that stand apart, because a fact of theirs is disputed.
    """

    missing = one_of(MISSING, load_default=None, allow_none=True)
    level = one_of(LEVELS, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    source = one_of(SOURCES, load_default=None, allow_none=True)
    urgency = one_of(URGENCIES, load_default=None, allow_none=True)
    under_correction = fields.Boolean(load_default=False)
    as_of = fields.Date(load_default=None, allow_none=True)


class Desk(Statement):
    """A post, as it is spoken of."""

    post_id = Id(required=True)
    title = fields.String(required=True)
    unit_id = Id(required=True, allow_none=True)
    unit_name = fields.String(required=True)


class RedRow(Statement):
    """One piece: `late` owes the next step, `days` working days beyond what he has; `overdue_days` are those after the
    deadline. `decides` is the post that must decide, `level` where it stands. `refusals`: how often it was refused.
    """

    assignment_id = Id(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    urgency = fields.String(required=True)
    source = fields.String(required=True)
    missing = fields.String(required=True)
    late = fields.Nested(Desk, required=True)
    days = fields.Integer(required=True)
    overdue_days = fields.Integer(required=True)
    refusals = fields.Integer(required=True)
    level = fields.String(required=True)
    decides = fields.Nested(Desk, required=True)
    current_due = Moment(required=True, allow_none=True)


class Count(Statement):
    """A figure and the choice by which the same list shows just what it counts."""

    name = fields.String(required=True)
    count = fields.Integer(required=True)
    list = fields.Dict(required=True)


class ExceptionBoard(Statement):
    """`by_missing` and `by_level` add up to `total` each; what is `under_correction` is not in it."""

    as_of = Moment(required=True)
    total = fields.Integer(required=True)
    by_missing = fields.List(fields.Nested(Count), required=True)
    by_level = fields.List(fields.Nested(Count), required=True)
    under_correction = fields.Nested(Count, required=True)
    items = fields.List(fields.Nested(RedRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Period(Request):
    """The pieces that were given from one day to another, by default this year; units' own pieces that are not only
    for information.
    """

    by = one_of(GROUPS, load_default="unit")
    since = fields.Date(data_key="from", attribute="from", load_default=None, allow_none=True)
    until = fields.Date(data_key="to", attribute="to", load_default=None, allow_none=True)
    as_of = fields.Date(load_default=None, allow_none=True)


class Classes(Statement):
    completed_on_time = fields.Integer(required=True)
    completed_late = fields.Integer(required=True)
    in_progress_in_time = fields.Integer(required=True)
    in_progress_overdue = fields.Integer(required=True)
    under_correction = fields.Integer(required=True)
    revoked = fields.Integer(required=True)


class Lost(Statement):
    """Working days after the present deadline, by whose they are."""

    owner = fields.Integer(required=True)
    approver = fields.Integer(required=True)
    assigner = fields.Integer(required=True)
    nobody = fields.Integer(required=True)


class Figures(Statement):
    """The classes add up to `given`, against the present and against the original deadline."""

    given = fields.Integer(required=True)
    current = fields.Nested(Classes, required=True)
    original = fields.Nested(Classes, required=True)
    returns = fields.Integer(required=True)
    lost = fields.Nested(Lost, required=True)


class Group(Figures):
    """`key` chooses its pieces from the list of what is counted."""

    key = fields.String(required=True)
    name = fields.String(required=True)


class Statistics(Statement):
    as_of = Moment(required=True)
    since = Day(data_key="from", attribute="from", required=True)
    until = Day(data_key="to", attribute="to", required=True)
    by = fields.String(required=True)
    total = fields.Nested(Figures, required=True)
    groups = fields.List(fields.Nested(Group), required=True)


class ListCounted(Period, Page):
    """`key` of a group, empty for all; `figure` is one of its figures, a class `against` one of the two deadlines."""

    key = Line(max=100, load_default=None, allow_none=True)
    figure = one_of(("given", *CLASSES, "returns", *LOST), load_default="given")
    against = fields.String(load_default="current", validate=validate.OneOf(("current", "original")))


class CountedPiece(PieceInBox):
    """The piece as it is now; how it was counted, and the days that it had lost by then."""

    counted_as = fields.String(required=True)
    lost = fields.Nested(Lost, required=True)


class CountedPage(Statement):
    items = fields.List(fields.Nested(CountedPiece), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


get_exception_board = Procedure(
    "tasks", "get_exception_board", GetExceptionBoard, ExceptionBoard, "What is red, and which level must decide."
)
get_statistics = Procedure("tasks", "get_statistics", Period, Statistics, "How work that was given was done.")
list_counted = Procedure("tasks", "list_counted", ListCounted, CountedPage, "The pieces that a figure counts.")
