"""Units in a text: by their full name, their short name or an abbreviation, alone or one of a list."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tasks.domain.instructions.reading import Reading, rule, without_diacritics

MOST_WORDS = 14  # of a name
BY_RULE = ("all-departments", "all-wards", "all-communes", "all-commune-level", "all-units")  # not by their titles
DEPARTMENTS, COMMUNES = ("department",), ("ward", "commune", "special_zone")


class Unit(Protocol):
    id: str
    code: str
    kind: str
    name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Audience:
    name: str
    title: str
    unit_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a name may mean. `matched`: by which form of the name. `sure`: as it is written, letter by letter."""

    unit_id: str | None
    audience: str | None
    name: str
    matched: str
    sure: bool


@dataclass(slots=True)
class Mention:
    """A name in the text: a unit, several that it may be, an audience, or none that is known.

    `kind`: "unit", "audience", "unknown" (a body that the directory does not have), "indefinite" ("các đơn vị liên
    quan") or "superior" (who orders, and is not ordered).
    """

    start: int
    end: int
    kind: str
    candidates: list[Candidate] = field(default_factory=list)
    role: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    words: tuple[str, ...]
    matched: str
    unit: Unit | None = None
    audience: Audience | None = None


class Vocabulary:
    """The names of all units and audiences, made once for a state of the directory."""

    def __init__(self, units: Iterable[Unit], audiences: Iterable[Audience] = ()):
        self.audiences = {audience.name: audience for audience in audiences}
        self._names: dict[str, list[_Name]] = defaultdict(list)  # by the words without diacritics, joined
        self._bare: dict[str, list[_Name]] = defaultdict(list)  # only where a list goes on
        self._beginnings: set[str] = set()
        for unit in units:
            for form, matched in _forms(unit):
                self._add(self._names, _Name(tuple(words_of(form)), matched, unit))
            self._add(self._bare, _Name(tuple(words_of(unit.name)), "name", unit))
        for audience in self.audiences.values():
            if audience.name in BY_RULE:
                continue
            self._add(self._names, _Name(tuple(words_of(audience.title)), "audience", audience=audience))

    def _add(self, names: dict[str, list[_Name]], name: _Name) -> None:
        words = without_diacritics(" ".join(name.words)).split()
        if not words or any(_key(each) == _key(name) for each in names[" ".join(words)]):
            return
        names[" ".join(words)].append(name)
        self._beginnings.update(" ".join(words[:count]) for count in range(1, len(words) + 1))

    def longest(self, words: Sequence["_Word"], first: int, kinds: Sequence[str] = ()) -> tuple[int, list[_Name]]:
        """How many words from `first` on are a name, and whose; with `kinds`, a bare name of such a unit."""
        names = self._bare if kinds else self._names
        key, best = "", (0, [])
        for count in range(1, min(MOST_WORDS, len(words) - first) + 1):
            word = words[first + count - 1]
            if count > 1 and not word.joined:
                break
            key = f"{key} {word.folded}" if key else word.folded
            if key not in self._beginnings:
                break
            if found := [each for each in names.get(key, ()) if not kinds or each.unit.kind in kinds]:
                best = count, found
        return best


def _key(name: _Name) -> tuple:
    return name.words, name.unit and name.unit.id, name.audience and name.audience.name


_WORD = re.compile(r"\w+")
_JOINS = re.compile(r"[ \n]|(?: ?[-&/] ?)")


@dataclass(frozen=True, slots=True)
class _Word:
    """`joined`: nothing that ends a name stands before it."""

    start: int
    end: int
    letters: str
    folded: str
    joined: bool


def _words(letters: str, folded: str) -> list[_Word]:
    words: list[_Word] = []
    for found in _WORD.finditer(letters):
        start, end = found.span()
        joined = False
        if words:
            between = letters[words[-1].end : start]
            is_short = len(words[-1].letters) <= 3 and between in (".", ". ")
            joined = is_short or _JOINS.fullmatch(between) is not None
        words.append(_Word(start, end, letters[start:end], folded[start:end], joined))
    return words


def words_of(text: str) -> list[str]:
    reading = Reading(text)
    return [word.letters for word in _words(reading.letters, reading.folded)]


# how names are written short

