"""What is known of a thing that waits, from what its owner says."""

from datetime import UTC, datetime

from reminders.domain.items import TO_EXTEND, of_extension, of_piece, title_of_message
from tests.support.orders import piece_now

AT = datetime(2026, 3, 2, 3, tzinfo=UTC)


def test_what_waits_stands_open_for_whoever_must_act_and_leads_to_it():
    piece = piece_now("submitted", "result_submitted", 3, "ward-1")
    item = of_piece(piece, AT)

    assert (item["open"], item["kind"], item["post_id"]) == (True, "result_to_decide", piece["awaits"]["post_id"])
    assert (item["link"], item["raised_at"], item["closed_at"]) == (
        f"/api/v1/assignments/{piece['assignment_id']}", AT, None,
    )  # fmt: skip


def test_what_waits_for_nobody_keeps_its_place_under_its_owner():
    piece = piece_now("accepted", "in_progress", 2, "ward-1")
    item = of_piece(piece, AT)

    assert (item["open"], item["post_id"], item["version"]) == (False, piece["post_id"], 2)
    assert (item["raised_at"], item["closed_at"], item["from_title"]) == (None, AT, None)


def test_a_request_for_more_time_is_a_subject_of_its_own():
    piece = piece_now("revoked", "revoked", 4, "ward-1")
    item = of_extension(piece, {"extension_id": "e1", "version": 2, "awaits": None}, AT)

    assert (item["subject_id"], item["kind"], item["version"], item["open"]) == ("e1", TO_EXTEND, 2, False)
    assert item["link"] == "/api/v1/extensions/e1"


def test_the_title_of_a_message_names_nobody_whom_it_mentions():
    def mention(kind: str, offset: int, length: int) -> dict:
        return {"kind": kind, "id": "one", "offset": offset, "length": length}

    said = {"text": "@ và @Phường 2 báo @ trước thứ Sáu", "files": []}
    mentions = [mention("person", 0, 1), mention("unit", 5, 9), mention("person", 19, 1)]
    assert title_of_message(said | {"mentions": mentions}) == "@cán bộ và @Phường 2 báo @cán bộ trước thứ Sáu"
    assert title_of_message({"text": "", "mentions": [], "files": [{"name": "a.pdf"}]}) == "a.pdf"
