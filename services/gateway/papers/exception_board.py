"""The exception board as a paper: what is red, who is late, what is missing and who must decide."""

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.papers import layout
from gateway.papers.issuing import headed, name, recipients, signer
from gateway.papers.layout import day_of, figure
from kernel.working_time import TZ

MISSING = {
    "answer": "Trả lời vướng mắc", "decision_on_refusal": "Quyết định về việc từ chối tiếp nhận",
    "decision_on_extension": "Quyết định gia hạn", "decision_on_result": "Duyệt kết quả", "receipt": "Tiếp nhận",
    "result": "Kết quả thực hiện",
}  # fmt: skip
LEVELS = {"city": "Lãnh đạo Thành phố", "office": "Văn phòng", "unit": "Đơn vị", "division": "Phòng, ban"}
HEADS = (
    "Stt", "Nhiệm vụ", "Đơn vị thực hiện", "Hạn", "Còn thiếu", "Người chậm", "Số ngày chậm", "Cấp quyết định",
)  # fmt: skip
WIDTHS = (9, 36, 25, 22, 20, 22, 11, 20)


def pdf(board: Mapping, rows: Sequence[Mapping], issuer: Mapping, day: date) -> bytes:
    """`rows` are the first of the board; where there are more, the paper says so."""
    at, apart = board["as_of"].astimezone(TZ), board["under_correction"]["count"]
    moment = f"{at:%H} giờ {at:%M} phút, ngày {at:%d/%m/%Y}"
    about = ("Các nhiệm vụ chậm cần chỉ đạo, xử lý", f"(thời điểm {moment})")
    story = [
        *layout.heading(headed(issuer, day, "BÁO CÁO", about)),
        layout.text(
            f"{name(issuer)} báo cáo các nhiệm vụ chậm cần chỉ đạo, xử lý (số liệu tính đến {moment}) như sau:"
        ),
        layout.section("I. TÌNH HÌNH CHUNG"),
        layout.text(f"Tổng số nhiệm vụ chậm: {figure(board['total'])}. Trong đó:"),
        *_counts("Còn thiếu", board["by_missing"], MISSING),
        *_counts("Cấp quyết định", board["by_level"], LEVELS),
        *([layout.text(f"Đang đính chính, chưa tính vào số trên: {figure(apart)} nhiệm vụ.")] if apart else []),
        layout.section("II. DANH SÁCH NHIỆM VỤ"),
        *_list(rows, more=board["more"]),
        layout.ending(recipients(issuer), signer(issuer)),
    ]
    return layout.written(story, f"Báo cáo các nhiệm vụ chậm, {moment}")


def _counts(of: str, counts: Sequence[Mapping], words: Mapping[str, str]) -> list:
    return [
        layout.text(f"- {of}: {words[each['name']].lower()}: {figure(each['count'])} nhiệm vụ;")
        for each in counts
        if each["count"]
    ]


def _list(rows: Sequence[Mapping], *, more: bool) -> list:
    if not rows:
        return [layout.text("Không có nhiệm vụ chậm.")]
    told = [layout.text(f"Danh sách chỉ gồm {figure(len(rows))} nhiệm vụ đứng đầu:")] if more else []
    lines = [
        (
            place, each["title"], each["unit_name"], day_of(each["current_due"].astimezone(TZ)) if each["current_due"]
            else "", MISSING[each["missing"]], each["late"]["title"], each["days"], each["decides"]["title"],
        )
        for place, each in enumerate(rows, start=1)
    ]  # fmt: skip
    return [*told, layout.table(HEADS, lines, WIDTHS)]
