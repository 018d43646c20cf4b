"""Over HTTP and the open streams: directives, announcements, what is changed, kept and taken out, groups and files."""

import json
from urllib.parse import quote

import psycopg
import pytest

from chassis.testing import until
from tests.e2e.test_conversations import begun, id_of
from tests.e2e.test_files import PDF, upload
from tests.e2e.test_reminders import nudges
from tests.support.client import an_order


@pytest.fixture
def listen():
    """Opens a stream; all are closed at the end."""
    opened = []

    def listening(client):
        opened.append(client.live())
        until(lambda: opened[-1].named("hello"))
        return opened[-1]

    yield listening
    for stream in opened:
        stream.close()


@pytest.fixture
def case(person, order_to_ward):
    """The conversation of an order to the ward."""
    task, _ = order_to_ward()
    leader = person("vice_chairman")
    [found] = until(lambda: leader.get("/conversations", params={"task_id": task["id"]}).json()["items"], 10)
    return f"/conversations/{found['id']}"


def done(answer, status: int = 200) -> dict:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else {}


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def say(client, path: str, text: str, **more) -> dict:
    return done(client.post(f"{path}/messages", {"text": text} | more), 201)


def change(client, method: str, message: dict, tail: str = "", body: dict | None = None, version="*"):
    tag = version if version == "*" else f'"{version}"'
    headers = {"If-Match": tag}
    if method == "POST":
        return client.post(f"/messages/{message['id']}{tail}", body, headers=headers)
    return client.request(method, f"/messages/{message['id']}{tail}", json=body, headers=headers)


def about(stream, event: str, id_: str) -> list[dict]:
    return [each["data"] for each in stream.named(event) if id_ in each["data"].values()]


def items_about(client, message: dict) -> list[dict]:
    listed = client.get("/action-items", params={"kind": "directive_to_acknowledge", "limit": 200}).json()["items"]
    return [item for item in listed if item["link"].endswith(message["id"])]


def test_a_directive_is_an_item_until_it_is_acknowledged_and_its_sender_sees_that_live(person, case, listen):
    leader, head = person("vice_chairman"), person("unit_head")
    above, below = listen(leader), listen(head)
    post_id = head.get("/me").json()["memberships"][0]["post_id"]
    asking = leader.post(f"{case}/messages", {"text": "Rõ.", "asked": [post_id]})
    assert refused(asking) == (409, "nothing_is_asked")
    directive = say(leader, case, "Báo cáo trước 17 giờ.", kind="directive", urgency="express")
    [told] = until(lambda: about(below, "message_posted", directive["id"]), 10)
    assert (told["kind"], told["asking"]["urgency"]) == ("directive", "express")
    [item] = until(lambda: items_about(head, directive), 10)
    assert until(lambda: nudges(below, item["title"]), 20)
    assert head.get("/home").json()["messaging"]["directives"] >= 1
    stranger = person("department_head")
    assert refused(stranger.post(f"/messages/{directive['id']}/acknowledge")) == (404, "not_found")
    assert head.post(f"{case}/read", {"number": directive["number"]}).status_code == 204
    until(lambda: about(below, "conversation_read", directive["conversation_id"]), 10)  # on another device
    until(lambda: about(above, "directive_seen", directive["id"]), 10)

    done(head.post(f"/messages/{directive['id']}/acknowledge"))
    [seen] = until(lambda: about(above, "directive_acknowledged", directive["id"]), 10)
    assert seen["person_id"] == id_of(head)
    until(lambda: items_about(head, directive) == [], 10)
    receipts = done(leader.get(f"/messages/{directive['id']}/receipts"))
    assert receipts["counts"]["acknowledged"] == receipts["counts"]["asked"] == 1
    assert receipts["items"][0]["person_name"] and receipts["purpose"] and receipts["retention"]
    plain = say(head, case, "Đã rõ.", reply_to=directive["id"])
    assert (plain["reply_to"], plain["reply_to_number"]) == (directive["id"], directive["number"])
    assert refused(head.get(f"/messages/{plain['id']}/receipts")) == (409, "nothing_is_asked")
    assert refused(change(leader, "PATCH", directive, body={"text": "Khác"})) == (409, "message_cannot_change")


