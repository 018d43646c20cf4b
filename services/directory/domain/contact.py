"""How a person can be reached, and who may know it.

Each field has a visibility: `city` everybody; `unit` those of the same department or commune; `staff` those among them
who serve its leaders; `self` nobody but the person. Who leads the city or works for those who do sees the first three,
and administrators, who keep the directory, see all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from directory.domain.posts import RANKS
from directory.domain.searching import digits_of

FIELDS = ("phone", "mobile", "email", "room")
VISIBILITIES = ("city", "unit", "staff", "self")
LEADER = RANKS["deputy_head"] + 1  # this rank and those before it; a commune's rank is one more
LEADS_THE_CITY = frozenset({
    "chairman", "vice_chairman", "standing_member", "chief_of_office", "deputy_chief_of_office", "office_clerk",
})  # fmt: skip
SERVES_LEADERS = frozenset({"secretary", "clerk", "office_clerk"})
OF_THE_CITY = ("committee", "office")  # kinds of units


@dataclass(frozen=True)
class Place:
    """A post that somebody holds. `top` is the unit that stands for it outside: a department, a ward."""

    kind: str
    rank: int
    top_id: str
    top_kind: str

    @property
    def serves_leaders(self) -> bool:
        return self.kind in SERVES_LEADERS

    @property
    def sees_the_city(self) -> bool:
        return self.kind in LEADS_THE_CITY or (self.serves_leaders and self.top_kind in OF_THE_CITY)


def default_visibility(field: str, places: Iterable[Place]) -> str:
    """A leader's mobile is for those who serve leaders, anybody else's for his own unit; the rest is for everybody."""
    if field != "mobile":
        return "city"
    return "staff" if any(place.rank <= LEADER for place in places) else "unit"


def visibilities(chosen: Mapping[str, str], places: Iterable[Place]) -> dict[str, str]:
    """What holds for each field: what the person chose, else the default of his posts."""
    places = list(places)
    return {field: chosen.get(field) or default_visibility(field, places) for field in FIELDS}


def may_see(visibility: str, seeker: Iterable[Place], person: Iterable[Place]) -> bool:
    """Whether somebody else may see it: a seeker in any of his posts."""
    seeker = list(seeker)
    tops = {place.top_id for place in person}
    if visibility == "city" or any(place.kind == "administrator" for place in seeker):
        return True
    if visibility == "self":
        return False
    return any(
        place.sees_the_city or (place.top_id in tops and (visibility == "unit" or place.serves_leaders))
        for place in seeker
    )


def searchable_digits(phone: str | None, mobile: str | None, chosen: Mapping[str, str]) -> str:
    """The numbers by which anybody may find a person: those that everybody may see."""
    open_ = {"phone": phone} if chosen.get("phone", "city") == "city" else {}
    open_ |= {"mobile": mobile} if chosen.get("mobile") == "city" else {}
    return " ".join(digits_of(number) for number in open_.values() if number)
