"""The documents that an instruction rests on, the clause in them, and the level that it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tasks.domain.instructions.reading import Reading, rule

_KINDS = (
    "kết luận|thông báo|công văn|chỉ thị|nghị quyết|quyết định|kế hoạch|công điện|nghị định|tờ trình|báo cáo|luật"
    "|thông tư|hướng dẫn|chương trình|văn bản|biên bản|phiếu chuyển|quy định|đề án"
)
_NUMBERED = rule(
    rf"(?<!\w)(?P<kind>{_KINDS})(?: hỏa tốc| khẩn)? (?:(?:số ?:? ?)(?P<number>\d{{1,6}}(?:[/-][\w&]{{1,20}}){{0,6}})"
    r"|(?P<bare>\d{1,6}(?:[/-]\w{1,20}){1,6}))"
    r"(?:,? ngày (?P<day>\d{1,2})(?:/|-|\.| tháng )(?P<month>\d{1,2})(?:/|-|\.| năm )(?P<year>\d{4}))?"
    r"(?P<issuer> của [^,.;:\n]{1,80})?"
)
_PART = (
    r"(?:điểm (?:[a-zđ]|\d{1,2}(?:\.\d{1,2}){0,2})|tiết [a-zđ]|khoản \d{1,2}|mục (?:[ivx]{1,5}|\d{1,2})|điều \d{1,3})"
)
_CLAUSE = rule(rf"(?<!\w){_PART}\b(?:,? (?:của )?{_PART}\b){{0,3}}(?! (?:tỷ|triệu|nghìn|đồng))")
_ORIGINS = (
    ("government_office", rule(r"(?<!\w)(?:văn phòng chính phủ|thủ tướng|của chính phủ)|[-/](?:vpcp|ttg|cp)\b")),
    ("pc_party_committee", rule(r"đảng ủy (?:ubnd|ủy ban)|[-/](?:đuubnd|đu)\b")),
    ("city_party_committee", rule(r"(?<!\w)(?:ban thường vụ |thường trực )?thành ủy|[-/]tu\b|[-/]vptu\b")),
    ("city_pc", rule(r"[-/]ubnd\b|của (?:ubnd|ủy ban nhân dân|chủ tịch ubnd) (?:thành phố|tp)")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    start: int
    end: int
    kind: str
    number_from: int
    number_to: int
    issued_on: date | None


@dataclass(frozen=True, slots=True)
class Clause:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Origin:
    start: int
    end: int
    source: str


def documents_in(reading: Reading, start: int, end: int) -> list[Cited]:
    found = []
    for match in reading.find(_NUMBERED, start, end):
        name = "number" if match["number"] else "bare"
        issuer = match.end("issuer") - len(match["issuer"]) if match["issuer"] else match.end()
        found.append(Cited(match.start(), issuer, match["kind"], *match.span(name), _day(match)))
    return found


def _day(match) -> date | None:
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])) if match["year"] else None
    except ValueError:
        return None


def clauses_in(reading: Reading, start: int, end: int) -> list[Clause]:
    return [Clause(*match.span()) for match in reading.find(_CLAUSE, start, end)]


def origin_of(reading: Reading, spans: Iterable[tuple[int, int]]) -> Origin | None:
    """The level that the cited documents come from, by their numbers and issuers and not by whom one reports to."""
    for start, end in spans:
        for match in reading.find(_NUMBERED, start, end):
            for source, pattern in _ORIGINS:
                if found := reading.first(pattern, match.start(), match.end()):
                    return Origin(*found.span(), source)
            before = max(start, match.start() - 60)
            for source, pattern in _ORIGINS:
                if found := reading.first(pattern, before, match.start()):
                    return Origin(*found.span(), source)
    return None