def test_what_is_said_otherwise_is_kept_and_what_was_asked_is_taken_back(person, case, listen):
    leader, head = person("vice_chairman"), person("unit_head")
    stream = listen(head)
    said = say(leader, case, "Họp lúc 14 giờ.")
    edited = done(change(leader, "PATCH", said, body={"text": "Họp lúc 15 giờ."}, version=1))
    [live] = until(lambda: about(stream, "message_changed", said["id"]), 10)
    assert (live["change"], live["text"], edited["version"]) == ("edited", "Họp lúc 15 giờ.", 2)
    assert refused(change(leader, "PATCH", said, body={"text": "16"}, version=1)) == (412, "stale_version")
    versions = done(leader.get(f"/messages/{said['id']}/versions"))["items"]
    assert [(each["version"], each["text"]) for each in versions] == [(1, "Họp lúc 14 giờ.")]
    assert versions[0]["changed_by_name"]
    assert refused(head.get(f"/messages/{said['id']}/versions")) == (403, "not_authorised")
    assert refused(change(head, "DELETE", said)) == (403, "not_authorised")
    removed = done(change(leader, "DELETE", said))
    assert (removed["state"], removed["text"]) == ("removed", "")
    assert refused(change(leader, "PATCH", said, body={"text": "Lại"})) == (409, "message_ended")

    directive = say(leader, case, "Trực 24/24.", kind="directive")
    until(lambda: items_about(head, directive), 10)
    withdrawn = done(change(leader, "POST", directive, "/withdraw", {"reason": "Đã hết mưa"}))
    assert (withdrawn["state"], withdrawn["ended_reason"]) == ("withdrawn", "Đã hết mưa")
    until(lambda: [each["change"] for each in about(stream, "message_changed", directive["id"])] == ["withdrawn"], 10)
    until(lambda: items_about(head, directive) == [], 10)
    assert refused(head.post(f"/messages/{directive['id']}/acknowledge")) == (409, "message_withdrawn")


def test_an_announcement_to_a_unit_is_heard_there_and_nowhere_else(person, platform, ward, listen):
    head, clerk, elsewhere = (person(role) for role in ("unit_head", "unit_clerk", "department_head"))
    inside, outside = listen(clerk), listen(elsewhere)
    written = {"title": "Lịch trực Tết", "text": "Xem tệp.", "to": [{"unit_id": ward}], "importance": "urgent",
               "acknowledge": True}  # fmt: skip
    assert refused(clerk.post("/announcements", written)) == (403, "not_authorised")
    said = done(head.post("/announcements", written), 201)
    [told] = until(lambda: about(inside, "announcement_published", said["id"]), 10)
    assert (told["title"], told["importance"]) == ("Lịch trực Tết", "urgent")
    path = f"/announcements/{said['id']}"
    assert refused(elsewhere.get(path)) == (404, "not_found")

    waiting = """SELECT 1 FROM nudges JOIN occasions ON occasions.id = occasion_id
                 WHERE subject_id = %s AND person_id = %s AND channel = 'in_app'"""  # it may be night
    with psycopg.connect(platform.addresses["databases"]["reminders"], autocommit=True) as connection:
        until(lambda: connection.execute(waiting, (said["id"], id_of(clerk))).fetchone(), 20)

    assert said["id"] in [each["id"] for each in clerk.get("/home").json()["messaging"]["announcements"]["items"]]
    assert clerk.post(f"{path}/seen").status_code == clerk.post(f"{path}/acknowledge").status_code == 204
    mine = done(clerk.get(path))
    assert mine["seen_at"] and mine["acknowledged_at"] and mine["text"] == "Xem tệp."
    reach = done(head.get(f"{path}/reach"))
    assert reach["acknowledged"] == 1 and reach["could_see"] >= 3
    assert refused(person("official").get(f"{path}/reach")) == (403, "not_authorised")
    taken_back = head.post(f"{path}/withdraw", {"reason": "Sai lịch"}, headers={"If-Match": "*"})
    assert done(taken_back)["state"] == "withdrawn"
    until(lambda: about(inside, "announcement_withdrawn", said["id"]), 10)
    assert refused(clerk.post(f"{path}/acknowledge")) == (409, "wrong_state")
    assert about(outside, "announcement_published", said["id"]) == []


