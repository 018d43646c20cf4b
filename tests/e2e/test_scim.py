"""An outside identity system feeds the directory: what it can do, what it cannot, and what others see of it."""

import uuid
from contextlib import contextmanager

import orjson
import psycopg
import pytest
import requests

from chassis.testing import until
from tests.support.client import Client, sign_in
from tests.support.scim import ENTERPRISE, MEDIA_TYPE, USER, Scim, a_user, join, leave, operate

UNIT = "urn:congvu:scim:schemas:extension:unit:1.0:Group"
NAMES = ["Nguyễn Văn An", "Trần Thị Bình", "Đặng O'Hara", 'Lê "Chín" Dũng', "Phạm 100% Em", "Võ _Gạch\\ Phi"]


@contextmanager
def joined(platform, reach: str = "own", endings_a_day: int = 1000):
    name = f"idp-{uuid.uuid4().hex[:10]}"
    yield join(platform, name, reach, endings_a_day)
    leave(platform, name)


@pytest.fixture(scope="module")
def idp(platform):
    """It changes those whom it brought."""
    with joined(platform) as client:
        yield client


@pytest.fixture(scope="module")
def mighty(platform):
    """It changes everybody."""
    with joined(platform, "all") as client:
        yield client


@pytest.fixture(scope="module")
def staff(idp):
    """Some users to be found."""
    made = []
    for number, name in enumerate(NAMES):
        emails = [{"value": f"tim{number}@HCM.example", "type": "work", "primary": True}]
        if number % 2:
            emails.append({"value": f"rieng{number}@example.org", "type": "home"})
        attributes = {"displayName": name, "emails": emails, "externalId": f"Ext-{number}", "active": number != 4}
        if number % 3:
            attributes |= {"title": "Chuyên viên", "phoneNumbers": [{"value": f"028 0{number}", "type": "work"}]}
        made.append(idp.make(new_name("tim"), department=["SYT", None, "không có"][number % 3], **attributes))
    return made


@pytest.fixture
def rows(platform):
    def asked(statement: str, *values) -> list[tuple]:
        with psycopg.connect(platform.addresses["owners"]["directory"]) as connection:
            return connection.execute(statement, values).fetchall()

    return asked


def new_name(kind: str = "scim") -> str:
    return f"{kind}.{uuid.uuid4().hex[:12]}"


def unit_of(client, code: str) -> dict:
    return client.found(f'{UNIT}:code eq "{code}"', "Groups", excludedAttributes="members")[0]


def refused(answer, status: int, scim_type: str | None = None) -> bool:
    body = answer.json()
    assert answer.headers["Content-Type"] == MEDIA_TYPE and body["schemas"][0].endswith(":Error"), answer.text
    found = (answer.status_code, body["status"], body.get("scimType"))
    assert found == (status, str(status), scim_type), answer.text
    return True


# the life of a user


def test_a_new_user_is_a_person_with_an_account_and_a_post(idp, rows, person):
    made = idp.make(new_name().upper(), "SYT", displayName="Nguyễn Thị Thử Nghiệm")
    assert made["userName"] == made["userName"].lower()
    assert [group["display"] for group in made["groups"]] == ["Sở Y tế"]
    assert made["active"] and made["meta"]["location"] == f"/scim/v2/Users/{made['id']}"
    shown = person("official").get(f"/people/{made['id']}").json()
    assert (shown["name"], shown["entries"][0]["post_kind"]) == ("Nguyễn Thị Thử Nghiệm", "official")
    assert rows("SELECT password_hash FROM accounts WHERE person_id = %s", made["id"]) == [(None,)]
    held = "SELECT id::text FROM memberships WHERE person_id = %s"
    assert rows(f"SELECT name FROM outbox WHERE subject IN ({held}) ORDER BY id", made["id"]) == [
        ("membership_changed",)
    ]


def test_another_department_moves_the_post_and_none_ends_it(idp):
    made = idp.make(new_name(), "SYT")
    path = f"/Users/{made['id']}"
    moved = idp.patch(path, {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "STC"}).json()
    assert [group["display"] for group in moved["groups"]] == ["Sở Tài chính"]
    again = idp.patch(path, {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "STC"}).json()
    assert again["meta"] == moved["meta"]
    left = idp.patch(path, {"op": "remove", "path": f"{ENTERPRISE}:department"}).json()
    assert "groups" not in left and ENTERPRISE not in left