_SHORTER = {
    "Ủy ban nhân dân": ("UBND", "Ủy ban"),
    "Văn phòng": ("VP",),
    "Thành phố": ("TP", "TP Hồ Chí Minh", "TP HCM", "TPHCM", "Thành phố Hồ Chí Minh"),
    "Phường": ("P",),
    "Xã": ("X",),
    "Đặc khu": ("ĐK",),
}


def _forms(unit: Unit) -> Iterator[tuple[str, str]]:
    """Every way to write a unit, and what to call that way."""
    full = unit.full_name
    yield full, "full_name"
    shorter = [full]
    for long, shorts in _SHORTER.items():
        shorter += [each.replace(long, short) for each in shorter if long in each for short in shorts]
    if unit.kind == "office":
        shorter += [each.replace(" Thành phố", "") for each in shorter]
    yield from ((form, "short_name") for form in shorter)
    if unit.kind in COMMUNES:
        yield from ((f"{body} {full}", "full_name") for body in ("UBND", "Ủy ban nhân dân"))
        yield f"UBND {unit.name}", "name"
        return
    yield unit.code, "code"
    yield from ((initials, "abbreviation") for initials in _initials(full))
    without_and = full.replace(" và ", " ")
    yield without_and, "short_name"
    prefix = full.removesuffix(unit.name).strip()
    if unit.kind in DEPARTMENTS and prefix and prefix != full:
        for initials in _initials(unit.name):
            yield f"{prefix} {initials}", "abbreviation"
            yield prefix[0] + initials, "abbreviation"


def _initials(name: str) -> Iterator[str]:
    """ "Giáo dục và Đào tạo" -> GDVĐT, GDĐT, GD ĐT (as GD&ĐT is read)."""
    words = words_of(name)
    halves = [words_of(half) for half in re.split(r" và | - ", name)]
    yield "".join(word[0] for word in words)
    yield "".join(word[0] for half in halves for word in half)
    yield " ".join("".join(word[0] for word in half) for half in halves)


# audiences, superiors and bodies that are in no directory

_ALL = "(?:tất cả |toàn bộ )?(?:các|những|(?P<count>\\d{1,3})) "
_END = "(?![\\w])"
_LEVELS = "(?:phường|xã|đặc khu)"
_COMMUNES_LISTED = rule(rf"\b{_ALL}(?P<first>{_LEVELS})(?P<rest>(?:(?:, ?| và | ){_LEVELS}){{0,2}}){_END}")
_COMMUNE_LEVEL = rule(r"\b(?:ubnd |ủy ban nhân dân )?cấp xã\b")
_DEPARTMENTS = rule(rf"\b{_ALL}(?:sở(?:(?:, ?| và | - |-| )(?:ban|ngành)(?!\w)){{0,2}})(?: thành phố| tp)?{_END}")
_EVERYBODY = rule(r"\b(?:tất cả |toàn bộ )(?:các )?(?:đơn vị|cơ quan)\b")
_INDEFINITE = rule(
    r"\b(?:các|những) (?:sở|ban|ngành|đơn vị|cơ quan|địa phương|tổ chức|bệnh viện|trường|doanh nghiệp|chủ đầu tư"
    r"|phòng|phường|xã|quận|hội|đoàn thể)"
    r"(?:(?:, ?| và | )(?:sở|ban|ngành|đơn vị|cơ quan|địa phương|tổ chức|phường|xã|đoàn thể)(?!\w)){0,4}"
    r"(?P<vague>,? (?:có )?liên quan)?\b"
)
_OF_CONCERN = rule(r",? ?(?:có )?liên quan\b")
_SUPERIOR = rule(
    r"\b(?:(?:thường trực |đảng ủy |văn phòng )?(?:ubnd|ủy ban nhân dân|ủy ban)"
    r"(?: (?:thành phố hồ chí minh|thành phố|tp(?:\. ?| )?hcm|tp))"
    r"|(?:thường trực |ban thường vụ )?thành ủy|hội đồng nhân dân thành phố|hđnd (?:thành phố|tp)|thường trực ủy ban"
    r"|thủ tướng chính phủ|thủ tướng|văn phòng chính phủ|chính phủ|quốc hội|đảng ủy ubnd thành phố)\b"
)
_UNKNOWN = rule(
    r"\b(?:sở|công an|bộ tư lệnh|bộ chỉ huy|kho bạc nhà nước|thuế|cục|chi cục|bảo hiểm xã hội|ban quản lý|viện kiểm sát"
    r"|tòa án|mặt trận tổ quốc|ủy ban mặt trận tổ quốc|thành đoàn|hội liên hiệp|liên đoàn|hội nông dân"
    r"|hội cựu chiến binh|ngân hàng nhà nước|trung tâm|tổng công ty|công ty|đài|viện|trường|bệnh viện|ban"
    r"|(?:ubnd |ủy ban nhân dân )(?:quận|huyện|thị xã|thành phố|phường|xã|đặc khu)|quận|huyện|phường|xã|đảng ủy"
    r"|trạm y tế|hải quan|bộ)\b"
)
_IS_A_BODY_OF_ITS_OWN = rule(
    r"(?:đảng ủy|công an|ban chỉ huy quân sự|mặt trận tổ quốc|hđnd|hội đồng nhân dân|trạm y tế|thành đoàn|đoàn thanh"
    r" niên|trung tâm [^,;.:]{0,40})(?: việt nam)? $"
)
_NAME_ENDS = rule(
    r"(?: ?[,;:.()\n]| (?:chủ trì|phối hợp|làm|là|có|báo cáo|tham mưu|rà soát|thực hiện|khẩn trương|trước|trong|để"
    r"|hoàn|tổ chức|xây dựng|đối chiếu|cung cấp|theo|tại|biết|kiểm tra|quyết toán|bàn giao|xử lý|đề xuất|triển khai"
    r"|hướng dẫn|và (?:sở|ubnd|ủy ban|công an|các|kho|thuế|bộ|ban|thanh|văn|phường|xã)|cùng|với|cũ|về|trình|lập"
    r"|chịu|bảo đảm|đảm bảo|hỗ trợ|gửi|nghiên cứu|tiếp tục|chỉ đạo|tăng cường|đẩy|thống kê|cập nhật|công bố"
    r"|đề nghị|hằng|hàng|định kỳ|đón|điều|giải)\b)"
)
_AND = rule(r"(?: ?, ?(?:và )?| và | cùng (?:với )?| ?& ?|; ?|, ?)")