def test_a_draft_goes_to_and_fro_until_somebody_else_approves_it(person, ward):
    head, clerk = person("unit_head"), person("unit_clerk")
    written = {"title": "Nội quy", "text": "Dự thảo.", "to": [{"unit_id": ward}]}
    draft = done(clerk.post("/announcements", written | {"publish": False}), 201)
    path, now = f"/announcements/{draft['id']}", {"headers": {"If-Match": "*"}}
    assert draft["state"] == "draft"
    assert refused(clerk.post(f"{path}/approve", **now)) in {(403, "not_authorised"), (409, "wrong_state")}
    done(clerk.post(f"{path}/submit", **now))
    assert draft["id"] in [
        each["id"] for each in done(head.get("/announcements", params={"box": "to_approve"}))["items"]
    ]
    returned = done(head.post(f"{path}/return", {"reason": "Thiếu ngày"}, **now))
    assert (returned["state"], returned["reason"]) == ("draft", "Thiếu ngày")
    edited = clerk.request("PUT", path, json=written | {"text": "Từ 01/12."}, headers={"If-Match": "*"})
    assert done(edited)["text"] == "Từ 01/12."
    done(clerk.post(f"{path}/submit", **now))
    assert done(head.post(f"{path}/approve", **now))["state"] == "published"
    assert done(person("official").get(path))["text"] == "Từ 01/12."


def test_what_is_held_and_what_is_taken_out(person, case):
    leader, auditor = person("vice_chairman"), person("auditor")
    say(leader, case, "Nội dung cần giữ.")
    reason = {"reason": "Thanh tra 15/TTr"}
    assert refused(leader.post(f"{case}/hold", reason)) == (403, "not_authorised")
    held = done(auditor.post(f"{case}/hold", reason), 201)
    assert done(auditor.post(f"{case}/hold", reason), 201)["id"] == held["id"]
    assert held["id"] in [each["id"] for each in done(auditor.get("/legal-holds"))["items"]]

    assert refused(leader.post(f"{case}/exports", reason)) == (403, "not_authorised")
    taken = auditor.post(f"{case}/exports", reason)
    assert taken.status_code == 200 and taken.headers["Content-Type"].startswith("application/jsonl")
    assert "Nội dung cần giữ." in taken.text and all(json.loads(line) for line in taken.text.splitlines())
    written = done(auditor.get("/audit", params={"service": "messaging", "limit": 20}))["items"]
    acts = [each["action"] for each in written if each["subject"] == case.split("/")[-1]]
    assert acts[:2] == ["conversation.exported", "conversation.held"]
    assert done(auditor.post(f"{case}/release", {"reason": "Xong"}))["lifted_at"]
    own = leader.get("/me/messages/export")
    assert own.status_code == 200 and "Nội dung cần giữ." in own.text


def test_a_group_is_begun_joined_handed_over_left_and_searched(person, listen):
    leader, head, clerk = person("vice_chairman"), person("unit_head"), person("unit_clerk")
    stream = listen(clerk)
    group = begun(leader, kind="group", name="Tổ kè sông", participants=[{"person_id": id_of(head)}])
    path = f"/conversations/{group['id']}"
    say(leader, path, "Khảo sát đoạn Thanh Đa.")
    assert refused(head.post(f"{path}/participants", {"participants": [{"person_id": id_of(clerk)}]})) == (
        403, "not_authorised",
    )  # fmt: skip
    added = {"participants": [{"person_id": id_of(clerk)}], "history": "none"}
    done(leader.post(f"{path}/participants", added), 201)
    until(lambda: about(stream, "conversation_changed", group["id"]), 10)
    assert refused(leader.post(f"{path}/participants", added)) == (409, "participant_exists")
    assert clerk.get(f"{path}/messages").json()["items"] == []

    owner = f"{path}/participants/{id_of(head)}"
    key = {"Idempotency-Key": "handed-over"}
    for _ in range(2):  # the first answer was lost
        assert leader.request("PATCH", owner, json={"role": "owner"}, headers=key).status_code == 204
    for _ in range(2):
        gone = leader.request("DELETE", f"{path}/participants/{id_of(leader)}", headers={"Idempotency-Key": "gone"})
        assert gone.status_code == 204
    assert refused(leader.post(f"{path}/messages", {"text": "Còn tôi."})) == (409, "conversation_left")
    roles = {each["person_id"]: each["role"] for each in head.get(f"{path}/participants").json()["items"]}
    assert roles == {id_of(head): "owner", id_of(clerk): "member"}
    say(head, path, "Đoạn Bình Quới sạt 12 mét.")

    def found(client, q: str) -> list[str]:
        listed = done(client.get("/messages/search", params={"q": q, "conversation_id": group["id"]}))["items"]
        return [each["text"] for each in listed]

    assert found(clerk, "binh quoi sat") == ["Đoạn Bình Quới sạt 12 mét."]
    assert found(clerk, "thanh da") == [] and found(leader, "binh quoi") == []
    assert found(leader, "THANH ĐA") == ["Khảo sát đoạn Thanh Đa."]
    stranger = person("department_head")
    assert refused(stranger.get("/messages/search", params={"q": "kè", "conversation_id": group["id"]})) == (
        404, "not_found",
    )  # fmt: skip
    outside = {"kind": "person", "id": id_of(stranger), "offset": 0, "length": 2}
    assert refused(head.post(f"{path}/messages", {"text": "@A xem", "mentions": [outside]})) == (422, "mention_outside")


