"""Who people are, and finding them."""

from dataclasses import replace
from datetime import datetime
from itertools import islice, product

from chassis.errors import InvalidRequest
from chassis.paging import a_number, an_id, page, position
from directory.domain import contact
from directory.domain.searching import Query, likely_meant, understand
from directory.storage import people, search, units
from kernel.errors import Refused
from kernel.working_time import today

SHORTEST_SEARCH = 2  # letters
DEEPEST = 200  # lines of one search
SPELLINGS = 3  # how many are tried for a word that nobody bears
MEANINGS = 4  # how many ways of correcting all words are tried


def get_person(tx, person_id: str, seeker_id: str, now: datetime) -> dict:
    """A person in all his posts, with what the seeker may know of how to reach him. Who may change that is told as
    well who else may know it.
    """
    day = today(now)
    person = people.one(tx, person_id)
    if person is None:
        raise Refused("not_found")
    places = people.places(tx, {person_id, seeker_id}, day)
    visibilities = contact.visibilities(person.shown_to, places[person_id])
    is_self = person_id == seeker_id
    seen = {
        field: getattr(person, field)
        for field, visibility in visibilities.items()
        if is_self or contact.may_see(visibility, places[seeker_id], places[person_id])
    }
    keeps = is_self or any(place.kind == "administrator" for place in places[seeker_id])
    return {
        "id": person.id,
        "name": person.name,
        "version": person.version,
        "erased_at": person.erased_at,
        "employee_number": person.employee_number if keeps else None,
        "entries": [row._mapping for row in people.entries_of_person(tx, person_id, day)],
        "contact": dict.fromkeys(contact.FIELDS) | seen,
        "visibility": visibilities if keeps else None,
    }


def list_staff(tx, request: dict, seeker_id: str, now: datetime) -> dict:
    """Everybody in a unit, those who lead it first."""
    day = today(now)
    if units.one(tx, request["unit_id"], day) is None:
        raise Refused("not_found")
    unit_ids = _units_searched(tx, request["unit_id"], request["sub_units"])
    after = position(request["cursor"], a_number, an_id)
    rows = people.staff(tx, unit_ids, day, after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.rank, row.membership_id))
    return {"items": [row._mapping for row in rows], "next_cursor": next_cursor}


def get_names(tx, person_ids: list[str]) -> dict:
    return {"items": [row._mapping for row in people.names(tx, person_ids)]}


def get_contacts(tx, person_ids: list[str]) -> dict:
    return {"items": [row._mapping for row in people.contacts(tx, person_ids)]}


def search_people(tx, request: dict, seeker_id: str, now: datetime) -> dict:
    query = understand(request["q"])
    if request["q"] and query.size < SHORTEST_SEARCH:
        raise InvalidRequest("a search needs more letters", errors={"q": ["At least 2 letters or digits."]})
    (offset,) = position(request["cursor"], a_number) or (0,)
    if offset >= DEEPEST:
        raise Refused("search_too_deep", "Search for something narrower.", at_most=DEEPEST)
    limit = min(request["limit"], DEEPEST - offset)
    wanted = search.Wanted(
        query, seeker_id, today(now), _units_searched(tx, request["unit_id"], request["sub_units"]), request["post"],
        offset, limit + 1,
    )  # fmt: skip
    found = search.find(tx, wanted)
    if not found and query.words and not offset:
        found = _find_meant(tx, wanted)
        return {"items": found[:limit], "next_cursor": None}
    lines, next_cursor = page(found, limit, lambda line: (offset + limit,))
    return {"items": lines, "next_cursor": next_cursor}


def _find_meant(tx, wanted: search.Wanted) -> list:
    """What is found when the words that no line has are spelled as they may have been meant."""
    unknown = search.unknown_words(tx, wanted.query.words)
    if not unknown:
        return []
    spellings = [_spellings(tx, word) if word in unknown else [word] for word in wanted.query.words]
    meant = (search.find(tx, replace(wanted, query=Query(words))) for words in islice(product(*spellings), MEANINGS))
    return next((found for found in meant if found), [])


def _spellings(tx, word: str) -> list[str]:
    """The likeliest first: without Telex keys it is what was meant, else the most frequent word one slip away."""
    forms = likely_meant(word)
    known = search.spelled(tx, forms)
    return sorted(known, key=lambda form: form != forms[0])[:SPELLINGS] if forms else []


def _units_searched(tx, unit_id: str | None, sub_units: bool) -> tuple[str, ...] | None:
    if unit_id is None:
        return None
    return tuple(units.with_sub_units(tx, unit_id)) if sub_units else (unit_id,)


def described(tx, person_id: str) -> dict:
    person = people.one(tx, person_id)
    if person is None:
        raise Refused("not_found")
    return {"id": person.id, "name": person.name}
