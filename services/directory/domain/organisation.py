"""The organisation as its rules see it: units in a tree, the posts in them, who holds these, what was lent, audiences.

Facts have a first day and an end, the day after the last. Everything here is a value: a change is a new value.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from directory.domain.posts import DEPUTIES, RANKS
from kernel.errors import Refused

COMMUNE_LEVEL = frozenset({"ward", "commune", "special_zone"})
DIRECTLY_BELOW = frozenset({"office", "department"}) | COMMUNE_LEVEL  # what the city's committee orders

# kind of unit -> the kinds that it may stand below
ABOVE = {kind: frozenset({"committee"}) for kind in DIRECTLY_BELOW} | {
    "committee": frozenset(),
    "division": DIRECTLY_BELOW | {"division"},
}
HEAD_KIND = dict.fromkeys(DIRECTLY_BELOW, "head") | {
    "committee": "chairman",
    "office": "chief_of_office",
    "division": "division_head",
}
SPECIAL_POSTS = frozenset({"administrator", "auditor"})  # of the platform; in any unit, and only the city gives them
_EVERYWHERE = SPECIAL_POSTS | {"official", "secretary", "clerk"}
POSTS_IN = {kind: _EVERYWHERE | {"head", "deputy_head"} for kind in DIRECTLY_BELOW} | {
    "committee": _EVERYWHERE | {"chairman", "vice_chairman", "standing_member"},
    "office": _EVERYWHERE | {"chief_of_office", "deputy_chief_of_office", "office_clerk"},
    "division": _EVERYWHERE | {"division_head", "deputy_division_head"},
}
# the standing audiences of units, and the kinds of units that each is for
AUDIENCE_KINDS = {
    "all-departments": frozenset({"office", "department"}),
    "all-wards": frozenset({"ward"}),
    "all-communes": frozenset({"commune"}),
    "all-commune-level": COMMUNE_LEVEL,
    "all-units": DIRECTLY_BELOW,
}
EVERYBODY = "whole-city"


@dataclass(frozen=True, slots=True)
class Unit:
    """`changed_on` is the first day on which it is as it is now."""

    id: str
    code: str
    kind: str
    name: str
    full_name: str
    full_name_en: str | None
    parent_id: str | None
    valid_from: date
    valid_to: date | None
    changed_on: date


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    unit_id: str
    kind: str
    title: str
    is_head: bool
    rank: int
    valid_from: date
    valid_to: date | None
    changed_on: date


@dataclass(frozen=True, slots=True)
class Membership:
    id: str
    person_id: str
    post_id: str
    primary: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Delegation:
    id: str
    grantor_post_id: str
    grantee_person_id: str
    kind: str
    scope: str
    document_number: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Audience:
    id: str
    unit_ids: tuple[str, ...]


@dataclass
class Organisation:
    """The part of the city that a decision looks at. `codes` are all that were ever given to a unit."""

    units: dict[str, Unit] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    audiences: dict[str, Audience] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()

    def path(self, unit_id: str | None) -> Iterator[str]:
        """A unit and those above it."""
        while unit_id is not None:
            yield unit_id
            unit_id = self.units[unit_id].parent_id

    def below(self, unit_id: str, day: date) -> list[Unit]:
        """The units that stand directly below one on a day."""
        return [unit for unit in self.units.values() if unit.parent_id == unit_id and live(unit, day)]

    def tree(self, unit_id: str, day: date) -> Iterator[Unit]:
        """A unit and everything below it on a day, those above before those below."""
        yield self.units[unit_id]
        for unit in self.below(unit_id, day):
            yield from self.tree(unit.id, day)

    def posts_in(self, unit_id: str, day: date) -> list[Post]:
        return [post for post in self.posts.values() if post.unit_id == unit_id and open_after(post, day)]

    def holders(self, post_id: str) -> list[Membership]:
        return [each for each in self.memberships.values() if each.post_id == post_id]


def live(fact, day: date) -> bool:
    return fact.valid_from <= day and open_after(fact, day)


def open_after(fact, day: date) -> bool:
    """Whether a fact holds on a day or will hold after it."""
    return fact.valid_to is None or fact.valid_to > day


def ended(fact, day: date):
    """The fact with its end on a day; what would have begun later never holds."""
    return replace(fact, valid_to=max(day, fact.valid_from))


def overlap(one, other) -> bool:
    """Whether there is a day on which both hold."""
    begins, ends = max(one.valid_from, other.valid_from), [f.valid_to for f in (one, other) if f.valid_to is not None]
    return not ends or begins < min(ends)


# the rules of the tree


def may_stand_below(kind: str, parent: Unit | None, where: str) -> None:
    if parent is None or parent.kind not in ABOVE[kind]:
        above = parent.kind if parent else None
        raise Refused("unit_misplaced", f"A {kind} does not stand below a {above}.", field=where)


def closes_no_circle(city: Organisation, unit_id: str, parent_id: str, where: str) -> None:
    if unit_id in city.path(parent_id):
        raise Refused("unit_cycle", "A unit stands neither below itself nor below what is below it.", field=where)


def code_is_new(codes: Iterable[str], code: str, where: str) -> None:
    """An official code is never given a second time, so that it means one unit for ever."""
    if code in codes:
        raise Refused("code_taken", "Another unit has, or had, this code.", field=where)


def is_standing(name: str) -> bool:
    """Whether an audience is the platform's own."""
    return name in AUDIENCE_KINDS or name == EVERYBODY


