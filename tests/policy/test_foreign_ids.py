"""Promise S3: on every route that takes an id, somebody else's thing looks like a thing that is not there."""

import orjson
import psycopg
import pytest

from chassis.testing import until
from gateway import openapi
from gateway.examples import EXAMPLES
from gateway.routes import BASE
from tests.policy.scene import A_DEVICE, NOBODY
from tests.support.client import days_from_now, sign_in

# What a path's parameter names. Units, posts and people are known to everybody who is signed in.
FOREIGN = {
    "task_id": lambda scene: scene.orders["each"]["task"],
    "assignment_id": lambda scene: scene.orders["each"]["piece"],
    "extension_id": lambda scene: scene.extension,
    "template_id": lambda scene: scene.template,
    "blocker_id": lambda scene: scene.said["blocker_id"],
    "urging_id": lambda scene: scene.said["urging_id"],
    "correction_id": lambda scene: scene.said["correction_id"],
    "document_id": lambda scene: scene.above["document_id"],
    "request_id": lambda scene: scene.above["request_id"],
    "report_id": lambda scene: scene.above["report_id"],
    "item_id": lambda scene: an_item(scene),
    "reminder_id": lambda scene: a_reminder(scene),
    "subscription_id": lambda scene: a_device(scene),
    "conversation_id": lambda scene: scene.orders["each"]["conversation"],
    "message_id": lambda scene: scene.orders["each"]["message"],
    "announcement_id": lambda scene: an_announcement(scene),
    "participant_id": lambda scene: scene.posts["lead", "head"].id,
    "delegation_id": lambda scene: scene.capacities["lead", "head", "lent for everything"][1],
    "session_id": lambda scene: scene.foreign_session["id"],
    "membership_id": lambda scene: in_directory(
        scene, "SELECT id FROM memberships WHERE post_id = %s", scene.posts["lead", "clerk"].id
    ),
    "account_id": lambda scene: in_directory(
        scene, "SELECT id FROM accounts WHERE person_id = %s", scene.posts["lead", "clerk"].holder
    ),
    "reorganisation_id": lambda scene: by_administrator(
        scene, "/reorganisations",
        {"on_day": days_from_now(900), "document_number": "1/NQ", "dissolve": {"unit_id": scene.units["told"]}},
    ),
    "recovery_id": lambda scene: by_administrator(
        scene, "/account-recoveries",
        {"person_id": scene.posts["lead", "clerk"].holder, "kind": "password", "reason": "Quên mật khẩu"},
    ),
    "import_id": lambda scene: by_administrator(scene, "/directory/imports?what=people&dry_run=true", b"ma,ten\n"),
    "parked_id": lambda scene: a_parked_task(scene),
    "file_id": lambda scene: a_file(scene),
    "identity_id": lambda scene: in_directory(scene, AN_IDENTITY, scene.posts["lead", "clerk"].holder),
}  # fmt: skip
FOR_EVERYBODY = {"number", "unit_id", "person_id", "post_id", "name", "year", "provider"}
AN_IDENTITY = """
    INSERT INTO identities (id, account_id, issuer, subject, linked_at)
    SELECT gen_random_uuid(), id, 'https://id.example', 'somebody', now() FROM accounts WHERE person_id = %s
    ON CONFLICT (issuer, subject) DO UPDATE SET subject = excluded.subject
    RETURNING id
"""


def in_directory(scene, query: str, value: str) -> str:
    with psycopg.connect(scene.platform.addresses["databases"]["directory"]) as connection:
        return str(connection.execute(query, [value]).fetchone()[0])


def by_administrator(scene, path: str, body: dict | bytes) -> str:
    """Something that an administrator has begun; begun once, however often it is asked for."""
    administrator = scene.signed_in(scene.posts["platform", "administrator"].holder)
    address = f"{scene.platform.base_url}/api/v1{path}"
    sent = {"json": body} if isinstance(body, dict) else {"data": body}
    kind = {} if isinstance(body, dict) else {"Content-Type": "text/csv"}
    made = administrator.post(address, **sent, headers={"Idempotency-Key": path} | kind, timeout=30)
    assert made.status_code in (201, 202), made.text
    return made.json()["id"]