def mentions_of(reading: Reading, vocabulary: Vocabulary) -> list[Mention]:
    """All names in the text, in their order, none inside another."""
    found = _named(reading, vocabulary)
    taken = _Taken(found)
    for finder in (_audiences, _superiors, _unknown):
        more = [mention for mention in finder(reading, vocabulary) if taken.is_free(mention)]
        for mention in more:
            if taken.is_free(mention):
                taken.take(mention)
    return sorted(taken.mentions, key=lambda mention: mention.start)


class _Taken:
    """Which letters belong to a mention already."""

    def __init__(self, mentions: Iterable[Mention]):
        self.mentions: list[Mention] = []
        self._letters: set[int] = set()
        for mention in mentions:
            self.take(mention)

    def is_free(self, mention: Mention) -> bool:
        return self._letters.isdisjoint(range(mention.start, mention.end))

    def take(self, mention: Mention) -> None:
        self.mentions.append(mention)
        self._letters.update(range(mention.start, mention.end))


def _named(reading: Reading, vocabulary: Vocabulary) -> list[Mention]:
    words = _words(reading.letters, reading.folded)
    found: list[Mention] = []
    at, listed = 0, ()
    while at < len(words):
        previous = found[-1] if found else None
        if previous is None or not reading.form(_AND).fullmatch(reading.letters, previous.end, words[at].start):
            listed = () if previous is None or previous.end < words[at].start - 1 else listed
        count, names = vocabulary.longest(words, at)
        if not count and previous is not None and listed and _goes_on(reading, previous, words[at]):
            count, names = vocabulary.longest(words, at, listed)
        if not count and _opens_list(words, at):
            kinds = _LISTED[words[at].folded]
            count, names = vocabulary.longest(words, at + 1, kinds)
            at += bool(count)
        chosen = _chosen(reading, names, words[at : at + count]) if count else []
        if chosen:
            start, end = words[at].start, words[at + count - 1].end
            if reading.before(_IS_A_BODY_OF_ITS_OWN, start, 0):
                at += count
                continue
            found.append(Mention(start, end, "audience" if chosen[0].audience else "unit", chosen))
            unit = names[0].unit
            listed = () if unit is None else DEPARTMENTS if unit.kind in DEPARTMENTS else COMMUNES
            at += count
        else:
            at += 1
    return found


