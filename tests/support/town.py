"""A little town in place of the city: enough units and posts for the rules, in a service's copy of the directory.

Post ids, unit ids and person ids follow from their names, so that tests can name them: `post("ward-1 head")`.
"""

import uuid
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from chassis import clock
from kernel.directory_copy.facts import apply_page
from kernel.directory_copy.tables import state

WARDS = 3
LONG_AGO = "2025-07-01"


def id_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def unit(name: str) -> str:
    return id_of(f"unit {name}")


def post(name: str) -> str:
    return id_of(f"post {name}")


def person(name: str) -> str:
    return id_of(f"person {name}")


def claims(name: str, **chosen: str) -> dict:
    """The token's claims of whoever holds the post of this name."""
    return {"sub": person(name), "membership_id": None, "delegation_id": None, "session_id": "test"} | chosen


def membership_of(name: str) -> str:
    return id_of(f"membership {name}")


DELEGATION = id_of("delegation vice to deputy")  # the vice chairman's powers, lent to the office's deputy chief


def facts(wards: int = WARDS) -> list[dict]:
    """Units: committee, office, dept with one division, wards ward-1...; in each the posts `<unit> <kind>`."""
    found = []

    def fact(kind: str, key: str, /, **content) -> None:
        found.append({"kind": kind, "id": key, "version": len(found) + 1, "fact": content})

    def a_unit(name: str, kind: str, title: str, posts: dict[str, str], parent: str | None = "committee") -> None:
        dates = {"valid_from": LONG_AGO, "valid_to": None}
        fact(
            "unit", unit(name), code=name, kind=kind, name=title, full_name=title, full_name_en=None,
            parent_id=parent and unit(parent), **dates,
        )  # fmt: skip
        for rank, (post_kind, post_title) in enumerate(posts.items()):
            full = f"{name} {post_kind}"
            fact(
                "post", post(full), unit_id=unit(name), kind=post_kind, title=post_title, is_head=rank == 0,
                rank=rank, **dates,
            )  # fmt: skip
            fact(
                "membership", membership_of(full), person_id=person(full), post_id=post(full), primary=True, **dates
            )  # fmt: skip

    committee = {"chairman": "Chủ tịch", "vice_chairman": "Phó Chủ tịch", "standing_member": "Ủy viên Thường trực"}
    a_unit("committee", "committee", "UBND Thành phố", committee, parent=None)
    office = {
        "chief_of_office": "Chánh Văn phòng",
        "deputy_chief_of_office": "Phó Văn phòng",
        "official": "Chuyên viên",
    }
    a_unit("office", "office", "Văn phòng UBND", office)
    department = {
        "head": "Giám đốc Sở Nội vụ",
        "clerk": "Văn thư",
        "official": "Chuyên viên",
        "auditor": "Kiểm soát viên nhật ký",
    }
    a_unit("dept", "department", "Sở Nội vụ", department)
    a_unit("division", "division", "Phòng Tổ chức", {"division_head": "Trưởng phòng"}, parent="dept")
    for number in range(1, wards + 1):
        ward = {"head": f"Chủ tịch phường {number}", "clerk": "Văn thư", "official": "Chuyên viên"}
        a_unit(f"ward-{number}", "ward", f"Phường {number}", ward)
    fact(
        "delegation", DELEGATION, grantor_post_id=post("committee vice_chairman"),
        grantee_person_id=person("office deputy_chief_of_office"), scope="all", document_number="12/UQ-UBND",
        valid_from=LONG_AGO, valid_to=None,
    )  # fmt: skip
    all_wards = [unit(f"ward-{number}") for number in range(1, wards + 1)]
    fact("audience", "all-wards", title="Tất cả phường", title_en="All wards", unit_ids=all_wards)
    fact("audience", "whole-city", title="Toàn thành phố", title_en="Whole city", unit_ids=[])
    return found


@dataclass(frozen=True)
class Town:
    """One service's database with the town's facts in it."""

    store: object

    def rows(self, query: str, **parameters) -> list[dict]:
        with self.store.reading() as tx:
            return [dict(row) for row in tx.execute(sa.text(query), parameters).mappings()]

    def do(self, statement: str, **parameters) -> None:
        """What no verb does: time that has passed, a person who changed."""
        with self.store.transaction() as tx:
            tx.execute(sa.text(statement), parameters)

    def events(self) -> list[tuple[str, dict]]:
        """What the service has said, in order: names and data."""
        return [(row["name"], row["data"]) for row in self.rows("SELECT name, data FROM outbox ORDER BY id")]


@pytest.fixture
def town(clean, store):
    """An empty service that knows the town: `town("tasks")`."""

    def found(service: str, wards: int = WARDS) -> Town:
        clean(service)
        database = store(service)
        items = facts(wards)
        with database.transaction() as tx:
            tx.execute(sa.insert(state).values(only=True, version=0, newest=0, filled=False))
            apply_page(tx, 0, items, len(items), True, clock.now())
        return Town(database)

    return found