def test_a_deactivated_account_ends_its_sessions_and_may_come_back(platform, mighty):
    user = mighty.found('userName eq "nv000999"')[0]
    account = {"username": "nv000999", "password": platform.accounts[0]["password"]}
    signed_in = sign_in(platform.base_url, account)
    path = f"/Users/{user['id']}"
    off = mighty.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert off.json()["active"] is False
    until(lambda: signed_in.get("/me").status_code == 401)
    assert Client(platform.base_url).request("POST", "/tokens", json=account).status_code == 401
    assert mighty.patch(path, {"op": "replace", "value": {"active": True}}).json()["active"] is True
    assert sign_in(platform.base_url, account).get("/me").json()["person"]["id"] == user["id"]
    assert signed_in.get("/me").status_code == 401


def test_whom_an_administrator_made_gets_his_account_from_the_machine_that_knows_his_number(idp, person):
    administrator, number = person("administrator"), uuid.uuid4().hex[:12]
    wanted = {"name": "Lê Thị Một Người", "employee_number": number, "phone": "028 0777"}
    made = administrator.post("/people", wanted)
    assert made.status_code == 201, made.text
    assert administrator.get(made.headers["Location"].removeprefix("/api/v1")).headers["ETag"] == made.headers["ETag"]
    assert administrator.post("/people", wanted).json()["code"] == "employee_number_taken"
    again = a_user(new_name(), **{ENTERPRISE: {"employeeNumber": number}})
    user = idp.make(new_name(), **{ENTERPRISE: {"employeeNumber": number.upper(), "department": "SYT"}})
    assert user["id"] == made.json()["id"]
    assert idp.found(f'{ENTERPRISE}:employeeNumber eq "{number}"')[0]["displayName"] == wanted["name"]
    path, tag = f"/people/{user['id']}", {"If-Match": administrator.get(f"/people/{user['id']}").headers["ETag"]}
    for _ in range(2):
        corrected = administrator.request("PATCH", path, json={"name": "Lê Thị Đúng Tên"}, headers=tag)
        assert (corrected.status_code, corrected.json()["name"]) == (200, "Lê Thị Đúng Tên"), corrected.text
    assert idp.get(f"/Users/{user['id']}").json()["displayName"] == "Lê Thị Đúng Tên"
    assert refused(idp.ask("POST", "/Users", again), 409, "uniqueness")


def test_two_things_to_tell_are_told_one_after_the_other(idp, rows):
    made = idp.make(new_name(), "SYT")
    changes = {"active": False, ENTERPRISE: {"department": "STC"}}
    assert idp.patch(f"/Users/{made['id']}", {"op": "replace", "value": changes}).json()["active"] is False
    account = rows("SELECT id FROM accounts WHERE person_id = %s", made["id"])[0][0]
    about = "SELECT id::text FROM memberships WHERE person_id = %s UNION SELECT %s"
    said = rows(f"SELECT name FROM outbox WHERE subject IN ({about}) ORDER BY id", made["id"], str(account))
    assert [name for (name,) in said] == ["membership_changed", "account_revoked", "membership_changed"]


def test_a_put_says_everything_and_the_same_again_changes_nothing(idp):
    made = idp.make(new_name(), "SYT", displayName="Trần Văn Cũ", title="Cũ")
    new = a_user(made["userName"], displayName="Trần Văn Mới", active=True, id="khác", groups=[{"value": "x"}])
    put = idp.ask("PUT", f"/Users/{made['id']}", new).json()
    assert (put["displayName"], put["id"]) == ("Trần Văn Mới", made["id"])
    assert "title" not in put and "groups" not in put
    again = idp.ask("PUT", f"/Users/{made['id']}", new).json()
    assert again == put


def test_the_directory_itself_is_right_about_what_it_changed(idp, rows, platform):
    made = idp.make(new_name(), displayName="Lê Thị Trước", emails=[{"value": "truoc@hcm.example"}])
    with psycopg.connect(platform.addresses["owners"]["directory"]) as connection:
        connection.execute("UPDATE people SET name = 'Lê Thị Sau' WHERE id = %s", [made["id"]])
    shown = idp.get(f"/Users/{made['id']}").json()
    assert (shown["displayName"], shown["name"]["givenName"]) == ("Lê Thị Sau", "Sau")
    assert shown["emails"] == made["emails"]
    idp.patch(f"/Users/{made['id']}", {"op": "add", "path": "title", "value": "Chuyên viên"})
    assert rows("SELECT name FROM people WHERE id = %s", made["id"]) == [("Lê Thị Sau",)]


