"""Files of results and reports: whoever sees the piece may read them."""

from datetime import datetime

from contracts import tasks as contract
from kernel.actor import Actor
from kernel.capacity import actor_for
from kernel.errors import Refused
from tasks import views
from tasks.storage import attachments


def require_readable(tx, claims: dict, request: dict, now: datetime) -> None:
    actor = actor_for(tx, contract.grant_file, claims, now)
    if not any(_is_visible(tx, piece_id, actor) for piece_id in attachments.pieces_with(tx, request["id"])):
        raise views.not_found()


def _is_visible(tx, piece_id: str, actor: Actor) -> bool:
    try:
        views.visible_piece(tx, piece_id, actor)
    except Refused:
        return False
    return True
