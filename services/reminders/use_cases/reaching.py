"""Who is to be reached about a piece: posts by their part in it, and whoever answers for them today."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.fields import WAITING_KINDS
from kernel.directory_copy import answering, head_posts, posts, units_of_kinds

# of powers that were lent
SCOPES = ("all", "tasks", "reminders")
ITEM_SCOPES = ("all", "reminders")  # with which one reads what siblings say


class Reach:
    """Asks once for all of these pieces."""

    def __init__(self, tx, pieces: Sequence[Mapping], now: datetime):
        assigners = posts(tx, {piece["assigner_post_id"] for piece in pieces} - {None})
        offices = [unit.id for unit in units_of_kinds(tx, ["office"], now)]
        heads = {head.unit_id: head.post_id for head in head_posts(tx, [*offices, *_units(assigners)], now)}
        self._office = next((heads[unit_id] for unit_id in offices if unit_id in heads), None)
        self._boards = {post_id: heads.get(post.unit_id) for post_id, post in assigners.items()}
        items, work = [], []
        for piece in pieces:
            (items if piece["role"] in WAITING_KINDS else work).append(piece)
        self._people = {
            is_item: answering(tx, {post_id for piece in some for post_id in self._all_posts(piece)}, scopes, now)
            for is_item, some, scopes in ((True, items, ITEM_SCOPES), (False, work, SCOPES))
            if some
        }

    def people(self, piece: Mapping, parts: Sequence[str]) -> list[str]:
        posts_of = self._posts(piece)
        people = self._people[piece["role"] in WAITING_KINDS]
        found = (person for part in parts for post_id in posts_of[part] for person in people.get(post_id, ()))
        return list(dict.fromkeys(found))

    def _posts(self, piece: Mapping) -> dict[str, Sequence[str | None]]:
        """The chief of the Office looks after what the city ordered, and not after what a unit does inside."""
        assigner = piece["assigner_post_id"]
        return {
            "owner": (piece["post_id"],),
            "followers": piece["followers"],
            "superior": (assigner,),
            "chief_of_office": () if piece["is_child"] else (self._office,),
            "answers": (piece["answers_post_id"],),
            "exception_board": (self._boards.get(assigner),),
        }

    def _all_posts(self, piece: Mapping) -> set[str]:
        return {post_id for each in self._posts(piece).values() for post_id in each if post_id}


def _units(known: Mapping) -> set[str]:
    return {post.unit_id for post in known.values()}