def test_a_deleted_user_is_gone_and_the_name_is_free(idp, rows):
    made = idp.make(new_name(), "SYT", externalId=(mark := new_name()))
    assert idp.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        assert refused(idp.ask(method, f"/Users/{made['id']}"), 404)
    assert idp.found(f'externalId eq "{mark}"') == []
    assert rows("SELECT count(*) FROM memberships WHERE person_id = %s AND valid_to IS NULL", made["id"]) == [(0,)]
    again = idp.make(made["userName"], externalId=mark)
    assert again["id"] != made["id"]


def test_names_that_are_taken(idp, mighty):
    made = idp.make(new_name(), externalId=(mark := new_name()))
    assert refused(idp.ask("POST", "/Users", a_user(made["userName"].upper())), 409, "uniqueness")
    assert refused(idp.ask("POST", "/Users", a_user(new_name(), externalId=mark)), 409, "uniqueness")
    assert mighty.make(new_name(), externalId=mark)["externalId"] == mark, "names of one's own are each client's own"
    other = idp.make(new_name())
    for attribute, value in (("userName", made["userName"]), ("externalId", mark)):
        changed = idp.patch(f"/Users/{other['id']}", {"op": "replace", "path": attribute, "value": value})
        assert refused(changed, 409, "uniqueness")
    assert idp.get(f"/Users/{other['id']}").json() == other


def test_a_version_that_is_not_the_newest(idp):
    made = idp.make(new_name())
    path, old = f"/Users/{made['id']}", made["meta"]["version"]
    change = {"op": "add", "path": "title", "value": "Mới"}
    first = idp.patch(path, change, headers={"If-Match": old})
    assert first.status_code == 200 and first.headers["ETag"] == first.json()["meta"]["version"] != old
    assert refused(idp.patch(path, change | {"value": "Khác"}, headers={"If-Match": old}), 412)
    assert refused(idp.ask("DELETE", path, headers={"If-Match": old}), 412)
    assert idp.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert idp.ask("GET", path, headers={"If-None-Match": old}).json()["title"] == "Mới"


def test_a_manager_is_a_user(idp):
    manager = idp.make(new_name())
    made = idp.make(new_name())
    path, attribute = f"/Users/{made['id']}", f"{ENTERPRISE}:manager"
    for value in (manager["id"], {"value": manager["id"]}):
        changed = idp.patch(path, {"op": "add", "path": attribute, "value": value})
        if changed.status_code == 200:
            assert changed.json()[ENTERPRISE]["manager"]["$ref"] == manager["meta"]["location"]
    assert idp.ask("DELETE", manager["meta"]["location"].removeprefix("/scim/v2")).status_code == 204
    assert idp.patch(path, {"op": "add", "path": "title", "value": "Chuyên viên"}).status_code == 200
    for value in (str(uuid.uuid4()), "x", ""):
        assert refused(
            idp.patch(path, {"op": "replace", "path": attribute, "value": {"value": value}}), 400, "invalidValue"
        )


# finding


def test_every_filter_finds_what_the_library_finds(idp, staff):
    from scim2_models import ScimFilter

    from directory.scim import A_USER

    users = [idp.get(f"/Users/{each['id']}").json() for each in staff]
    known = {each["id"]: A_USER.model_validate(each) for each in users}
    own = ' and userName sw "tim."'
    for text in filters(users):
        wanted = ScimFilter[A_USER](text)
        expected = {key for key, user in known.items() if wanted.match(user)}
        found = {each["id"] for each in idp.found(f"({text}){own}", count=200)} & known.keys()
        assert found == expected, text


