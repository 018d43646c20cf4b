"""A text cut into instructions, and what each body that it names is asked to be in them.

An instruction begins where somebody is told to answer for something, and goes on until the next one does. What stands
before the first is the preamble; a heading ("Giao Sở A:") gives its lead to the points below it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tasks.domain.instructions.reading import Reading, rule
from tasks.domain.instructions.units import Mention

_MARK = rule(
    r"(?:(?:\A|\n) ?(?P<line>\d{1,2}[.)]|\d{1,2}\.\d{1,2}\.?|[a-zđ][.)]|[ivx]{1,4}[.)]|[-+•*●])(?= )"
    r"|(?<=[:;.] )(?P<inline>\(?(?:\d{1,2}|[a-zđ])\))(?= ))"
)
_STOP = rule(r"[;!?](?=[ \n])|\.(?=[ \n])|\n")
_ABBREVIATED = rule(r"(?:\b(?:tp|p|x|q|đ|vp|ths|ts|gs|bs|st|v)|\A ?\d{1,2})$")
_TITLES = (
    r"(?:(?:cho|nhiệm vụ|trách nhiệm|thủ trưởng|giám đốc|chủ tịch|chánh|trưởng|đồng chí|đ/c|ông|bà|lãnh đạo|tập thể"
    r"|người đứng đầu|các|ubnd|ủy ban nhân dân|tất cả|toàn bộ|thống nhất) ){0,5}"
)
_AND = rule(rf"(?: cũ)?(?: ?[,;] ?(?:và )?| và | ?& ?){_TITLES}")
_TITLES_ONLY = rule(rf"\W{{0,4}}{_TITLES}$")
_ORDERED = rule(
    rf"\b(?:giao|phân công|yêu cầu|đề nghị|chỉ đạo|(?:chủ trì|đầu mối|thực hiện)(?: là)? ?:)[ :]?[ ]?{_TITLES}$"
)
_HELPING = rule(
    r"\b(?:phối hợp(?: chặt chẽ| đồng bộ)?(?: ?:)?(?: cùng với| với| cùng| của)?|cùng với|cùng|tham gia của)"
    rf" {_TITLES}$"
)
_COPIED = rule(rf"\b(?:sao gửi|đồng gửi|đồng kính gửi|thông báo)(?: cho| đến| tới)? {_TITLES}$")
_TOLD = rule(r",? (?:được )?(?:để )?biết\b")
_RECEIVING = rule(rf"\b(?:gửi|về|báo cáo|trình|qua|ý kiến|với)(?: về| cho| đến| tới| lên| qua)? {_TITLES}$")
_LEADING = rule(
    r"(?:,| \()?(?: có trách nhiệm| chịu trách nhiệm)?(?: ?(?:là|làm))?(?: (?:cơ quan|đơn vị))?"
    r" ?(?:chủ trì|(?:làm |là )?đầu mối)\b"
)
_HELPS = rule(
    r"(?:,| \()?(?: có trách nhiệm)?(?: cùng)? ?(?:phối hợp|hỗ trợ)\b(?! (?:các|những)? ?[^.;]{0,20}(?:báo cáo))"
)
_BESIDE_LEAD = rule(rf"(?:chủ trì|đầu mối)\)? ?,? (?:và )?{_TITLES}$")
_NEXT = rule(rf", ?(?:đồng thời |còn |riêng |và )?{_TITLES}$")
_WITH = rule(rf"(?: chặt chẽ)?(?: cùng với| với| cùng)? {_TITLES}")
_TITLES_END = rule(rf"\b{_TITLES}$")
_ONLY_TELLS = rule(
    r" (?:đã|vừa) |,? (?:có|tại) (?:tờ trình|công văn|văn bản|báo cáo số|ý kiến)|,? (?:trình|đề xuất|báo cáo) tại\b"
)
_THAT_ONE = rule(r"\bgiao (?P<it>(?:quý )?(?:sở|đơn vị)(?: này| đó)?) (?!ngành|ban)")
_ALL_OF_THEM = rule(r"(?:các|những) [^.;:]{0,40}(?:nêu trên|trên đây|nói trên|trên)\b")
_LEAVES_OPEN = rule(r"[^.;]{0,60}: ?\Z")

LEAD, SUPPORT, INFORM = "lead", "support", "inform"


@dataclass(slots=True)
class Instruction:
    """`own` are the names in it; `mentions` also those that a heading gives it. `head_ends`: where its work begins."""

    start: int
    end: int
    head_ends: int
    own: list[Mention] = field(default_factory=list)
    given: list[Mention] = field(default_factory=list)

    @property
    def mentions(self) -> list[Mention]:
        return [*self.given, *self.own]


@dataclass(slots=True)
class Document:
    """The instructions, and the spans that belong to none of them or to all."""

    preamble: list[tuple[int, int]] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    for_all: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Sentence:
    start: int
    end: int
    level: int | None  # of the mark before it


def document_of(reading: Reading, mentions: Sequence[Mention]) -> Document:
    document = Document()
    heading: tuple[int, list[Mention]] | None = None
    waiting = iter(mentions)
    following = next(waiting, None)
    earlier: list[Mention] = []
    for sentence in _sentences(reading):
        inside: list[Mention] = []
        while following is not None and following.start < sentence.end:
            inside.append(following)
            following = next(waiting, None)
        if heading and sentence.level is not None and sentence.level <= heading[0]:
            heading = None
        inside = _with_that_one(reading, sentence, inside, earlier)
        earlier += inside
        beginnings = _roles(reading, sentence, inside, bool(document.instructions) and sentence.level is None)
        if beginnings:
            _cut(document, sentence, inside, beginnings)
            if reading.at(_LEAVES_OPEN, document.instructions[-1].head_ends, sentence.end):
                heading = sentence.level if sentence.level is not None else -1, document.instructions.pop().own
        elif heading and sentence.level is not None:
            new = Instruction(sentence.start, sentence.end, sentence.start, inside, heading[1])
            document.instructions.append(new)
        elif not document.instructions:
            document.preamble.append((sentence.start, sentence.end))
        elif len(document.instructions) > 1 and reading.at(_ALL_OF_THEM, sentence.start, sentence.end):
            document.for_all.append((sentence.start, sentence.end))
        else:
            last = document.instructions[-1]
            last.end = sentence.end
            last.own += inside
    return document


def _cut(document: Document, sentence: _Sentence, inside: list[Mention], beginnings: list[tuple[int, int]]) -> None:
    """One instruction for each beginning; the first has also what stands before it in the sentence."""
    starts = [sentence.start, *(start for start, _ in beginnings[1:])]
    for (start, (_, head_ends)), end in zip(
        zip(starts, beginnings, strict=True), [*starts[1:], sentence.end], strict=True
    ):
        own = [mention for mention in inside if start <= mention.start < end]
        document.instructions.append(Instruction(start, end, head_ends, own))


def _sentences(reading: Reading) -> Iterator[_Sentence]:
    marks = [(found.start(), found.end(), found["line"] or found["inline"]) for found in reading.find(_MARK)]
    edges = [(0, 0, None), *marks, (len(reading.letters), len(reading.letters), None)]
    for (_, begins, mark), (ends, _, _) in pairwise(edges):
        level = _level(mark) if mark else None
        start = begins
        for found in reading.find(_STOP, begins, ends):
            if found[0] == "." and reading.before(_ABBREVIATED, found.start(), start, 6):
                continue
            after = found.end() + 1 if found[0] != "\n" else found.end()
            if found[0] not in ";!?" and not reading.is_plain and after < ends and _goes_on_small(reading, after):
                continue
            if found.start() > start:
                yield _Sentence(start, found.end(), level)
                level = None
            start = found.end()
        if reading.letters[start:ends].strip():
            yield _Sentence(start, ends, level)


def _goes_on_small(reading: Reading, at: int) -> bool:
    return reading.letters[at].isalpha() and not reading.is_capital(at)


def _level(mark: str) -> int:
    letter = mark.strip("().")
    if letter[:1].isdigit():
        return 1 + letter.count(".")
    if letter.isalpha():
        return 0 if set(letter) <= set("ivx") and mark.endswith(".") else 3
    return 4


def _with_that_one(
    reading: Reading, sentence: _Sentence, inside: list[Mention], earlier: Sequence[Mention]
) -> list[Mention]:
    """ "Giao Sở này": the unit named last; surely meant, but a person should see it."""
    found = reading.first(_THAT_ONE, sentence.start, sentence.end)
    if not found or any(each.start <= found.start("it") < each.end for each in inside):
        return inside
    unit = next((each for each in reversed(earlier) if each.kind == "unit"), None)
    if unit is None:
        return inside
    meant = [replace(each, matched="reference", sure=False) for each in unit.candidates]
    new = Mention(*found.span("it"), "unit", meant)
    return sorted(
        [each for each in inside if each.end <= new.start or each.start >= new.end] + [new], key=lambda each: each.start
    )


def _groups(reading: Reading, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Names that one list joins."""
    groups: list[list[Mention]] = []
    for mention in mentions:
        if groups and reading.form(_AND).fullmatch(reading.letters, groups[-1][-1].end, mention.start):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    return groups


