"""The city's units and posts: who is above whom, and what there is to be held. No people yet."""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from directory.domain.posts import RANKS

DATA = Path(__file__).resolve().parent.parent / "data"
ROOT_CODE, OFFICE_CODE = "UBND", "VPUB"
ADMINISTRATOR_DIVISION, AUDITOR_UNIT = "SKHCN-CDS", "TTTP"
COMMUNE_LEVEL = ("ward", "commune", "special_zone")
VICE_CHAIRMEN, STANDING_MEMBERS, OFFICE_DEPUTIES, DEPARTMENT_DEPUTIES, COMMUNE_DEPUTIES = 5, 3, 4, 3, 2

# how a division is led: the division's word, then the titles that replace it for its head and his deputy
DIVISION_TITLES = {
    "Văn phòng": ("Chánh Văn phòng", "Phó Chánh Văn phòng"),
    "Phòng": ("Trưởng phòng", "Phó Trưởng phòng"),
    "Ban": ("Trưởng ban", "Phó Trưởng ban"),
    "Chi cục": ("Chi cục trưởng Chi cục", "Phó Chi cục trưởng Chi cục"),
    "Trung tâm": ("Giám đốc Trung tâm", "Phó Giám đốc Trung tâm"),
}


@dataclass(eq=False)
class Unit:
    """A unit with its posts. `above` is the unit that it belongs to, `top` the one that stands for it outside."""

    code: str
    kind: str
    name: str
    full_name: str
    full_name_en: str | None = None
    above: "Unit | None" = None
    posts: list["Post"] = field(default_factory=list)
    weight: float = 0.0  # the share of the officials who work here

    @property
    def top(self) -> "Unit":
        return self.above.top if self.kind == "division" else self

    def has(self, kind: str, title: str, *, is_head: bool = False, is_first: bool = False, times: int = 1) -> None:
        for _ in range(times):
            self.posts.append(Post(self, kind, title, is_head, is_first))


@dataclass(eq=False)
class Post:
    """A position. Who holds it is decided later; `shared` posts (officials) have many holders.

    `is_first` is the first among posts of its kind, as the standing vice chairman among the vice chairmen.
    """

    unit: Unit
    kind: str
    title: str  # how it is spoken of, with its unit
    is_head: bool
    is_first: bool = False

    @property
    def rank(self) -> int:
        """The city's departments come before the commune level."""
        return RANKS[self.kind] - self.is_first + (self.unit.top.kind in COMMUNE_LEVEL)

    @property
    def shared(self) -> bool:
        return self.kind == "official"


def units() -> list[Unit]:
    """Every unit with its posts, those above before those below."""
    root = _committee()
    divisions = defaultdict(list)
    for row in _rows("divisions.csv"):
        divisions[row["unit"]].append(row)
    city = [root]
    for row in (*_rows("departments.csv"), *_rows("communes.csv")):
        unit = Unit(**row, above=root)
        city.append(unit)
        if unit.kind in COMMUNE_LEVEL:
            _commune_posts(unit)
        elif unit.kind == "office":
            _office_posts(unit)
        else:
            _department_posts(unit)
        city += [_division(unit, row) for row in divisions[unit.code if unit.code in divisions else unit.kind]]
    for unit in city:
        if unit.code == ADMINISTRATOR_DIVISION:
            unit.has("administrator", "Quản trị viên nền tảng Công Vụ")
        if unit.code == AUDITOR_UNIT:
            unit.has("auditor", "Kiểm soát viên nhật ký nền tảng Công Vụ")
    return city


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _committee() -> Unit:
    root = Unit(
        ROOT_CODE, "committee", "UBND Thành phố", "Ủy ban nhân dân Thành phố Hồ Chí Minh",
        "People's Committee of Ho Chi Minh City",
    )  # fmt: skip
    root.has("chairman", "Chủ tịch UBND Thành phố", is_head=True)
    root.has("vice_chairman", "Phó Chủ tịch Thường trực UBND Thành phố", is_first=True)
    root.has("vice_chairman", "Phó Chủ tịch UBND Thành phố", times=VICE_CHAIRMEN)
    root.has("standing_member", "Ủy viên Thường trực UBND Thành phố", times=STANDING_MEMBERS)
    root.has("secretary", "Thư ký Chủ tịch UBND Thành phố")
    return root


def _office_posts(unit: Unit) -> None:
    unit.has("chief_of_office", "Chánh Văn phòng UBND Thành phố", is_head=True)
    unit.has("deputy_chief_of_office", "Phó Chánh Văn phòng UBND Thành phố", times=OFFICE_DEPUTIES)
    unit.has("office_clerk", "Văn thư Văn phòng UBND Thành phố", times=3)
    unit.has("secretary", "Thư ký Lãnh đạo Văn phòng UBND Thành phố")


def _department_posts(unit: Unit) -> None:
    word, name = ("Chánh", unit.full_name) if unit.full_name.startswith("Thanh tra") else ("Giám đốc", unit.full_name)
    unit.has("head", f"{word} {name}", is_head=True)
    unit.has("deputy_head", f"Phó {word} {name}", times=DEPARTMENT_DEPUTIES)
    unit.has("secretary", f"Thư ký Lãnh đạo {name}")
    unit.has("clerk", f"Văn thư {name}")


def _commune_posts(unit: Unit) -> None:
    unit.has("head", f"Chủ tịch UBND {unit.full_name}", is_head=True)
    unit.has("deputy_head", f"Phó Chủ tịch UBND {unit.full_name}", times=COMMUNE_DEPUTIES)
    unit.has("secretary", f"Thư ký Lãnh đạo UBND {unit.full_name}")
    unit.has("clerk", f"Văn thư UBND {unit.full_name}")


def _division(above: Unit, row: dict[str, str]) -> Unit:
    name = row["name"]
    division = Unit(f"{above.code}-{row['code']}", "division", name, f"{name} {above.full_name}", None, above)
    division.weight = 1.0 if above.kind in COMMUNE_LEVEL else 3.0
    word = next(word for word in DIVISION_TITLES if name == word or name.startswith(word + " "))
    rest = division.full_name.removeprefix(word)
    head, deputy = DIVISION_TITLES[word]
    division.has("division_head", head + rest, is_head=True)
    division.has("deputy_division_head", deputy + rest)
    staff = "Viên chức" if word == "Trung tâm" else "Chuyên viên"
    division.has("official", f"{staff} {division.full_name}")
    return division
