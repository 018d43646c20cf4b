"""What an actor may do about a piece beside moving it. Each act's own rule says so: what is shown as allowed and what
is refused agree.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from kernel.actor import Actor
from kernel.errors import Refused
from tasks.domain.assignment import Piece
from tasks.domain.blocker import RAISED_IN, permit_report
from tasks.domain.correction import permit_proposal
from tasks.domain.extension import permit_request
from tasks.domain.progress import REPORTED_IN
from tasks.domain.urging import KINDS, permit_urging, permit_urging_of


def allowed_beside(
    piece: Piece, actor: Actor, followers: Collection[str], *, latest: datetime | None, under_correction: bool,
    extension_pending: bool, urged: Collection[str],
) -> list[str]:  # fmt: skip
    """`latest` is the deadline of its parent, `urged` the kinds for which the actor's post has urged and waits."""
    deciders = (piece.assigner_post_id, *piece.leader_post_ids)
    followers = () if piece.is_child else followers

    def urges(kind: str) -> None:
        permit_urging(deciders, followers, kind, actor)
        permit_urging_of(piece, urged, kind)

    rules: Mapping[str, Callable[[], None]] = {
        "request_extension": lambda: permit_request(piece, actor, pending=extension_pending, latest=latest),
        "report_progress": lambda: permit_report(piece, actor, REPORTED_IN, "report_progress"),
        "raise_blocker": lambda: permit_report(piece, actor, RAISED_IN, "raise_blocker"),
        "propose_correction": lambda: permit_proposal(piece, followers, actor, pending=under_correction),
    }
    found = [act for act, rule in rules.items() if _permits(rule)]
    return found + ["urge"] * any(_permits(lambda kind=kind: urges(kind)) for kind in KINDS)


def _permits(rule: Callable[[], None]) -> bool:
    try:
        rule()
    except Refused:
        return False
    return True
