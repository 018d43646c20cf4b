"""Units reorganised over HTTP, and heard by the copies: a division of the demonstration's ward comes and goes."""

import uuid

import psycopg
import pytest

from chassis.testing import until
from tests.support.client import days_from_now

TODAY = days_from_now(0)


@pytest.fixture
def division(person, ward):
    """A new division of the ward, dissolved at the end."""
    code = f"25747-T{uuid.uuid4().hex[:6]}"
    unit = {"code": code, "kind": "division", "name": "Phòng Thử", "full_name": "Phòng Thử Phường Thủ Dầu Một"}
    made = reorganise(person("unit_head"), establish={"unit": unit, "parent_id": ward})
    assert made.status_code == 201, made.text
    [id_] = made.json()["successor_ids"]
    yield id_
    person("unit_head").post("/reorganisations", a_change(dissolve={"unit_id": id_}))


def a_change(day=TODAY, **change):
    return {"on_day": day, "document_number": "3/QĐ-UBND", **change}


def reorganise(client, day=TODAY, **change):
    return client.post("/reorganisations", a_change(day, **change))


def problem(answer) -> tuple:
    body = answer.json()
    return answer.status_code, body["code"], [error["field"] for error in body.get("errors", [])]


def known_to(platform, service, table, id_):
    """A fact in a service's copy."""
    with psycopg.connect(platform.addresses["databases"][service]) as connection:
        cursor = connection.execute(f"SELECT * FROM copy_{table} WHERE id = %s", [id_])
        found = cursor.fetchone()
        return found and dict(zip([column.name for column in cursor.description], found, strict=True))


def test_a_division_is_made_renamed_and_dissolved_and_every_copy_hears_it(platform, person, ward, division):
    head = person("unit_head")
    for service in ("tasks", "reminders", "messaging", "gateway"):
        until(lambda service=service: known_to(platform, service, "units", division), 10)
    names = {"name": "Phòng Số", "full_name": "Phòng Số Phường Thủ Dầu Một"}
    renamed = reorganise(head, rename={"unit_id": division} | names)
    assert (renamed.status_code, renamed.json()["state"]) == (201, "done")
    assert head.get(renamed.headers["Location"].removeprefix("/api/v1")).json() == renamed.json()
    shown = head.get(f"/units/{division}").json()
    assert (shown["full_name"], shown["parent_id"]) == (names["full_name"], ward)
    until(lambda: known_to(platform, "tasks", "units", division)["name"] == "Phòng Số", 10)
    dissolved = reorganise(head, dissolve={"unit_id": division})
    assert dissolved.status_code == 201, dissolved.text
    assert head.get(f"/units/{division}").status_code == 404
    successors = head.get(f"/units/{division}/successors").json()
    assert [each["id"] for each in successors["today"]] == [ward]
    assert ward in [each["unit_id"] for each in successors["successors"]]


def test_a_post_is_taken_up_and_left(platform, person, division):
    head, official = person("unit_head"), person("official")
    post = head.post("/posts", {"unit_id": division, "kind": "official", "title": "Chuyên viên", "from_day": TODAY})
    assert post.status_code == 201, post.text
    me = official.get("/me").json()
    appointment = {"person_id": me["person"]["id"], "post_id": post.json()["id"], "from_day": TODAY, "primary": False}
    taken = head.post("/memberships", appointment)
    assert taken.status_code == 201, taken.text
    assert len(official.get("/me").json()["memberships"]) == len(me["memberships"]) + 1
    stale = {"If-Match": '"1"'}
    end = f"/memberships/{taken.json()['id']}/end"
    assert problem(head.post(end, {"on_day": TODAY}, headers=stale))[:2] == (412, "stale_version")
    left = head.post(end, {"on_day": TODAY}, headers={"If-Match": taken.headers["ETag"]})
    assert left.status_code == 200, left.text
    assert len(official.get("/me").json()["memberships"]) == len(me["memberships"])


def test_plans_are_entered_listed_and_withdrawn(person, division):
    head = person("unit_head")
    plan = reorganise(head, days_from_now(30), dissolve={"unit_id": division})
    assert (plan.status_code, plan.json()["state"]) == (201, "planned")
    listed = head.get("/reorganisations", params={"state": "planned"}).json()["items"]
    assert plan.json()["id"] in [each["id"] for each in listed]
    place = f"/reorganisations/{plan.json()['id']}"
    assert person("department_head").get(place).status_code == 404
    gone = head.post(f"{place}/withdraw", headers={"If-Match": plan.headers["ETag"]})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")


def test_what_is_wrong_is_said_by_field_in_vietnamese(person, ward, division):
    head = person("unit_head")
    below = reorganise(head, move={"unit_id": division, "parent_id": division})
    assert problem(below) == (422, "unit_cycle", ["move.parent_id"])
    assert below.json()["title"].startswith("Đơn vị không thể thuộc chính nó")
    assert problem(reorganise(head, days_from_now(-1), dissolve={"unit_id": division}))[1] == "day_in_past"
    assert problem(reorganise(head, dissolve={"unit_id": ward}))[:2] == (403, "not_authorised")
    assert problem(reorganise(head, "9999-12-31", dissolve={"unit_id": division}))[1:] == (
        "invalid_request",
        ["on_day"],
    )
    unit = {"code": "A" * 31, "kind": "division", "name": "Phòng A", "full_name": "Phòng A"}
    too_long = reorganise(head, establish={"unit": unit, "parent_id": ward})
    assert problem(too_long)[1:] == ("invalid_request", ["establish.unit.code"])
    powers = {"grantee_person_id": ward, "kind": "TUQ", "scope": "all", "document_number": "1"}
    for_ever = head.post("/delegations", powers | {"from_day": TODAY, "to_day": "9999-12-31"})
    assert problem(for_ever)[1:] == ("invalid_request", ["to_day"])
    both = a_change(dissolve={"unit_id": division}, move={"unit_id": division, "parent_id": ward})
    assert problem(head.post("/reorganisations", both))[1:] == ("invalid_request", ["change"])
    assert head.post("/reorganisations", a_change()).status_code == 422
    assert problem(person("official").post("/reorganisations", a_change()))[0] in (403, 422)


def test_powers_are_lent_and_end_at_once_when_taken_back(person, ward):
    leader, deputy = person("vice_chairman"), person("unit_head")
    grantee = deputy.get("/me").json()["person"]["id"]
    wanted = {
        "grantee_person_id": grantee, "kind": "TUQ", "scope": "messaging", "document_number": "9/UQ",
        "from_day": TODAY, "to_day": days_from_now(3),
    }  # fmt: skip
    lent = leader.post("/delegations", wanted)
    assert lent.status_code == 201, lent.text
    id_ = lent.json()["id"]
    assert id_ in [each["id"] for each in deputy.get("/me").json()["delegations"]]
    headers = {"If-Match": lent.headers["ETag"], "Idempotency-Key": str(uuid.uuid4())}
    taken = leader.request("DELETE", f"/delegations/{id_}", headers=headers)
    assert taken.status_code == 200, taken.text
    assert id_ not in [each["id"] for each in deputy.get("/me").json()["delegations"]]


def test_the_days_of_a_year_are_read_by_all_and_written_by_administrators(person):
    year = person("official").get("/working-days/2026")
    assert year.status_code == 200 and year.json()["days"]
    put = person("official").request(
        "PUT", "/working-days/2026", json={"days": []}, headers={"If-Match": year.headers["ETag"]}
    )
    assert put.status_code == 403
    assert person("official").get("/audiences/all-wards").json()["unit_count"] == 113
    assert person("official").get("/audiences/all-planets").status_code == 404
