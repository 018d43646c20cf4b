"""Fills the city's posts with generated people and turns it into rows, in the order of the tables' columns.

Everybody is fictitious: the names are drawn by chance, a telephone number begins with 028 0, which no exchange of
the city uses, a mobile number with 01, which no network uses any more, and an e-mail address ends in .example, which
no mail can reach.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from uuid import UUID

from directory.city import calendar
from directory.city.history import FOUNDED, History, history
from directory.city.names import Names
from directory.city.rows import (
    AccountRow,
    AudienceRow,
    DelegationRow,
    MembershipRow,
    PersonRow,
    PostRow,
    UnitRow,
    WorkingDayRow,
)
from directory.city.structure import COMMUNE_LEVEL, OFFICE_CODE, ROOT_CODE, Post, Unit, units
from directory.domain.names import fold, given_name, search_form

FOUNDED_MS = 1_751_302_800_000  # the same as milliseconds since 1970, for ids that look made then
DEMO_DEPARTMENT, DEMO_WARD, DELEGATE_DEPARTMENT = "STC", "25747", "SNV"
HEAD_KINDS = ("office", "department", *COMMUNE_LEVEL)

ROLES = {  # role of the demonstration -> unit and kind of the post that its account holds
    "chairman": (ROOT_CODE, "chairman"),
    "vice_chairman": (ROOT_CODE, "vice_chairman"),
    "chief_of_office": (OFFICE_CODE, "chief_of_office"),
    "office_clerk": (OFFICE_CODE, "office_clerk"),
    "department_head": (DEMO_DEPARTMENT, "head"),
    "unit_head": (DEMO_WARD, "head"),
    "unit_clerk": (DEMO_WARD, "clerk"),
    "official": (f"{DEMO_WARD}-VP", "official"),
    "administrator": ("SKHCN-CDS", "administrator"),
    "auditor": ("TTTP", "auditor"),
}


@dataclass(frozen=True)
class City:
    units: list[UnitRow]
    posts: list[PostRow]
    people: list[PersonRow]
    memberships: list[MembershipRow]
    delegations: list[DelegationRow]
    audiences: list[AudienceRow]
    working_days: list[WorkingDayRow]
    accounts: list[AccountRow]
    history: History
    roles: dict[str, AccountRow]  # the ten roles of the demonstration
    heads: list[tuple[UnitRow, AccountRow]]  # the 184 units and who heads them
    newest: int  # the newest version given


class TooFewPeople(ValueError):
    """The city cannot be led by so few."""


def build(people: int, seed: int, today: date) -> City:
    return _Builder(seed, today).build(people)


class _Builder:
    def __init__(self, seed: int, today: date):
        self._chance = Random(seed)
        self._names = Names(Random(seed + 1))
        self._today = today
        self._version = 0

    def build(self, people: int) -> City:
        structure = units()
        unit_rows = self._unit_rows(structure)
        posts = {post: self._post_row(post, unit_rows[post.unit.code]) for unit in structure for post in unit.posts}
        holders = self._holders(structure, people)
        persons = [self._person(number) for number in range(1, people + 1)]
        memberships, first_holder = [], {}
        for person, post in zip(persons, holders, strict=True):
            row = posts[post]
            memberships.append(self._membership(person, row, True))
            first_holder.setdefault((post.unit.code, post.kind), person)
        memberships += self._second_posts(structure, posts, first_holder)
        by_code = {unit.code: unit for unit in structure}
        accounts = self._accounts(persons, first_holder, by_code)
        delegations = self._delegations(by_code, posts, first_holder)
        audiences = self._audiences(unit_rows.values())
        days = [
            WorkingDayRow(day, self._next_version(), working, name)
            for day, (working, name) in calendar.exceptions(self._today.year - 1, self._today.year + 2).items()
        ]
        deputies = defaultdict(list)
        for person, post in zip(persons, holders, strict=True):
            if post.kind == "deputy_head":
                deputies[post.unit.code].append(person.id)
        administrator = by_code[ROLES["administrator"][0]].posts[-1]
        past = history(
            self._id, self._next_version, unit_rows, deputies, self._today,
            entered_by=first_holder[ROLES["administrator"]].id, entered_as=posts[administrator].id,
        )  # fmt: skip
        return City(
            units=list(unit_rows.values()),
            posts=list(posts.values()),
            people=persons,
            memberships=memberships,
            delegations=delegations,
            audiences=audiences,
            working_days=days,
            accounts=list(accounts.values()),
            history=past,
            roles={role: accounts[first_holder[place].id] for role, place in ROLES.items()},
            heads=[
                (unit_rows[unit.code], accounts[first_holder[unit.code, _head(unit).kind].id])
                for unit in structure
                if unit.kind in HEAD_KINDS
            ],
            newest=self._version,
        )

    def _id(self) -> str:
        """A UUIDv7 of the day the city was founded, by chance but the same for the same seed."""
        bits = self._chance.getrandbits(74)
        value = FOUNDED_MS << 80 | 7 << 76 | bits >> 62 << 64 | 2 << 62 | bits & (1 << 62) - 1
        return str(UUID(int=value))

    def _next_version(self) -> int:
        self._version += 1
        return self._version

    def _unit_rows(self, structure: list[Unit]) -> dict[str, UnitRow]:
        rows: dict[str, UnitRow] = {}
        for unit in structure:
            parent_id = rows[unit.above.code].id if unit.above else None
            names = (unit.name, unit.full_name, unit.full_name_en)
            folded = search_form(f"{unit.full_name} {unit.code}")
            rows[unit.code] = UnitRow(
                self._id(), self._next_version(), unit.code, unit.kind, *names, folded, parent_id, FOUNDED
            )
        return rows

    def _post_row(self, post: Post, unit: UnitRow) -> PostRow:
        return PostRow(
            self._id(), self._next_version(), unit.id, post.kind, post.title, post.is_head, post.rank, FOUNDED
        )

    def _holders(self, structure: list[Unit], people: int) -> list[Post]:
        """A post for each person: first every single post, then the officials, by the weight of their divisions."""
        single = [post for unit in structure for post in unit.posts if not post.shared and not _held_beside(post)]
        shared = [post for unit in structure for post in unit.posts if post.shared]
        demo = next(post for post in shared if post.unit.code == ROLES["official"][0])
        left = people - len(single) - 1
        if left < 0:
            raise TooFewPeople(f"at least {len(single) + 1} people are needed to fill every post that leads or serves")
        weights = [post.unit.weight * self._chance.uniform(0.7, 1.3) for post in shared]
        given, officials = 0, [demo]
        for post, share in zip(shared, accumulate(weights), strict=True):
            upto = round(share / sum(weights) * left)
            officials += [post] * (upto - given)
            given = upto
        return single + officials

    def _person(self, number: int) -> PersonRow:
        name = self._names.draw()
        given = given_name(name)
        initials = "".join(word[0] for word in fold(name).split()[:-1])
        return PersonRow(
            self._id(), name, search_form(name), given, f"(028) 0{number // 10000:03d} {number % 10000:04d}",
            f"{given}{initials}.{number:06d}@hcm.example", f"0100 {number // 1000:03d} {number % 1000:03d}",
            f"P. {number % 9 + 1}{number // 9 % 30 + 1:02d}", f"CB{number:06d}",
        )  # fmt: skip

    def _membership(self, person: PersonRow, post: PostRow, primary: bool) -> MembershipRow:
        return MembershipRow(self._id(), self._next_version(), person.id, post.id, primary, FOUNDED)

    def _second_posts(self, structure, posts, first_holder) -> list[MembershipRow]:
        """At the commune level a vice chairman heads the public administration service centre beside his own post."""
        memberships = []
        for unit in structure:
            for post in unit.posts:
                if _held_beside(post):
                    person = first_holder[unit.above.code, "deputy_head"]
                    memberships.append(self._membership(person, posts[post], False))
        return memberships

    def _accounts(self, persons, first_holder, by_code) -> dict[str, AccountRow]:
        """One account for everybody; the demonstration's roles and the heads of units have names to remember."""
        names = {first_holder[unit.code, _head(unit).kind].id: f"head.{unit.code.lower()}"
                 for unit in by_code.values() if unit.kind in HEAD_KINDS}  # fmt: skip
        names |= {first_holder[place].id: role for role, place in ROLES.items()}
        return {
            person.id: AccountRow(self._id(), person.id, names.get(person.id, f"nv{number:06d}"))
            for number, person in enumerate(persons, start=1)
        }

    def _delegations(self, by_code, posts, first_holder) -> list[DelegationRow]:
        """Powers lent: a vice chairman's to a director (TUQ.), a ward head's to his deputy (KT.), one over."""
        vice_chairman = posts[by_code[ROOT_CODE].posts[2]]
        ward_head = posts[by_code[DEMO_WARD].posts[0]]
        director = first_holder[DELEGATE_DEPARTMENT, "head"]
        deputy = first_holder[DEMO_WARD, "deputy_head"]
        year = self._today.year
        lent = [
            (vice_chairman, director, "TUQ", "tasks", f"512/QĐ-UBND ({year})", -7, 60),
            (ward_head, deputy, "KT", "all", f"27/QĐ-UBND ({year})", -2, 14),
            (vice_chairman, deputy, "TUQ", "tasks", f"88/QĐ-UBND ({year})", -40, -10),
        ]
        return [
            DelegationRow(
                self._id(), self._next_version(), post.id, person.id, kind, scope, number,
                max(FOUNDED, self._today + timedelta(first)), self._today + timedelta(end),
            )
            for post, person, kind, scope, number, first, end in lent
        ]  # fmt: skip

    def _audiences(self, rows) -> list[AudienceRow]:
        ids = defaultdict(list)
        for unit in rows:
            ids[unit.kind].append(unit.id)
        departments, wards, communes = ids["office"] + ids["department"], ids["ward"], ids["commune"]
        commune_level = wards + communes + ids["special_zone"]
        named = [
            ("all-departments", "Các sở, ban, ngành", "All departments and agencies", departments),
            ("all-wards", "Các phường", "All wards", wards),
            ("all-communes", "Các xã", "All communes", communes),
            ("all-commune-level", "Các phường, xã, đặc khu", "All wards, communes and the special zone", commune_level),
            ("all-units", "Tất cả đơn vị", "All units", departments + commune_level),
            ("whole-city", "Toàn Thành phố", "Everybody in the city", []),
        ]
        return [AudienceRow(name, self._next_version(), *titles, unit_ids) for name, *titles, unit_ids in named]


def _head(unit: Unit) -> Post:
    return next(post for post in unit.posts if post.is_head)


def _held_beside(post: Post) -> bool:
    return post.is_head and post.unit.code.endswith("-HCC") and post.unit.above.kind in COMMUNE_LEVEL
