"""What is asked for: the product, and how urgently."""

from dataclasses import dataclass

from tasks.domain.instructions.reading import Reading, rule

_KINDS = (
    ("named", rule(r"(?<!\w)(?:sản phẩm|kết quả đầu ra)(?: yêu cầu| dự kiến)? ?: ?(?P<what>[^.;\n]{1,300})")),
    ("advice", rule(r"(?<!\w)(?P<what>tham mưu)\b")),
    (
        "submission",
        rule(
            r"(?<!tờ )(?<!chương )(?<!công )(?<!quy )(?<!quá )(?<!lộ )(?<!tiến )(?<!giáo )(?<!hành )(?<!\w)"
            r"(?P<what>trình)\b(?! (?:độ|tự|bày|diễn|báo))"
        ),
    ),
    ("report", rule(r"(?<!chế độ )(?<!nghe )(?<!tại )(?<!theo )(?<!\w)(?P<what>báo cáo)\b(?! (?:số \d|tại |tài chính|viên))")),
)  # fmt: skip
_ENDS = rule(r"[,.;\n]|\b(?:trước|chậm nhất|muộn nhất|trong (?:vòng|thời hạn|tháng|quý|năm|tuần|ngày|\d)|đến ngày|hạn)\b")
_URGENCIES = (
    ("express", rule(r"(?<!\w)hỏa tốc\b")),
    ("very_urgent", rule(r"(?<!\w)thượng khẩn\b")),
    ("urgent", rule(r"(?:\A|(?<=[\n.(]) ?|\b(?:công văn|độ|mức độ|công điện|văn bản|việc|báo cáo)[ :]{1,2})(?P<word>khẩn)\b(?! (?:trương|cấp))")),
)  # fmt: skip
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
    for kind, pattern in _KINDS:
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
    for level, pattern in _URGENCIES:
        if match := reading.first(pattern, start, end):
            return Urgency(*match.span("word" if "word" in match.groupdict() else 0), level)
    return None
