"""Seeing: boxes of pieces, the exception board, statistics; each as it stands, or as it stood on a day."""

from marshmallow import fields

from chassis.contract import Procedure
from contracts.fields import ASSIGNMENT_STATES, Statement, one_of
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