_LISTED = {"so": DEPARTMENTS, "phuong": ("ward",), "xa": ("commune",)}


def _opens_list(words: Sequence[_Word], at: int) -> bool:
    """ "các phường Bến Thành, Sài Gòn": the word before the first name is of all of them."""
    return words[at].folded in _LISTED and at > 0 and words[at - 1].folded == "cac" and at + 1 < len(words)


def _goes_on(reading: Reading, previous: Mention, word: _Word) -> bool:
    return reading.form(_AND).fullmatch(reading.letters, previous.end, word.start) is not None


def _chosen(reading: Reading, names: Sequence[_Name], words: Sequence[_Word]) -> list[Candidate]:
    """Those whose letters are the written ones; without diacritics in the text all that they may be."""
    written = tuple(word.letters for word in words)
    exact = [name for name in names if name.words == written]
    plain = [name for name in names if tuple(map(without_diacritics, name.words)) == written]
    chosen = exact or plain
    by_unit: dict[object, Candidate] = {}
    for name in chosen:
        key = name.unit.id if name.unit else name.audience.name
        is_sure = bool(exact) and name.matched in ("full_name", "short_name", "code", "audience")
        by_unit.setdefault(key, _candidate(name, is_sure or name.matched == "abbreviation"))
    is_one = len(by_unit) == 1
    return [
        Candidate(each.unit_id, each.audience, each.name, each.matched, each.sure and is_one)
        for each in by_unit.values()
    ]


def _candidate(name: _Name, sure: bool) -> Candidate:
    if name.audience:
        return Candidate(None, name.audience.name, name.audience.title, name.matched, sure)
    return Candidate(name.unit.id, None, name.unit.full_name, name.matched, sure)


def _audiences(reading: Reading, vocabulary: Vocabulary) -> Iterable[Mention]:
    for found in reading.find(_COMMUNES_LISTED):
        levels = without_diacritics(found["first"] + (found["rest"] or ""))
        wards, communes, zone = ("phuong" in levels, "xa" in levels, "dac khu" in levels)
        name = "all-commune-level" if wards and communes else "all-wards" if wards else "all-communes"
        yield from _an_audience(reading, vocabulary, found, name, zone or not (wards and communes))
    for found in reading.find(_COMMUNE_LEVEL):
        yield from _an_audience(reading, vocabulary, found, "all-commune-level", True)
    for found in reading.find(_DEPARTMENTS):
        yield from _an_audience(reading, vocabulary, found, "all-departments", True)
    for found in reading.find(_EVERYBODY):
        yield from _an_audience(reading, vocabulary, found, "all-units", False)


def _an_audience(reading: Reading, vocabulary: Vocabulary, found: re.Match, name: str, sure: bool) -> Iterable[Mention]:
    audience = vocabulary.audiences.get(name)
    if audience is None or reading.at(_OF_CONCERN, found.end()):
        return
    count = found.groupdict().get("count")
    if count:
        sure = int(count) == len(audience.unit_ids)
    yield Mention(found.start(), found.end(), "audience", [Candidate(None, name, audience.title, "audience", sure)])


def _superiors(reading: Reading, vocabulary: Vocabulary) -> Iterable[Mention]:
    return [Mention(*found.span(), "superior") for found in reading.find(_SUPERIOR)]


def _unknown(reading: Reading, vocabulary: Vocabulary) -> Iterable[Mention]:
    """Bodies that the directory does not have, as far as their name seems to reach; and those that nobody named."""
    for found in reading.find(_INDEFINITE):
        yield Mention(*found.span(), "indefinite")
    for found in reading.find(_UNKNOWN):
        ends = reading.first(_NAME_ENDS, found.end(), found.end() + 120)
        end = ends.start() if ends else min(found.end() + 60, len(reading.letters))
        if end == found.end() and " " not in found[0]:
            continue  # "Sở" alone
        if reading.is_plain or reading.is_name(found.start()) or reading.is_name(found.end() + 1):
            yield Mention(found.start(), end, "unknown")