def filters(users: list[dict]) -> list[str]:
    values = [
        "an",
        "AN",
        "Đặng O'Hara",
        "' OR 1=1 --",
        "100%",
        "_gạch\\\\",
        '\\"Chín\\"',
        "%",
        "_",
        "",
        "tim1@hcm.EXAMPLE",
    ]
    compared = [
        f'{attribute} {operator} "{value}"'
        for attribute in ("displayName", "emails.value", "title", f"{ENTERPRISE}:department")
        for operator in ("eq", "ne", "co", "sw", "ew", "gt", "le")
        for value in values[:: 1 if attribute == "displayName" else 3]
    ]
    return [
        *compared,
        f'id eq "{users[0]["id"]}"', 'id eq "x"', f'id ne "{users[0]["id"]}"',
        f'userName eq "{users[1]["userName"].upper()}"', 'externalId eq "Ext-2"', 'externalId eq "ext-2"',
        "active eq true", "active eq false", "not (active eq true)", "title pr", "not (title pr)", "phoneNumbers pr",
        'emails[type eq "home"]', 'emails[type eq "home" and value co "rieng1"]', 'emails[not (type eq "work")]',
        'emails[type eq "work" and value eq "TIM2@hcm.example"]', 'emails co "rieng"', 'emails.type eq "home"',
        "emails[primary eq true]", 'title pr and (active eq false or displayName co "a") and not (emails pr)',
        'meta.created gt "2020-01-01T00:00:00Z"', 'meta.lastModified lt "2020-01-01T00:00:00+07:00"',
        f'groups.value eq "{users[0]["groups"][0]["value"]}"', f"{ENTERPRISE}:department pr", "title eq null",
        'displayName eq "a" or displayName eq "b" or not (displayName ne "Trần Thị Bình")',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "userName", "userName eq", 'userName eq "a', "userName eq a", 'userName xx "a"', "userName eq 'a'",
        'userName eq "a"; DROP TABLE accounts', 'password eq "a"', 'nothing eq "a"', 'accounts.password_hash pr',
        'emails[value eq "a"', 'emails[emails[value eq "a"]]', 'active gt true', 'active eq "yes"', "userName eq 1",
        'meta.created gt "yesterday"', 'displayName eq "\\u0000"', 'title gt null', "locale pr",
        " and ".join(['title eq "x"'] * 31), "(" * 40 + "title pr" + ")" * 40 + " or",
        "not (" * 40 + "title pr" + ")" * 40,
        f'title eq "{"x" * 2000}"', "\ud83d\ude00 pr".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(idp, text):
    assert refused(idp.get("/Users", filter=text), 400, "invalidFilter")


def test_every_page_once(mighty):
    first = mighty.get("/Users", count=200, attributes="userName").json()
    assert first["itemsPerPage"] == len(first["Resources"]) == 200
    seen = [each["id"] for each in first["Resources"]]
    for start in (201, 401):
        page = mighty.get("/Users", startIndex=start, count=200, attributes="userName").json()
        seen += [each["id"] for each in page["Resources"]]
    assert len(set(seen)) == 600 and seen == sorted(seen)
    assert set(first["Resources"][0]) == {"schemas", "id", "userName"}
    for count, length in ((0, 0), (-5, 0), (100_000, 200), ("", 100)):
        page = mighty.get("/Users", **({"count": count} if count != "" else {})).json()
        assert (page["itemsPerPage"], page["totalResults"] >= 5_000) == (length, True)
    beyond = mighty.get("/Users", startIndex=10**9).json()
    assert beyond["Resources"] == [] and beyond["totalResults"] >= 5_000
    assert refused(mighty.get("/Users", count="many"), 400, "invalidValue")


def test_a_search_in_the_body(idp, staff):
    wanted = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 1, "attributes": ["title"],
              "filter": f'userName eq "{staff[1]["userName"]}"'}  # fmt: skip
    found = idp.ask("POST", "/Users/.search", wanted).json()
    assert found["Resources"] == [{"schemas": [USER], "id": staff[1]["id"], "title": "Chuyên viên"}]


# units


def test_members_come_and_go(idp, rows):
    one, two = idp.make(new_name()), idp.make(new_name())
    unit = unit_of(idp, "SNV")
    path, both = f"/Groups/{unit['id']}", [{"value": one["id"]}, {"value": two["id"]}]
    joined_now = idp.patch(path, {"op": "add", "path": "members", "value": both}).json()
    assert {each["value"] for each in joined_now["members"]} >= {one["id"], two["id"]}
    again = idp.patch(path, {"op": "add", "path": "members", "value": both}).json()
    assert again["meta"]["version"] == joined_now["meta"]["version"]
    assert idp.get(f"/Users/{one['id']}").json()["groups"][0]["value"] == unit["id"]
    assert idp.patch(path, {"op": "remove", "path": f'members[value eq "{one["id"]}"]'}).status_code == 200
    assert "groups" not in idp.get(f"/Users/{one['id']}").json()
    assert idp.found(f'members.value eq "{two["id"]}"', "Groups", attributes="displayName")[0]["id"] == unit["id"]
    put = idp.ask("PUT", path, {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "members": []})
    assert put.status_code == 200 and "groups" not in idp.get(f"/Users/{two['id']}").json()


