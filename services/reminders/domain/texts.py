"""What people are told outside of the application: pure."""

from datetime import datetime
from html import escape

from kernel.working_time import TZ
from reminders.domain.deliveries import Delivery, Digest, Line

API = "/api/v1"
SUBJECT_AT_MOST = 150
SHORT_AT_MOST = 160  # and its link
NOTE_AT_MOST = 200  # a push service takes 4 KiB
LINES_AT_MOST = 30
KINDS = {
    "assignment_to_receive": "Việc chờ tiếp nhận",
    "order_to_issue": "Dự thảo chờ giao",
    "urging_to_answer": "Đôn đốc chờ trả lời",
    "children_to_extend": "Gia hạn cho cấp dưới chờ quyết định",
    "parent_to_close": "Việc cấp dưới đã xong, chờ kết thúc",
    "blocker_to_decide": "Vướng mắc chờ quyết định",
    "correction_to_decide": "Đính chính chờ quyết định",
    "refusal_to_decide": "Từ chối tiếp nhận chờ quyết định",
    "result_to_decide": "Kết quả chờ duyệt",
    "extension_to_decide": "Gia hạn chờ quyết định",
    "document_to_receive": "Văn bản chờ tiếp nhận",
    "recall_to_answer": "Thu hồi văn bản chờ trả lời",
    "superior_answer_to_record": "Trả lời của cấp trên chờ ghi nhận",
    "directive_to_acknowledge": "Chỉ đạo, đôn đốc chờ xác nhận",
    "break_glass_used": "Tài khoản khẩn cấp đã được dùng",
    "procedure_near_deadline": "Hồ sơ thủ tục hành chính sắp đến hạn",
    "citizen_case": "Phản ánh 1022 chờ xử lý",
    "meeting_to_join": "Cuộc họp cần dự",
    "mail_to_answer": "Thư cần trả lời",
    "document_to_approve": "Văn bản chờ duyệt",
    "document_to_instruct": "Văn bản chờ bút phê",
}
OTHER = "Việc khác"
GREETING = "Hệ thống Công Vụ nhắc:"
ENDING = "Thư này được gửi tự động. Cách nhận nhắc việc có thể thay đổi trong phần cài đặt thông báo."


def path_of(link: str) -> str:
    """A page of the application; what is elsewhere keeps its address."""
    return link.removeprefix(API)


def address_of(link: str, public_url: str) -> str:
    return link if link.startswith("https://") else public_url + path_of(link)


def subject(delivery: Delivery) -> str:
    if (digest := delivery.digest) is not None:
        late = f", {digest.late} việc quá hạn" if digest.late else ""
        return f"Công Vụ: {digest.waiting} việc đang chờ{late}"
    first = delivery.lines[0]
    if len(delivery.lines) == 1:
        return _cut(_said(first), SUBJECT_AT_MOST)
    return _cut(f"Công Vụ nhắc {len(delivery.lines)} việc: {first.title}", SUBJECT_AT_MOST)


def plain(delivery: Delivery, public_url: str) -> str:
    if delivery.digest is not None:
        body = _digest_lines(delivery.digest, public_url)
    else:
        body = [
            f"- {_said(line)}\n  {address_of(line.link, public_url)}" for line in delivery.lines[:LINES_AT_MOST]
        ] + _rest(delivery)
    return "\n".join([GREETING, "", *body, "", f"Mở Công Vụ: {public_url}/", "", ENDING, ""])


def html(delivery: Delivery, public_url: str) -> str:
    body = _digest_html(delivery.digest, public_url) if delivery.digest is not None else _lines_html(
        delivery, public_url
    )  # fmt: skip
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{escape(subject(delivery))}</title></head>'
        f'<body style="font-family:sans-serif;color:#1a1a1a"><p>{GREETING}</p>{body}'
        f'<p><a href="{escape(public_url)}/">Mở Công Vụ</a></p>'
        f'<p style="color:#595959;font-size:small">{ENDING}</p></body></html>'
    )


def short(delivery: Delivery, public_url: str) -> str:
    """A short message, or what a voice says."""
    first = delivery.lines[0]
    more = f" (và {len(delivery.lines) - 1} việc khác)" if len(delivery.lines) > 1 else ""
    said = _cut(f"Công Vụ: {_said(first)}", SHORT_AT_MOST - len(more))
    return f"{said}{more} {address_of(first.link, public_url)}"


def note(delivery: Delivery) -> dict:
    """What a device shows. Whoever pushes it cannot read it; it is of this person alone, and names nobody."""
    first = delivery.lines[0]
    one = len(delivery.lines) == 1
    return {
        "id": delivery.id,
        "title": _cut(_why(first) or "Công Vụ nhắc", NOTE_AT_MOST) if one else f"{len(delivery.lines)} việc cần chú ý",
        "body": _cut(first.title, NOTE_AT_MOST),
        "link": path_of(first.link) if one else "/nudges",
        "urgency": first.urgency,
    }


def _rest(delivery: Delivery) -> list[str]:
    left = len(delivery.lines) - LINES_AT_MOST
    return [f"... và {left} việc khác"] if left > 0 else []


def _lines_html(delivery: Delivery, public_url: str) -> str:
    each = "".join(_line_html(line, public_url) for line in delivery.lines[:LINES_AT_MOST])
    rest = "".join(f"<p>{escape(text)}</p>" for text in _rest(delivery))
    return f"<ul>{each}</ul>{rest}"


def _line_html(line: Line, public_url: str) -> str:
    address = escape(address_of(line.link, public_url))
    return f'<li>{escape(_why(line))} <a href="{address}">{escape(_flat(line.title))}</a></li>'


def _digest_lines(digest: Digest, public_url: str) -> list[str]:
    counts = [f"- {_counted(each)}" for each in digest.counts]
    burning = [
        f"- {_flat(each['title'])} ({_due(each, digest.now)})\n  {address_of(each['link'], public_url)}"
        for each in digest.burning
    ]
    return ["Việc đang chờ anh/chị:", *counts, "", "Gấp nhất:", *burning]


def _digest_html(digest: Digest, public_url: str) -> str:
    counts = "".join(f"<li>{escape(_counted(each))}</li>" for each in digest.counts)
    burning = "".join(
        f'<li><a href="{escape(address_of(each["link"], public_url))}">{escape(_flat(each["title"]))}</a>'
        f" ({escape(_due(each, digest.now))})</li>"
        for each in digest.burning
    )
    return f"<p>Việc đang chờ anh/chị:</p><ul>{counts}</ul><p>Gấp nhất:</p><ul>{burning}</ul>"


def _counted(each) -> str:
    return f"{KINDS.get(each['kind'], OTHER)}: {each['count']}"


def _due(each, now: datetime) -> str:
    due: datetime | None = each["due"]
    if due is None:
        return "không có hạn"
    said = f"hạn {due.astimezone(TZ):%H:%M %d/%m/%Y}"
    return f"quá hạn, {said}" if due < now else said


def _said(line: Line) -> str:
    return ": ".join(filter(None, (_why(line), _flat(line.title))))


def _why(line: Line) -> str:
    return _flat(line.text).rstrip(".")


def _flat(text: str) -> str:
    """On one line, whatever came in it: no header and no list item begins inside of a text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str, most: int) -> str:
    flat = _flat(text)
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"
