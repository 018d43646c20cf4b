"""How a person can be reached, and who may know it.

Each field has a visibility: `city` everybody, `unit` those of the same department or commune and those above it,
`staff` the leaders of the city and those who keep leaders' calendars, `self` nobody but the person. Administrators of
the directory see all, because they keep it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from directory.domain.posts import RANKS
from directory.domain.searching import digits_of

FIELDS = ("phone", "mobile", "email", "room")
VISIBILITIES = ("city", "unit", "staff", "self")
LEADER = RANKS["deputy_head"] + 1  # this rank and those before it; a commune's rank is one more
STANDING_PC = frozenset({"chairman", "vice_chairman", "standing_member"})
CITY_OFFICE = frozenset({"chief_of_office", "deputy_chief_of_office", "office_clerk"})
SECRETARIES = frozenset({"secretary", "clerk", "office_clerk"})


@dataclass(frozen=True)
class Place:
    """A post that somebody holds: `path` are its unit and those above it, `top` the one that stands for it outside."""

    kind: str
    rank: int
    top: str
    path: tuple[str, ...]


def default_visibility(field: str, places: Iterable[Place]) -> str:
    """A leader's mobile is for those who serve leaders, anybody else's for his own unit; the rest is for everybody."""
    if field != "mobile":
        return "city"
    return "staff" if any(place.rank <= LEADER for place in places) else "unit"


def visibilities(own: Mapping[str, str], places: Iterable[Place]) -> dict[str, str]:
    """What holds for each field: what the person chose, else the default of his most senior post."""
    places = list(places)
    return {field: own.get(field) or default_visibility(field, places) for field in FIELDS}


def may_see(visibility: str, *, is_self: bool, seeker: Iterable[Place], person: Iterable[Place]) -> bool:
    seeker, person = list(seeker), list(person)
    if visibility == "city" or is_self or any(place.kind == "administrator" for place in seeker):
        return True
    if visibility == "self":
        return False
    pairs = [(one, other) for one in seeker for other in person]
    if any(one.kind in STANDING_PC | CITY_OFFICE for one in seeker):
        return True
    if visibility == "staff":
        return any(one.kind in SECRETARIES and one.top == other.top for one, other in pairs)
    return any(one.top == other.top or one.path[0] in other.path for one, other in pairs)


def searchable_digits(phone: str | None, mobile: str | None, own: Mapping[str, str]) -> str:
    """The numbers by which anybody may find a person: those that everybody may see."""
    numbers = [phone if own.get("phone", "city") == "city" else None, mobile if own.get("mobile") == "city" else None]
    return " ".join(digits_of(number) for number in numbers if number)