def test_a_file_and_a_card_in_a_message(person, case, order_to_ward):
    leader, head, stranger = person("vice_chairman"), person("unit_head"), person("official")
    task, assignment = order_to_ward(title="Nạo vét kênh Nhiêu Lộc")
    file = done(upload(head, "Sơ đồ.pdf", PDF), 201)
    text = f"Xem /tasks/{task['id']} và /people/{id_of(leader)}"
    said = say(head, case, text, file_ids=[file["id"]])
    assert [(each["id"], each["name"]) for each in said["files"]] == [(file["id"], "Sơ đồ.pdf")]
    assert leader.get(f"/files/{file['id']}").content == PDF
    assert refused(stranger.get(f"/files/{file['id']}")) == (404, "not_found")
    shown = done(leader.get(f"/messages/{said['id']}"))
    cards = {each["kind"]: each["title"] for each in shown["links"]}
    assert (
        cards["task"] == "Nạo vét kênh Nhiêu Lộc"
        and cards["person"] == head.get(f"/people/{id_of(leader)}").json()["name"]
    )
    assert refused(head.post(f"{case}/messages", {"text": "Nữa", "file_ids": [assignment["id"]]})) == (
        422,
        "unknown_file",
    )
    key = quote("cùng một tin", safe="")
    first, again = (done(head.post(f"{case}/messages", {"text": "Một lần."}, key=key), 201) for _ in range(2))
    assert first["id"] == again["id"]
    assert head.post(f"{case}/read", {"number": first["number"]}).status_code == 204


def test_a_leader_directs_twenty_heads_and_tells_the_whole_city(person, listen):
    leader, heads = person("vice_chairman"), [person("unit_head"), person("department_head")]
    above, below = listen(leader), [listen(head) for head in heads]
    task = done(leader.post("/tasks", an_order()), 201)
    [found] = until(lambda: leader.get("/conversations", params={"task_id": task["id"]}).json()["items"], 20)
    path = f"/conversations/{found['id']}"
    parts = done(leader.get(f"{path}/participants", params={"limit": 200}))["items"]
    own = {head.get("/me").json()["memberships"][0]["post_id"] for head in heads}
    others = [part["post_id"] for part in parts if part["role"] == "responsible" and part["post_id"] not in own]
    directive = say(leader, path, "Trực 24/24.", kind="directive", asked=[*own, *others[:18]])
    for head in heads:
        until(lambda head=head: items_about(head, directive), 10)
        done(head.post(f"/messages/{directive['id']}/acknowledge"))
    until(lambda: len(about(above, "directive_acknowledged", directive["id"])) == 2, 10)
    counts = done(leader.get(f"/messages/{directive['id']}/receipts"))["counts"]
    assert (counts["asked"], counts["acknowledged"]) == (20, 2)

    written = {"title": "Triều cường", "text": "22 giờ: 1,7 m.", "audience": "whole-city", "acknowledge": True}
    said = done(leader.post("/announcements", written), 201)
    for head, stream in zip(heads, below, strict=True):
        until(lambda stream=stream: about(stream, "announcement_published", said["id"]), 10)
        assert head.post(f"/announcements/{said['id']}/acknowledge").status_code == 204
    reach = done(leader.get(f"/announcements/{said['id']}/reach"))
    assert reach["acknowledged"] == 2 and reach["could_see"] > 1_000
