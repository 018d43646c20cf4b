"""Boxes of pieces, the exception board, statistics."""

from contracts import tasks
from gateway.assembling import reckoned
from gateway.routes import route


class SeeingRoutes:
    @route("GET", "/assignments", tag="assignments", query=tasks.ListPieces, answer=tasks.PieceBoxPage)
    def list_pieces(self, call):
        """Pieces in one of one's boxes, the newest first."""
        return call.ask(tasks.list_pieces, call.query)

    @route("GET", "/exception-board", tag="tasks", query=tasks.GetExceptionBoard, answer=tasks.ExceptionBoard,
           refusals=("as_of_in_future",))  # fmt: skip
    def get_exception_board(self, call):
        """Bảng ngoại lệ: only what is red, and which level must decide; of the city, or of one's unit."""
        return reckoned(call.ask(tasks.get_exception_board, call.query))

    @route("GET", "/task-statistics", tag="tasks", query=tasks.Period, answer=tasks.Statistics,
           refusals=("as_of_in_future", "wrong_period"))  # fmt: skip
    def get_statistics(self, call):
        """How the work that was given in a period was done; of the city, or of one's unit."""
        return reckoned(call.ask(tasks.get_statistics, call.query))

    @route("GET", "/task-statistics/assignments", tag="tasks", query=tasks.ListCounted, answer=tasks.CountedPage,
           refusals=("as_of_in_future", "wrong_period"))  # fmt: skip
    def list_counted(self, call):
        """The pieces that a figure counts."""
        return call.ask(tasks.list_counted, call.query)
