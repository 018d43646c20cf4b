"""Over HTTP: a group, two persons and a unit's room talk; a closed task's conversation is taken out as sealed."""

import base64
import hashlib

from chassis.testing import until


def begun(client, status: int = 201, **wanted) -> dict:
    answer = client.post("/conversations", wanted)
    assert answer.status_code == status, answer.text
    return answer.json()


def id_of(client) -> str:
    return client.get("/me").json()["person"]["id"]


def test_a_group_is_heard_of_live_and_its_owner_goes(person):
    leader, head = person("vice_chairman"), person("unit_head")
    stream = head.live()
    until(lambda: stream.named("hello"))

    group = begun(leader, kind="group", name="Tổ chống ngập", participants=[{"person_id": id_of(head)}])
    came = until(lambda: stream.named("conversation_changed"), 10)[0]["data"]
    assert (came["conversation_id"], came["change"]) == (group["id"], "begun")
    path = f"/conversations/{group['id']}"
    assert leader.post(f"{path}/messages", {"text": "Mời họp 14 giờ."}).status_code == 201
    assert until(lambda: stream.named("message_posted"), 10)[0]["data"]["conversation_name"] == "Tổ chống ngập"
    stream.close()

    renamed = leader.request("PATCH", path, json={"name": "Tổ 1"}, headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Tổ 1"), renamed.text
    stale = leader.request("PATCH", path, json={"name": "Tổ 2"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    muted = head.request("PATCH", f"{path}/settings", json={"pinned": True, "muted_until": "2199-01-01T00:00:00+07:00"})
    assert muted.status_code == 200, muted.text
    assert head.get("/conversations").json()["items"][0]["id"] == group["id"]
    assert leader.request("DELETE", f"{path}/participants/{id_of(leader)}").status_code == 204
    [left] = head.get(f"{path}/participants").json()["items"]
    assert (left["role"], left["person_id"]) == ("owner", id_of(head)) and left["person_name"]
    late = leader.post(f"{path}/messages", {"text": "Còn tôi."})
    assert (late.status_code, late.json()["code"]) == (409, "conversation_left")


def test_two_persons_and_a_units_room(person):
    head, clerk, leader = person("unit_head"), person("unit_clerk"), person("vice_chairman")
    direct = begun(head, kind="direct", participants=[{"person_id": id_of(leader)}])
    assert direct["name"] == head.get(f"/people/{id_of(leader)}").json()["name"]
    assert begun(leader, kind="direct", participants=[{"person_id": id_of(head)}])["id"] == direct["id"]
    assert clerk.get(f"/conversations/{direct['id']}").status_code == 404

    unit_id = head.get("/me").json()["memberships"][0]["unit_id"]
    room = begun(head, kind="unit", unit_id=unit_id)
    stream = clerk.live()
    until(lambda: stream.named("hello"))
    assert head.post(f"/conversations/{room['id']}/messages", {"text": "Họp giao ban."}).status_code == 201
    assert until(lambda: stream.named("message_posted"), 10)[0]["data"]["text"] == "Họp giao ban."
    stream.close()
    begun(leader, 404, kind="unit", unit_id=unit_id)


def test_a_revoked_orders_conversation_is_only_read_and_taken_out(person, order_to_ward):
    leader, head = person("vice_chairman"), person("unit_head")
    task, _ = order_to_ward()
    case = until(lambda: leader.get("/conversations", params={"task_id": task["id"]}).json()["items"], 10)[0]
    path = f"/conversations/{case['id']}"
    for text in ("Đề nghị báo cáo.", "Đã <b>rõ</b> & xong."):
        assert leader.post(f"{path}/messages", {"text": text}).status_code == 201
    assert head.get(f"{path}/transcript").json()["code"] == "transcript_not_sealed"
    revoked = leader.post(f"/tasks/{task['id']}/revoke", {"reason": "Trùng"}, headers={"If-Match": "*"})
    assert revoked.status_code == 200, revoked.text

    taken = until(lambda: (got := head.get(f"{path}/transcript")).status_code == 200 and got, 20)
    digest = hashlib.sha256(taken.content).digest()
    assert taken.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert taken.headers["ETag"] == f'"{digest.hex()}"' and len(taken.content.splitlines()) == 2
    printed = head.get(f"{path}/transcript.pdf")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-"), printed.text
    late = head.post(f"{path}/messages", {"text": "Còn nữa."})
    assert (late.status_code, late.json()["code"]) == (409, "conversation_closed")
