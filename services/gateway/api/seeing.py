"""Boxes of pieces, the exception board, statistics."""

from contracts import tasks
from gateway.routes import route


class SeeingRoutes:
    @route("GET", "/assignments", tag="assignments", query=tasks.ListPieces, answer=tasks.PieceBoxPage)
    def list_pieces(self, call):
        """Pieces in one of one's boxes, the newest first."""
        return call.ask(tasks.list_pieces, call.query)