def a_file(scene) -> str:
    """Of the head of the ward, who has attached it to nothing."""
    answer = scene.signed_in(scene.posts["lead", "head"].holder).post(
        f"{scene.platform.base_url}/api/v1/files",
        data="Báo cáo".encode(),
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": "attachment; filename=a.txt",
            "Idempotency-Key": "a-file",
        },
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def an_item(scene) -> str:
    """What the head of the ward must act on now."""
    head = scene.signed_in(scene.posts["lead", "head"].holder)
    return head.get(f"{scene.platform.base_url}/api/v1/action-items", timeout=30).json()["items"][0]["id"]


def an_announcement(scene) -> str:
    """Of the head of the ward to his own people."""
    head = scene.signed_in(scene.posts["lead", "head"].holder)
    answer = head.post(
        f"{scene.platform.base_url}/api/v1/announcements",
        json={"title": "Họp cơ quan", "text": "Thứ Hai", "to": [{"unit_id": scene.units["lead"]}]},
        headers={"Idempotency-Key": "an-announcement"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def a_reminder(scene) -> str:
    """Of the head of the ward."""
    answer = scene.signed_in(scene.posts["lead", "head"].holder).post(
        f"{scene.platform.base_url}/api/v1/reminders",
        json={"title": "Họp", "starts_at": f"{days_from_now(14)}T08:00:00+07:00"},
        headers={"Idempotency-Key": "a-reminder"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def a_device(scene) -> str:
    """Of the head of the ward."""
    answer = scene.signed_in(scene.posts["lead", "head"].holder).post(
        f"{scene.platform.base_url}/api/v1/push-subscriptions", json=A_DEVICE, timeout=30
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def a_parked_task(scene) -> str:
    """A line of the Office's file that says too little to be an order."""
    office = scene.signed_in(scene.posts["office", "office_clerk"].holder)
    address = f"{scene.platform.base_url}/api/v1"
    leader = scene.posts["city", "chairman"].id
    handed_in = office.post(
        f"{address}/task-imports",
        params={"assigner_post_id": leader, "dry_run": "false"},
        data="Mã nhiệm vụ,Nhiệm vụ,Đơn vị chủ trì\nNV-1,Việc chưa rõ đơn vị,\n".encode(),
        headers={"Content-Type": "text/csv", "Idempotency-Key": "parked"},
        timeout=30,
    )
    assert handed_in.status_code == 202, handed_in.text
    parked = until(lambda: office.get(f"{address}/parked-tasks", timeout=30).json()["items"], 60)
    return parked[0]["id"]


def routes() -> list:
    found = []
    for each in openapi.entrypoints():
        parameters = set(openapi._PARAMETER.findall(each.path)) - FOR_EVERYBODY
        if each.meta.signed_in and parameters:
            found.append(pytest.param(each, sorted(parameters), id=each.operation))
    return found


@pytest.fixture(scope="module")
def stranger(platform, scene):
    """The head of the demonstration's department: he heads something, and has no part in the scene."""
    return sign_in(platform.base_url, platform.account("department_head"))


@pytest.mark.parametrize("entrypoint, parameters", routes())
def test_a_foreign_id_looks_like_an_absent_one(scene, stranger, entrypoint, parameters):
    unknown = [name for name in parameters if name not in FOREIGN]
    assert not unknown, f"tell this test which {unknown} is somebody else's (FOREIGN), or that nobody's is hidden"

    def ask(ids: dict[str, str]) -> tuple:
        path = openapi._PARAMETER.sub(lambda found: ids.get(found[1], NOBODY), entrypoint.path).removeprefix(BASE)
        body = EXAMPLES.get(entrypoint.operation, {}).get("body")
        headers = {"If-Match": "*", "Idempotency-Key": "the-same"}
        answer = stranger.request(entrypoint.method, path, json=body, headers=headers)
        told = {name: value for name, value in answer.json().items() if name != "instance"}
        telling = {name: answer.headers.get(name) for name in ("Content-Type", "ETag", "Location", "Cache-Control")}
        return answer.status_code, told, telling

    absent = ask(dict.fromkeys(parameters, NOBODY))
    assert absent[0] in (403, 404), absent
    assert ask({name: FOREIGN[name](scene) for name in parameters}) == absent


@pytest.mark.parametrize("role", ["vice_chairman", "department_head", "unit_head"])
def test_a_draft_looks_like_an_absent_order_to_whoever_has_no_part_in_it(scene, platform, role):
    someone = sign_in(platform.base_url, platform.account(role))
    headers = {"If-Match": "*", "Idempotency-Key": "the-same"}
    for method, path in (("GET", ""), ("GET", "/assignments"), ("GET", "/history"), ("DELETE", "")):
        answers = [someone.request(method, f"/tasks/{task}{path}", headers=headers) for task in (scene.drafted, NOBODY)]
        assert {answer.status_code for answer in answers} == {404}


# Ids that stand elsewhere than in the path, of what is hidden from whoever has no part in it. `{talk}` is his own.
ELSEWHERE = {
    "search in a conversation": ("conversation_id", "GET", "/messages/search", lambda id_: {"conversation_id": id_}),
    "conversation of a task": ("task_id", "GET", "/conversations", lambda id_: {"task_id": id_}),
    "nudges read": ("item_id", "POST", "/nudges/read", lambda id_: {"ids": [id_]}),
    "reminder of a task": ("task_id", "POST", "/reminders", lambda id_: {"link": f"/api/v1/tasks/{id_}"}),
    "reminder of a piece": ("assignment_id", "POST", "/reminders", lambda id_: {"link": f"/api/v1/assignments/{id_}"}),
    "file in a message": ("file_id", "POST", "{talk}/messages", lambda id_: {"file_ids": [id_]}),
    "reply": ("message_id", "POST", "{talk}/messages", lambda id_: {"reply_to": id_}),
    "link": ("task_id", "POST", "{talk}/messages", lambda id_: {"text": f"/tasks/{id_}"}),
}  # fmt: skip
BESIDE = {"/messages/search": {"q": "nghị"}, "/reminders": {"title": "Theo"}, "{talk}/messages": {"text": "Xem"}}
TELLING = ("status", "code", "title", "errors", "details", "items", "links", "body", "files", "reply_to")


@pytest.fixture(scope="module")
def talk(scene, stranger) -> str:
    """A group of the stranger's own."""
    somebody = scene.posts["below", "official"].holder
    wanted = {"kind": "group", "name": "Việc khác", "participants": [{"person_id": somebody}]}
    made = stranger.post("/conversations", wanted)
    assert made.status_code == 201, made.text
    return f"/conversations/{made.json()['id']}"


@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_foreign_id_beside_the_path_looks_like_an_absent_one(scene, stranger, talk, case):
    parameter, method, path, naming = ELSEWHERE[case]

    def ask(id_: str) -> tuple:
        said = BESIDE.get(path, {}) | naming(id_)
        sent = {"params": said} if method == "GET" else {"json": said}
        answer = stranger.request(method, path.format(talk=talk), headers={"Idempotency-Key": id_}, **sent)
        told = orjson.loads(answer.text.replace(id_, "this")) if answer.text else {}
        return answer.status_code, {name: told.get(name) for name in TELLING}

    absent = ask(NOBODY)
    assert absent[0] < 500 and (absent[0], absent[1]["code"]) != (422, "invalid_request"), absent
    assert ask(FOREIGN[parameter](scene)) == absent
