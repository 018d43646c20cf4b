"""Who is to be reached about a piece: posts by their part in it, and whoever answers for them today."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from contracts.fields import WAITING_KINDS
from kernel.directory_copy import answering, head_posts, posts, units_of_kinds
from reminders.domain.items import TO_ACKNOWLEDGE

# of powers that were lent
SCOPES = ("all", "tasks", "reminders")
ITEM_SCOPES = ("all", "reminders")  # with which one reads what siblings say
MESSAGE_SCOPES = ("all", "messaging")  # with which one reads what was said


def scopes_of(kind: str) -> tuple[str, ...]:
    """With which powers one acts on what waits so."""
    if kind in WAITING_KINDS:
        return ITEM_SCOPES
    return MESSAGE_SCOPES if kind == TO_ACKNOWLEDGE else SCOPES


def people_of(tx, posts: Collection[str], scopes: Sequence[str], now: datetime) -> dict[str, list[str]]:
    """Whoever answers for these posts now. Of what was said only who takes part hears, and nobody takes part because
    a post is vacant.
    """
    return answering(tx, posts, scopes, now, standing_in=scopes != MESSAGE_SCOPES)


class Reach:
    """Asks once for all of these pieces."""

    def __init__(self, tx, pieces: Sequence[Mapping], now: datetime):
        assigners = posts(tx, {piece["assigner_post_id"] for piece in pieces} - {None})
        offices = [unit.id for unit in units_of_kinds(tx, ["office"], now)]
        heads = {head.unit_id: head.post_id for head in head_posts(tx, [*offices, *_units(assigners)], now)}
        self._office = next((heads[unit_id] for unit_id in offices if unit_id in heads), None)
        self._boards = {post_id: heads.get(post.unit_id) for post_id, post in assigners.items()}
        by_scopes = defaultdict(list)
        for piece in pieces:
            by_scopes[scopes_of(piece["role"])].append(piece)
        self._people = {
            scopes: people_of(tx, {post_id for piece in some for post_id in self._all_posts(piece)}, scopes, now)
            for scopes, some in by_scopes.items()
        }

    def people(self, piece: Mapping, parts: Sequence[str]) -> list[str]:
        posts_of = self._posts(piece)
        people = self._people[scopes_of(piece["role"])]
        found = (person for part in parts for post_id in posts_of[part] for person in people.get(post_id, ()))
        return list(dict.fromkeys(found))

    def _posts(self, piece: Mapping) -> dict[str, Sequence[str | None]]:
        """The chief of the Office looks after what the city ordered, and not after what a unit does inside. What is
        said beside any order is heard by nobody who takes no part in it.
        """
        assigner = piece["assigner_post_id"]
        is_talk = piece["is_child"] and piece["role"] == TO_ACKNOWLEDGE
        return {
            "owner": (piece["post_id"],),
            "followers": piece["followers"],
            "superior": (assigner,),
            "chief_of_office": () if piece["is_child"] else (self._office,),
            "answers": (piece["answers_post_id"],),
            "exception_board": () if is_talk else (self._boards.get(assigner),),
        }

    def _all_posts(self, piece: Mapping) -> set[str]:
        return {post_id for each in self._posts(piece).values() for post_id in each if post_id}


def _units(known: Mapping) -> set[str]:
    return {post.unit_id for post in known.values()}
