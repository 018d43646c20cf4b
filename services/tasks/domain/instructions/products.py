"""What is asked for: the product, and how urgently."""

from dataclasses import dataclass

from tasks.domain.instructions.reading import Reading, rule

_NAMED = rule(r"(?<!\w)(?:sản phẩm|kết quả đầu ra)(?: yêu cầu| dự kiến)? ?: ?(?P<what>[^.;\n]{1,300})")
_ADVICE = rule(r"(?<!\w)(?P<what>tham mưu)\b")
_SUBMISSION = rule(
    r"(?<!tờ )(?<!chương )(?<!công )(?<!quy )(?<!quá )(?<!lộ )(?<!tiến )(?<!giáo )(?<!hành )(?<!\w)"
    r"(?P<what>trình)\b(?! (?:độ|tự|bày|diễn|báo))"
)
_REPORT = rule(r"(?<!chế độ )(?<!nghe )(?<!tại )(?<!theo )(?<!\w)(?P<what>báo cáo)\b(?! (?:số \d|tại |tài chính|viên))")
_KINDS = {"named": _NAMED, "advice": _ADVICE, "submission": _SUBMISSION, "report": _REPORT}
_ENDS = rule(
    r"[,.;\n]|\b(?:trước|chậm nhất|muộn nhất|trong (?:vòng|thời hạn|tháng|quý|năm|tuần|ngày|\d)|đến ngày|hạn)\b"
)
_URGENT = rule(
    r"(?:\A|(?<=[\n.(]) ?|\b(?:công văn|độ|mức độ|công điện|văn bản|việc|báo cáo)[ :]{1,2})"
    r"(?P<word>khẩn)\b(?! (?:trương|cấp))"
)
_URGENCIES = {
    "express": rule(r"(?<!\w)(?P<word>hỏa tốc)\b"),
    "very_urgent": rule(r"(?<!\w)(?P<word>thượng khẩn)\b"),
    "urgent": _URGENT,
}
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Product:
    """`start` to `end` is the word that says it, `whole_end` where what it says ends."""

    start: int
    end: int
    whole_end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Urgency:
    start: int
    end: int
    level: str


def products_in(reading: Reading, start: int, end: int) -> list[Product]:
    """One of each kind, the first."""
    found = []
    for kind, pattern in _KINDS.items():
        match = reading.first(pattern, start, end)
        if match is None:
            continue
        begins, ends = match.span("what")
        whole = ends
        if kind != "named":
            stop = reading.first(_ENDS, ends, min(end, ends + LONGEST))
            whole = stop.start() if stop else min(end, ends + LONGEST)
        found.append(Product(begins, ends, whole, kind))
    return sorted(found, key=lambda each: each.start)


def urgency_in(reading: Reading, start: int, end: int) -> Urgency | None:
    for level, pattern in _URGENCIES.items():
        if match := reading.first(pattern, start, end):
            return Urgency(*match.span("word"), level)
    return None
