"""Files through the gateway: they pass piece by piece, and go out as files that no browser shows or runs."""

import hashlib

from gateway.tests.support import FILE, NEIGHBOURS, asked, assert_problem, file
from kernel.errors import Refused
from tests.support.town import id_of

NAME = "attachment; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.pdf"
HEADERS = {"Content-Type": "application/octet-stream", "Content-Disposition": NAME, "Idempotency-Key": "k"}


def upload(client, data=b"content", **headers):
    return client.call("POST", "/files", data=data, headers=HEADERS | headers)


def stored(folder) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("??/*")]


def put(folder, content: bytes) -> None:
    """Where the neighbour says that it is."""
    (folder / FILE[-2:]).mkdir()
    (folder / FILE[-2:] / FILE).write_bytes(content)


def test_a_file_is_written_where_messaging_said_and_told_as_it_was_counted(vice, tmp_path):
    content = bytes(range(256)) * 8000
    answer = upload(vice, content)
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/files/{FILE}")
    assert answer.json() == file()
    assert stored(tmp_path) == [content]
    ((claims, begun),) = asked("messaging.begin_file")
    assert (begun["name"], begun["idempotency_key"]) == ("Báo cáo.pdf", "k")
    ((finishing, finished),) = asked("messaging.finish_file")
    digest = hashlib.sha256(content).hexdigest()
    assert finished == {"id": FILE, "blob_id": FILE, "size": len(content), "sha256": digest}
    assert claims["sub"] == finishing["sub"]


def test_what_is_kept_already_is_only_counted(vice, tmp_path):
    NEIGHBOURS["messaging"].answers = {"messaging.begin_file": {"id": FILE, "blob_id": None}}
    content = bytes(range(256)) * 8000
    assert upload(vice, content).json() == file()
    assert stored(tmp_path) == []
    ((_, finished),) = asked("messaging.finish_file")
    digest = hashlib.sha256(content).hexdigest()
    assert finished == {"id": FILE, "blob_id": None, "size": len(content), "sha256": digest}


def test_nothing_is_written_for_whoever_may_not(gateway, tmp_path):
    client = gateway(max_flow=5000)
    vice = client.signed_in("committee vice_chairman")
    assert_problem(upload(client), 401, "unauthenticated")
    assert_problem(upload(vice, bytes(5001)), 413, "body_too_large")
    assert_problem(upload(vice, iter([bytes(5000)] * 2)), 413, "body_too_large")
    assert_problem(upload(vice, **{"Content-Type": "application/pdf"}), 415, "unsupported_media_type")
    assert_problem(upload(vice, **{"Content-Disposition": "attachment"}), 422, "invalid_request")
    assert_problem(upload(vice, **{"Idempotency-Key": ""}), 422, "invalid_request")
    NEIGHBOURS["messaging"].answers = {"messaging.begin_file": Refused("file_type_refused", reason="extension")}
    assert_problem(upload(vice), 422, "file_type_refused")
    assert stored(tmp_path) == [] and asked("messaging.finish_file") == []
    assert list((tmp_path / "incoming").iterdir()) == []


def test_what_messaging_refuses_is_told(vice):
    for code, status, again in (
        ("file_infected", 422, None),
        ("scanner_unavailable", 503, "60"),
        ("too_many_files", 429, "60"),
        ("storage_full", 507, None),
    ):
        details = {"retry_after": 60} if again else {}
        NEIGHBOURS["messaging"].answers = {"messaging.finish_file": Refused(code, **details)}
        answer = upload(vice)
        assert_problem(answer, status, code)
        assert answer.headers.get("Retry-After") == again


def test_without_a_store_it_says_so(gateway):
    client = gateway(blobs=None)
    answer = upload(client.signed_in("committee vice_chairman"))
    assert_problem(answer, 503, "storage_unavailable")
    assert answer.headers["Retry-After"]


def test_a_file_goes_out_as_a_file_and_as_nothing_else(vice, tmp_path):
    put(tmp_path, b"content")
    answer = vice.get(f"/files/{FILE}")
    assert (answer.status_code, answer.content) == (200, b"content")
    headers = answer.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"B_o c_o _qu_ 1_.pdf\"; filename*=UTF-8''B%C3%A1o%20c%C3%A1o%20%22qu%C3%BD%201%22.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert headers["ETag"] == f'"{"0" * 64}"'
    assert headers["Content-Length"] == "7"
    assert asked("tasks.grant_file") == []
    again = vice.get(f"/files/{FILE}", headers={"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_of_it_may_be_asked_for(vice, tmp_path):
    put(tmp_path, b"content")
    for wanted, status, content, told in (
        ({"Range": "bytes=2-4"}, 206, b"nte", "bytes 2-4/7"),
        ({"Range": "bytes=5-"}, 206, b"nt", "bytes 5-6/7"),
        ({"Range": "bytes=-3"}, 206, b"ent", "bytes 4-6/7"),
        ({"Range": "bytes=0-6"}, 200, b"content", None),
        ({"Range": "bytes=9-"}, 200, b"content", None),
        ({"Range": "bytes=0-1,3-4"}, 200, b"content", None),
        ({"Range": "bytes=2-4", "If-Range": '"another"'}, 200, b"content", None),
        ({"Range": "bytes=2-4", "If-Range": f'"{"0" * 64}"'}, 206, b"nte", "bytes 2-4/7"),
    ):
        answer = vice.get(f"/files/{FILE}", headers=wanted)
        assert (answer.status_code, answer.content, answer.headers.get("Content-Range")) == (status, content, told)


def test_whoever_attached_it_is_asked_and_his_word_is_shown(head, tmp_path):
    put(tmp_path, b"content")
    nobody = {"file": None, "blob_id": None, "ask": ["tasks"]}
    NEIGHBOURS["messaging"].answers = {
        "messaging.open_file": lambda request: (
            nobody if request["grant"] is None else {"file": file(), "blob_id": FILE, "ask": []}
        )
    }
    assert head.get(f"/files/{FILE}").content == b"content"
    ((_, wanted),) = asked("tasks.grant_file")
    assert wanted == {"id": FILE}
    assert [request["grant"] for _, request in asked("messaging.open_file")] == [None, "the word of tasks"]
    NEIGHBOURS["tasks"].answers = {"tasks.grant_file": Refused("not_found")}
    assert_problem(head.get(f"/files/{FILE}"), 404, "not_found")


def test_what_is_not_there_and_what_is_not_for_one_look_alike(head):
    NEIGHBOURS["messaging"].answers = {"messaging.open_file": Refused("not_found")}
    assert_problem(head.get(f"/files/{id_of('nothing')}"), 404, "not_found")
    NEIGHBOURS["messaging"].answers = {}
    assert_problem(head.get(f"/files/{FILE}"), 404, "not_found")  # its bytes are gone