def audience_of_units(city: Organisation, name: str, unit_ids: Iterable[str], day: date) -> list[str]:
    """The units of an audience, if all are of the kinds that it is for. "whole-city" names people; one of the Office
    may have whatever can be ordered.
    """
    if name == EVERYBODY:
        raise Refused("audience_not_of_units", "This audience names people.", field="unit_ids")
    seen = {}
    for place, unit_id in enumerate(unit_ids):
        where = f"unit_ids.{place}"
        unit = city.units.get(unit_id)
        if unit is None or not live(unit, day):
            raise Refused("unknown_unit", "There is no such unit.", field=where, unit_id=unit_id)
        if unit.kind not in AUDIENCE_KINDS.get(name, DIRECTLY_BELOW):
            raise Refused("unit_of_other_kind", f"{name} is not for a {unit.kind}.", field=where, unit_id=unit_id)
        if unit_id in seen:
            raise Refused("unit_twice", "A unit is named once.", field=where, unit_id=unit_id)
        seen[unit_id] = unit
    return list(seen)


# the rules of posts


def post_fits(kind: str, unit: Unit, where: str = "kind") -> None:
    if kind not in POSTS_IN[unit.kind]:
        raise Refused("post_misplaced", f"There is no {kind} in a {unit.kind}.", field=where)


def rank_of(city: Organisation, kind: str, unit_id: str) -> int:
    """The city's own departments come before the commune level."""
    return RANKS[kind] + any(city.units[each].kind in COMMUNE_LEVEL for each in city.path(unit_id))


def head_title(kind: str, full_name: str) -> str:
    """How the head of a unit is usually called."""
    if kind in COMMUNE_LEVEL:
        return f"Chủ tịch UBND {full_name}"
    for word, title in HEAD_TITLES.items():
        if full_name == word or full_name.startswith(word + " "):
            return title + full_name.removeprefix(word)
    return f"Giám đốc {full_name}" if kind == "department" else f"Thủ trưởng {full_name}"


HEAD_TITLES = {
    "Văn phòng": "Chánh Văn phòng",
    "Thanh tra": "Chánh Thanh tra",
    "Phòng": "Trưởng phòng",
    "Ban": "Trưởng ban",
    "Chi cục": "Chi cục trưởng Chi cục",
    "Trung tâm": "Giám đốc Trung tâm",
}


def handed_over_kind(kind: str, unit_kind: str) -> str:
    """What a post becomes in a unit of another kind. Never more than it was: a division's deputy does not become a
    deputy of the ward.
    """
    if kind in POSTS_IN[unit_kind]:
        return kind
    return "clerk" if kind == "office_clerk" else "official"


def is_deputy(post: Post) -> bool:
    return post.kind in DEPUTIES