def _roles(reading: Reading, sentence: _Sentence, mentions: Sequence[Mention], goes_on: bool) -> list[tuple[int, int]]:
    """Gives every mention its role; where the sentence's instructions begin, and where the work of each does."""
    beginnings: list[tuple[int, int]] = []
    groups = _groups(reading, [each for each in mentions if each.kind != "superior"])
    before = sentence.start
    for group, following in zip(groups, [*groups[1:], None], strict=False):
        after = following[0].start if following else sentence.end
        has_lead = bool(beginnings) or goes_on
        role, begins = _role(reading, group, before, after, has_lead, sentence)
        for mention in group:
            mention.role = role
        if role == LEAD:
            beginnings.append((begins, group[-1].end))
        elif role == SUPPORT and beginnings:
            beginnings[-1] = (beginnings[-1][0], group[-1].end)
        before = group[-1].end
    return beginnings


def _role(
    reading: Reading, group: list[Mention], before: int, after: int, has_lead: bool, sentence: _Sentence
) -> tuple[str | None, int]:
    start, end = group[0].start, group[-1].end

    def left(pattern) -> re.Match | None:
        return reading.before(pattern, start, before)

    def right(pattern) -> re.Match | None:
        return reading.at(pattern, end, sentence.end)

    if ordered := left(_ORDERED):
        return LEAD, ordered.start()
    if left(_HELPING):
        return SUPPORT, start
    if right(_TOLD) or (left(_COPIED) and not right(_LEADING)):
        return INFORM, start
    if right(_LEADING):
        return LEAD, _after_titles(reading, start, before)
    if left(_RECEIVING):
        return None, start
    if has_lead and left(_BESIDE_LEAD):
        return SUPPORT, start
    begins = left(_TITLES_ONLY)
    is_first = begins is not None and (begins.start() == sentence.start or ":" in begins[0])
    following = left(_NEXT)
    if not is_first and not following:
        return None, start
    helps = right(_HELPS)
    if helps and has_lead and not _names_whom(reading, helps.end(), after):
        return SUPPORT, start
    if right(_ONLY_TELLS) or (group[0].kind == "indefinite" and has_lead):
        return None, start
    return LEAD, following.start() + 1 if following else start


def _names_whom(reading: Reading, start: int, next_group: int) -> bool:
    """Whether "phối hợp" is followed by those with whom."""
    return next_group - start < 60 and reading.form(_WITH).fullmatch(reading.letters, start, next_group) is not None


def _after_titles(reading: Reading, start: int, before: int) -> int:
    found = reading.before(_TITLES_END, start, before)
    return found.start() if found else start
