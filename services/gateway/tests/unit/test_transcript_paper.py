"""A transcript on paper says what the file says, with names."""

from gateway.papers import transcript

AT = "2026-03-02T03:00:00+00:00"
SAID = {
    "number": 1, "text": "Nhờ @ gửi", "sender_name": None, "sender_title": "Chủ tịch", "sent_at": AT, "edited_at": None,
    "state": "said", "ended_at": None, "ended_reason": None, "files": [],
    "mentions": [{"kind": "person", "id": "1", "offset": 4, "length": 1, "name": "Lê Thị A"}],
}  # fmt: skip


def test_whoever_is_mentioned_is_named():
    assert transcript.text_of(SAID) == "Nhờ @Lê Thị A gửi"
    assert transcript.text_of(SAID | {"mentions": [SAID["mentions"][0] | {"name": None}]}) == "Nhờ @ gửi"


def test_beside_a_text_stand_its_files_and_what_has_become_of_it():
    file = {"id": "1", "name": "báo cáo.pdf", "size": 3, "sha256": "ab"}
    ended = {"state": "withdrawn", "ended_at": AT, "ended_reason": "Đã có văn bản khác"}
    assert list(transcript.beside(SAID | {"files": [file]} | ended)) == [
        "Tệp kèm theo: báo cáo.pdf (SHA-256: ab)", "Đã thu hồi lúc 10:00 02/03/2026: Đã có văn bản khác",
    ]  # fmt: skip
    assert list(transcript.beside(SAID | {"edited_at": AT})) == ["Đã sửa lúc 10:00 02/03/2026"]
    removed = {"text": "", "state": "removed", "ended_at": AT, "edited_at": AT}
    assert list(transcript.beside(SAID | removed)) == ["Đã xóa lúc 10:00 02/03/2026"]