def test_nobody_who_leads_is_put_out_of_a_unit(mighty):
    path = f"/Groups/{unit_of(mighty, 'SYT')['id']}"
    before = mighty.get(path).json()
    assert refused(mighty.patch(path, {"op": "remove", "path": "members"}), 400, "mutability")
    assert mighty.get(path).json() == before
    head = mighty.found('userName eq "head.syt"')[0]
    assert refused(mighty.ask("DELETE", f"/Users/{head['id']}"), 403)
    assert mighty.get(f"/Users/{head['id']}").json() == head


def test_units_themselves_are_not_changed_from_outside(idp):
    unit = unit_of(idp, "SYT")
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Sở mới"}
    path = f"/Groups/{unit['id']}"
    assert refused(idp.ask("POST", "/Groups", group), 501)
    assert refused(idp.ask("DELETE", path), 501)
    assert refused(idp.patch(path, {"op": "replace", "path": "displayName", "value": "Sở mới"}), 400, "mutability")
    assert idp.ask("PUT", path, group).json()["displayName"] == "Sở Y tế"
    for value in (str(uuid.uuid4()), "x", unit["id"]):
        added = idp.patch(path, {"op": "add", "path": "members", "value": [{"value": value}]})
        assert refused(added, 400, "invalidValue")


# who may


def test_no_other_token_opens_scim_and_this_one_opens_nothing_else(platform, idp, person):
    for token in ("", "x", "x" * 5000, idp.token[:-1], person("administrator").token):
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/Users", "/Users/x", "/ServiceProviderConfig", "/nothing"):
            answer = requests.get(idp.base_url + path, headers=headers, timeout=10)
            assert refused(answer, 401) and answer.headers["WWW-Authenticate"] == "Bearer"
    assert Client(platform.base_url, idp.token).get("/me").status_code == 401


def test_a_revoked_client_is_out_at_once(platform):
    with joined(platform) as client:
        made = client.make(new_name())
        leave(platform, client.name)
        assert refused(client.get(f"/Users/{made['id']}"), 401)


def test_the_operators_command_makes_renews_and_lists_clients(platform):
    name = f"hr-{uuid.uuid4().hex[:8]}"
    client = Scim(f"{platform.base_url}/scim/v2", token_in(operate(platform, "add", name, "--all", "--endings", "7")))
    assert client.get("/ServiceProviderConfig").status_code == 200
    renewed = token_in(operate(platform, "renew", name))
    assert refused(client.get("/ServiceProviderConfig"), 401)
    client.token = renewed
    assert client.get("/ServiceProviderConfig").status_code == 200
    leave(platform, name)
    listed = operate(platform, "list")
    line = next(line for line in listed.splitlines() if line.startswith(name))
    assert line.split("\t")[1:3] == ["all", "7 endings a day"] and "ended" in line and renewed not in listed


def token_in(said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith("token"))


def test_a_client_neither_sees_nor_changes_whom_another_brought(platform, idp):
    made = idp.make(new_name(), "SYT", externalId=new_name())
    with joined(platform) as other:
        path = f"/Users/{made['id']}"
        absent = other.get(f"/Users/{uuid.uuid4()}").json()
        assert other.get(path).json() == absent
        assert refused(other.patch(path, {"op": "replace", "path": "active", "value": False}), 404)
        assert refused(other.ask("DELETE", path), 404)
        assert other.found(f'userName eq "{made["userName"]}"') == []
        unit = unit_of(other, "SYT")
        assert "members" not in other.get(f"/Groups/{unit['id']}").json()
        joining = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
        assert refused(other.patch(f"/Groups/{unit_of(other, 'STC')['id']}", joining), 400, "invalidValue")
    assert idp.get(path).json() == made


