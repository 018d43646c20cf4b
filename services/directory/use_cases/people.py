"""Who people are, and finding them."""

from datetime import datetime

from chassis.errors import InvalidRequest
from chassis.paging import a_number, an_id, page, position
from directory.domain.names import words_of
from directory.storage import people, search, units
from kernel.errors import Refused
from kernel.working_time import today

SHORTEST_SEARCH = 2  # letters


def get_person(tx, person_id: str, now: datetime) -> dict:
    entries = people.entries_of_person(tx, person_id, today(now))
    return {**described(tx, person_id), "entries": [row._mapping for row in entries]}


def get_names(tx, person_ids: list[str]) -> dict:
    return {"items": [row._mapping for row in people.names(tx, person_ids)]}


def search_people(tx, request: dict, now: datetime) -> dict:
    words = words_of(request["q"])
    if request["q"] and len("".join(words)) < SHORTEST_SEARCH:
        raise InvalidRequest("a search needs more letters", errors={"q": ["At least 2 letters or digits."]})
    wanted = search.Wanted(
        words=tuple(words),
        unit_ids=_units_searched(tx, request["unit_id"], request["sub_units"]),
        post_kind=request["post"],
        day=today(now),
        after=position(request["cursor"], a_number, a_number, an_id),
        limit=request["limit"] + 1,
    )
    found, next_cursor = page(
        search.find(tx, wanted), request["limit"], lambda row: (row.match, row.rank, row.membership_id)
    )
    return {"items": [row._mapping for row in found], "next_cursor": next_cursor}


def _units_searched(tx, unit_id: str | None, sub_units: bool) -> tuple[str, ...] | None:
    if unit_id is None:
        return None
    return tuple(units.with_sub_units(tx, unit_id)) if sub_units else (unit_id,)


def described(tx, person_id: str) -> dict:
    person = people.one(tx, person_id)
    if person is None:
        raise Refused("not_found")
    return {"id": person.id, "name": person.name}
