"""What was before the two-level government, and what is planned: so that questions about another day have answers."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from directory.city.rows import MembershipRow, PostRow, ReorganisationRow, SuccessorRow, UnitRow
from directory.domain.names import search_form
from directory.domain.organisation import head_title
from directory.domain.posts import RANKS
from kernel.working_time import TZ

FORMER = Path(__file__).resolve().parent.parent / "data" / "former.csv"
FOUNDED = date(2025, 7, 1)  # the two-level government began
BEFORE = date(2021, 7, 1)  # the city's wards became administrations without a council
RESOLUTION, RESOLVED = "1685/NQ-UBTVQH15", date(2025, 6, 16)
AHEAD = timedelta(45)
PLANNED = ("SDL-LH", "SDL-LT")  # to become one:
TOGETHER = {
    "code": "SDL-DL",
    "kind": "division",
    "name": "Dịch vụ du lịch",
    "full_name": "Phòng Dịch vụ du lịch Sở Du lịch",
}


@dataclass
class History:
    """Rows beside those of today."""

    units: list[UnitRow] = field(default_factory=list)
    posts: list[PostRow] = field(default_factory=list)
    memberships: list[MembershipRow] = field(default_factory=list)
    unit_successors: list[SuccessorRow] = field(default_factory=list)
    reorganisations: list[ReorganisationRow] = field(default_factory=list)


def history(
    new_id: Callable[[], str],
    next_version: Callable[[], int],
    units: Mapping[str, UnitRow],
    deputies: Mapping[str, Sequence[str]],
    today: date,
    **entered: str,
) -> History:
    """Former wards, each headed by somebody who is now a deputy where it went, and a plan for a month ahead."""
    found, merged, placed = History(), defaultdict(list), defaultdict(int)

    def entry(change: str, command: dict, unit_ids: list[str], successor_ids: list[str], **of_it) -> None:
        found.reorganisations.append(ReorganisationRow(
            id=new_id(), change=change, command=json.dumps(command), unit_ids=unit_ids, successor_ids=successor_ids,
            without_post=[], **entered, **of_it,
        ))  # fmt: skip

    done = {
        "version": 2, "state": "done", "on_day": FOUNDED, "document_number": RESOLUTION,
        "created_at": _morning(RESOLVED), "decided_at": _morning(FOUNDED),
    }  # fmt: skip
    for row in _rows():
        heirs = [units[code] for code in row["successors"].split()]
        names = (row["name"], row["full_name"], row["full_name_en"])
        folded = search_form(f"{row['full_name']} {row['code']}")
        ward = UnitRow(
            new_id(), next_version(), row["code"], "ward", *names, folded, heirs[0].parent_id, BEFORE, FOUNDED
        )
        title = head_title("ward", ward.full_name)
        post = PostRow(new_id(), next_version(), ward.id, "head", title, True, RANKS["head"] + 1, BEFORE, FOUNDED)
        head = deputies[heirs[0].code][placed[heirs[0].code]]
        placed[heirs[0].code] += 1
        found.units.append(ward)
        found.posts.append(post)
        found.memberships.append(MembershipRow(new_id(), next_version(), head, post.id, True, BEFORE, FOUNDED))
        how = "merged" if len(heirs) == 1 else "dissolved"
        found.unit_successors += [SuccessorRow(ward.id, heir.id, how, FOUNDED) for heir in heirs]
        if how == "merged":
            merged[heirs[0].id].append(ward.id)
        else:
            ids = [heir.id for heir in heirs]
            entry("dissolve", {"unit_id": ward.id, "successor_ids": ids}, [ward.id, *ids], ids, **done)
    for into, ids in merged.items():
        entry("merge", {"unit_ids": ids, "into_unit_id": into, "into": None}, [*ids, into], [into], **done)
    ids = [units[code].id for code in PLANNED]
    entry(
        "merge", {"unit_ids": ids, "into_unit_id": None, "into": TOGETHER | {"full_name_en": None, "head_title": None}},
        ids, [], version=1, state="planned", on_day=_first_of_a_month(today + AHEAD),
        document_number=f"146/QĐ-UBND ({today.year})", created_at=_morning(today - timedelta(1)), decided_at=None,
    )  # fmt: skip
    return found


def _rows() -> list[dict[str, str]]:
    with FORMER.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(8), TZ)


def _first_of_a_month(day: date) -> date:
    """That day, or the next that begins a month."""
    while day.day != 1:
        day += timedelta(1)
    return day