def test_a_client_that_goes_wrong_takes_only_so_many_away(platform):
    with joined(platform, endings_a_day=2) as client:
        made = [client.make(new_name(), "SYT") for _ in range(4)]
        off = {"op": "replace", "path": "active", "value": False}
        assert client.patch(f"/Users/{made[0]['id']}", off).status_code == 200
        assert client.ask("DELETE", f"/Users/{made[1]['id']}").status_code == 204
        for each in made[2:]:
            path = f"/Users/{each['id']}"
            assert refused(client.patch(path, off), 429)
            assert refused(client.ask("DELETE", path), 429)
            members = {"op": "remove", "path": f'members[value eq "{each["id"]}"]'}
            assert refused(client.patch(f"/Groups/{each['groups'][0]['value']}", members), 429)
            assert client.get(path).json() == each


def test_who_loses_his_post_counts_and_a_code_that_no_unit_has_ends_none(platform):
    with joined(platform, endings_a_day=1) as client:
        one, two = (client.make(new_name(), "SYT") for _ in range(2))
        nowhere = a_user(two["userName"], "không có", title="Mới", active=False)
        assert refused(client.ask("PUT", f"/Users/{two['id']}", nowhere), 400, "invalidValue")
        assert client.get(f"/Users/{two['id']}").json() == two
        assert "groups" not in client.ask("PUT", f"/Users/{one['id']}", a_user(one["userName"])).json()
        assert refused(client.ask("PUT", f"/Users/{two['id']}", a_user(two["userName"])), 429)
        assert client.get(f"/Users/{two['id']}").json() == two
        assert client.make(new_name(), "không có")["active"]


def test_a_client_restores_only_whom_clients_revoked(idp, person, rows):
    made = idp.make(new_name(), "SYT")
    path = f"/Users/{made['id']}"
    off, on = ({"op": "replace", "path": "active", "value": value} for value in (False, True))
    assert idp.patch(path, off).json()["active"] is False
    assert idp.patch(path, on).json()["active"] is True
    administrator = person("administrator")
    account = rows("SELECT CAST(id AS text) FROM accounts WHERE person_id = %s", made["id"])[0][0]
    revoked = administrator.post(f"/accounts/{account}/revoke", headers={"If-Match": "*"})
    assert revoked.json()["state"] == "revoked"
    assert refused(idp.patch(path, on), 403)
    assert refused(idp.ask("PUT", path, a_user(made["userName"], "SYT", active=True)), 403)
    titled = idp.patch(path, {"op": "add", "path": "title", "value": "Mới"}).json()
    assert (titled["title"], titled["active"]) == ("Mới", False)


def test_nobody_locks_out_those_who_watch_over_the_platform(mighty):
    for name in ("administrator", "auditor"):
        user = mighty.found(f'userName eq "{name}"')[0]
        path = f"/Users/{user['id']}"
        for attribute, value in (("active", False), ("userName", new_name())):
            assert refused(mighty.patch(path, {"op": "replace", "path": attribute, "value": value}), 403)
        assert refused(mighty.ask("DELETE", path), 403)
        assert mighty.get(path).json() == user


def test_every_act_is_in_the_audit_log_with_the_clients_name_and_nobody_elses(idp, rows):
    made = idp.make(new_name(), "SYT", displayName="Người Không Được Ghi")
    idp.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    idp.ask("DELETE", f"/Users/{made['id']}")
    found = rows(
        "SELECT action, actor->>'sub', details::text FROM audit_log WHERE subject = %s ORDER BY number", made["id"]
    )
    assert [action for action, _, _ in found] == [
        "scim.user_created", "scim.user_deactivated", "scim.memberships_ended", "scim.user_deleted",
    ]  # fmt: skip
    assert all(actor.startswith("client:") and idp.name in details for _, actor, details in found)
    assert not any(secret in str(found) for secret in (made["userName"], made["displayName"], idp.token))


