"""Đôn đốc: the owner of a piece is asked for something, and the asking stays open until he answers."""

from collections.abc import Collection, Mapping

from kernel.actor import Actor
from kernel.errors import Refused
from kernel.policy import STANDING_PC
from tasks.domain.assignment import CLOSED, Piece, owns_or_serves
from tasks.domain.blocker import require_open
from tasks.domain.sight import CITY_OFFICE

DIRECTIVE = "standing_pc_directive"
KINDS = ("urge", "ask_evidence", "check_figures", "opinion", DIRECTIVE)


def _speaks_for_the_city(actor: Actor) -> bool:
    """The Standing PC, and the Office that passes on what it says."""
    return actor.post_kind in STANDING_PC or (actor.unit_kind == "office" and actor.post_kind in CITY_OFFICE)


def permit_urging(deciders: Collection[str], followers: Collection[str], kind: str, actor: Actor) -> None:
    """Whoever ordered it, follows it, or sits in the Office; only for the city does one speak in its name."""
    if actor.post_id not in {*deciders, *followers} and not _speaks_for_the_city(actor):
        raise Refused("not_authorised", "This post does not urge.", action="urge")
    if kind == DIRECTIVE and not _speaks_for_the_city(actor):
        raise Refused("not_authorised", "This post does not speak for the Standing PC.", action="urge")


def permit_urging_of(piece: Piece, open_kinds: Collection[str], kind: str) -> None:
    if piece.state in CLOSED:
        raise Refused("wrong_state", f"Nothing is urged in state {piece.state}.", state=piece.state)
    if kind in open_kinds:
        raise Refused("urging_open", "The same is asked already, and not answered yet.")


def permit_answer(urging: Mapping, piece: Piece, actor: Actor, version: int | None) -> None:
    if not owns_or_serves(piece, actor):
        raise Refused("not_authorised", "Whoever owns the piece answers.", action="answer_urging")
    require_open(urging, "answered", version)
