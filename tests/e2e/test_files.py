"""A file from the hand of a head to the eyes of the leader, through five processes, and to nobody else."""

import uuid
from urllib.parse import quote

import pytest

from chassis.testing import until
from tests.e2e.test_life import RESULT, does

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def upload(client, name: str, content):
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    return client.request("POST", "/files", data=content, headers=headers)


@pytest.fixture
def head(person):
    return person("unit_head")


def test_a_result_with_a_file_is_read_by_whoever_sees_the_piece(person, head, order_to_ward):
    leader, stranger = person("vice_chairman"), person("official")
    uploaded = upload(head, "Báo cáo.pdf", PDF)
    assert uploaded.status_code == 201, uploaded.text
    file = uploaded.json()
    path = f"/files/{file['id']}"
    assert head.get(path).content == PDF
    assert leader.get(path).status_code == 404
    _, assignment = order_to_ward()
    piece = assignment["id"]
    does(head, piece, "accept")
    does(head, piece, "submit-result", RESULT | {"file_ids": [file["id"]]})
    [result] = leader.get(f"/assignments/{piece}/results").json()["items"]
    assert [each["name"] for each in result["files"]] == ["Báo cáo.pdf"]
    answer = until(lambda: (got := leader.get(path)).status_code == 200 and got, 10)  # messaging has heard of it
    assert (answer.content, answer.headers["Content-Type"]) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert leader.get(path, headers={"Range": "bytes=0-3"}).content == b"%PDF"
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/files/{piece}").status_code == 404


def test_another_persons_file_and_a_hostile_one_are_refused(person, head, order_to_ward):
    mine = upload(person("unit_clerk"), "a.pdf", PDF).json()
    _, assignment = order_to_ward()
    does(head, assignment["id"], "accept")
    refused = does(head, assignment["id"], "submit-result", RESULT | {"file_ids": [mine["id"]]}, 422)
    assert refused["code"] == "unknown_file"
    assert head.get(f"/assignments/{assignment['id']}").json()["state"] == "in_progress"
    for name, content in (("a.html", b"<script>"), ("a.pdf", b"<script>"), ("a.docx", b"MZ"), ("a.txt", b"#!/bin/sh")):
        answer = upload(head, name, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "file_type_refused"), name


def test_a_file_of_many_megabytes_passes(head):
    content = PDF + bytes(20 * 2**20)
    answer = upload(head, "lớn.pdf", (content[at : at + 2**20] for at in range(0, len(content), 2**20)))
    assert (answer.status_code, answer.json()["size"]) == (201, len(content)), answer.text
    assert head.get(f"/files/{answer.json()['id']}").content == content