def test_what_a_client_read_is_in_the_audit_log(idp, rows):
    made = idp.make(new_name())
    path, client_id = f"/Users/{made['id']}", rows("SELECT id FROM scim_clients WHERE name = %s", idp.name)[0][0]

    def read(subject) -> list[str]:
        found = rows("SELECT action, actor->>'sub' FROM audit_log WHERE subject = %s ORDER BY number", str(subject))
        return [action for action, sub in found if sub == f"client:{client_id}" and action != "scim.user_created"]

    idp.get(path)
    idp.patch(path, {"op": "replace", "path": "userName", "value": made["userName"]})
    assert read(made["id"]) == ["scim.read", "scim.read"]
    unit = unit_of(idp, "STP")
    idp.get(f"/Groups/{unit['id']}")
    idp.patch(f"/Groups/{unit['id']}", {"op": "add", "path": "members", "value": []})
    assert read(unit["id"]) == ["scim.read", "scim.read"]
    before = read(client_id)
    idp.get("/Users", count=0)
    assert read(client_id) == before
    idp.get("/Users", count=0, filter=f'userName eq "{made["userName"]}"')
    idp.get("/Users", filter=f'userName eq "{new_name()}"')
    assert read(client_id) == [*before, "scim.listed", "scim.listed"]


def test_a_client_learns_of_numbers_what_it_said_and_what_everybody_may_know(mighty, platform):
    said = [{"value": "028 111 222", "type": "work"}, {"value": "0903 111 222", "type": "mobile"}]
    made = mighty.make(new_name(), phoneNumbers=said, emails=[{"value": f"{new_name()}@hcm.example"}])
    own = f'userName eq "{made["userName"]}"'

    def known() -> set[str]:
        numbers = mighty.get(f"/Users/{made['id']}").json().get("phoneNumbers", [])
        return {each["value"] for each in numbers}

    def finds(number: str) -> bool:
        with joined(platform, "all") as other:
            found = [
                bool(client.found(f"{own} and {wanted}"))
                for client in (mighty, other)
                for wanted in (f'phoneNumbers.value eq "{number}"', f'phoneNumbers[value sw "{number[:8]}"]')
            ]
        assert len(set(found)) == 1
        return found[0]

    def change(**values) -> None:
        with psycopg.connect(platform.addresses["owners"]["directory"]) as connection:
            for name, value in values.items():
                connection.execute(f"UPDATE people SET {name} = %s WHERE id = %s", [value, made["id"]])

    assert known() == {"028 111 222", "0903 111 222"}
    change(mobile="0904 333 444")
    assert known() == {"028 111 222"}
    assert finds("028 111 222") and not finds("0904 333 444")
    change(shown_to='{"mobile": "city", "phone": "self"}', phone="029 555 666")
    assert known() == {"0904 333 444"}
    assert finds("0904 333 444") and not finds("029 555 666")


# the form of refusals


@pytest.mark.parametrize(
    "method, path, status, scim_type",
    [
        ("GET", "/nothing", 404, None), ("GET", "/Users/nothing", 404, None), ("GET", "/Schemas/nothing", 404, None),
        ("DELETE", "/Users", 405, None), ("PATCH", "/Schemas", 405, None), ("POST", "/Bulk", 501, None),
        ("POST", "/.search", 501, None), ("GET", "/Me", 501, None), ("GET", "/Users/a/b", 404, None),
    ],
)  # fmt: skip
def test_what_is_not_there(idp, method, path, status, scim_type):
    assert refused(idp.ask(method, path, {} if method in ("POST", "PATCH") else None), status, scim_type)


@pytest.mark.parametrize(
    "data, kind, status, scim_type",
    [
        (b"{", MEDIA_TYPE, 400, "invalidSyntax"), (b"", MEDIA_TYPE, 400, "invalidSyntax"),
        (b"{}", "text/plain", 415, None), (b"[]", MEDIA_TYPE, 400, "invalidSyntax"),
        (b'{"userName": "a\\u0000"}', MEDIA_TYPE, 400, "invalidValue"), (b" " * 600_000, MEDIA_TYPE, 413, None),
        (orjson.dumps({"schemas": [USER]}), "application/json", 400, "invalidValue"),
        (orjson.dumps(a_user("hai từ")), MEDIA_TYPE, 400, "invalidValue"),
        (orjson.dumps(a_user("a", password="b")), MEDIA_TYPE, 400, "invalidSyntax"),
    ],
)  # fmt: skip
def test_a_body_that_is_none(idp, data, kind, status, scim_type):
    headers = {"Authorization": f"Bearer {idp.token}", "Content-Type": kind}
    assert refused(requests.post(idp.base_url + "/Users", data=data, headers=headers, timeout=10), status, scim_type)
