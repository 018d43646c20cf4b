"""What the files that come in and go out have in their columns, and how each cell is read.

A file is about `units`, `posts` or `people`. People stand in it once for each post that they hold: one line for the
primary post, one for each other.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from directory.domain.employees import is_employee_number
from directory.domain.encodings import looks_like
from directory.domain.names import fold

NONE = "-"
DANGEROUS = ("=", "+", "-", "@")  # a spreadsheet takes a cell that begins so for a formula
_CODE = re.compile(r"[^\W_][\w.\-/]{0,29}").fullmatch
_EMAIL = re.compile(r"[^\s@,;<>\"()]{1,64}@[^\s@,;<>\"()]{1,189}\.[^\W\d_]{2,24}").fullmatch
_PHONE = re.compile(r"\+?[\d ().\-/]{3,30}").fullmatch
_YES, _NO = {"co", "x", "yes", "true", "1", "chinh"}, {"", "khong", "no", "false", "0", "kiem nhiem"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: in which column, as a stable code."""

    column: str | None
    code: str

    def plain(self) -> dict:
        return {"column": self.column, "code": self.code}


@dataclass(frozen=True)
class Column:
    """`headers` are what it may be called besides its name, first what it is called when it goes out; `words` are what
    its cells may say, each by its code. Of what is `optional` an empty cell says nothing, and NONE that there is none.
    """

    name: str
    headers: tuple[str, ...]
    kind: str = "text"
    required: bool = False
    longest: int = 200
    words: dict[str, str] = field(default_factory=dict)
    optional: bool = False

    def __post_init__(self):
        folded = {fold(word): code for code, word in self.words.items()}
        object.__setattr__(self, "codes", folded | {code: code for code in self.words})

    @property
    def known_as(self) -> set[str]:
        """Folded."""
        return {fold(header) for header in (self.name, *self.headers)}

    def read(self, text: str, escaped: bool) -> tuple[str | int | bool | None, str | None]:
        """A cell's value, or what is wrong with it. `escaped`: it was marked as being no formula."""
        if not text:
            value = False if self.kind == "flag" else None
            return value, "missing" if self.required else None
        if self.optional and text == NONE and not escaped:
            return None, None
        if not escaped and text.startswith(DANGEROUS) and not (self.kind == "phone" and text[0] == "+"):
            return None, "formula"
        if len(text) > self.longest:
            return None, "too_long"
        return _READERS[self.kind](self, text)


def _text(_, text: str):
    fault = looks_like(text)
    return (None, f"looks_like_{fault}") if fault else (text, None)


def _matching(pattern, code: str):
    return lambda _, text: (text, None) if pattern(text) else (None, code)


def _number(_, text: str):
    return (int(text), None) if text.isascii() and text.isdigit() and 1 <= int(text) <= 9999 else (None, "not_a_number")


def _flag(_, text: str):
    word = fold(text)
    return (word in _YES, None) if word in _YES | _NO else (None, "not_yes_or_no")


def _word(column: Column, text: str):
    word = column.codes.get(text) or column.codes.get(fold(text))
    return (word, None) if word else (None, "unknown_word")


_READERS = {
    "text": _text, "code": _matching(_CODE, "not_a_code"),
    "employee": _matching(is_employee_number, "not_a_code"), "email": _matching(_EMAIL, "not_an_email"),
    "phone": _matching(_PHONE, "not_a_phone"), "number": _number, "flag": _flag, "word": _word,
}  # fmt: skip

UNIT_WORDS = {
    "committee": "Ủy ban", "office": "Văn phòng", "department": "Sở", "ward": "Phường", "commune": "Xã",
    "special_zone": "Đặc khu", "division": "Phòng ban",
}  # fmt: skip
POST_WORDS = {
    "chairman": "Chủ tịch Thành phố", "vice_chairman": "Phó Chủ tịch Thành phố",
    "standing_member": "Ủy viên Thường trực", "chief_of_office": "Chánh Văn phòng",
    "deputy_chief_of_office": "Phó Chánh Văn phòng", "office_clerk": "Văn thư Văn phòng", "head": "Trưởng đơn vị",
    "deputy_head": "Phó trưởng đơn vị", "secretary": "Thư ký", "clerk": "Văn thư", "division_head": "Trưởng phòng",
    "deputy_division_head": "Phó trưởng phòng", "official": "Chuyên viên", "administrator": "Quản trị viên",
    "auditor": "Kiểm soát viên",
}  # fmt: skip

_UNIT_CODE = ("Mã đơn vị", "đơn vị", "unit code", "unit")
COLUMNS: dict[str, tuple[Column, ...]] = {
    "units": (
        Column("code", ("Mã đơn vị", "mã", "unit code"), "code", required=True),
        Column("kind", ("Loại đơn vị", "loại", "unit kind"), "word", required=True, words=UNIT_WORDS),
        Column("name", ("Tên ngắn", "tên gọi", "tên", "short name"), required=True),
        Column("full_name", ("Tên đầy đủ", "tên đơn vị"), required=True),
        Column("full_name_en", ("Tên tiếng Anh", "english name")),
        Column("parent_code", ("Mã đơn vị cấp trên", "mã cấp trên", "đơn vị cấp trên", "parent"), "code"),
    ),
    "posts": (
        Column("unit_code", _UNIT_CODE, "code", required=True),
        Column("kind", ("Loại chức vụ", "loại", "post kind"), "word", required=True, words=POST_WORDS),
        Column("title", ("Chức danh", "tên chức vụ", "chức vụ", "post title"), required=True),
        Column("number", ("Số thứ tự", "no"), "number"),
        Column("is_head", ("Đứng đầu", "là người đứng đầu", "head"), "flag"),
        Column("rank", ("Thứ bậc", "cấp bậc"), "number"),
    ),
    "people": (
        Column("employee_number", ("Mã số cán bộ", "mã cán bộ", "mã nhân viên", "số hiệu công chức", "số hiệu",
                                   "staff number"), "employee", required=True),
        Column("name", ("Họ và tên", "họ tên", "tên", "full name"), required=True),
        Column("phone", ("Điện thoại", "số điện thoại", "điện thoại cơ quan", "telephone"), "phone",
               optional=True),
        Column("mobile", ("Di động", "điện thoại di động", "số di động", "mobile phone"), "phone",
               optional=True),
        Column("email", ("Thư điện tử", "địa chỉ email", "e-mail"), "email", optional=True),
        Column("room", ("Phòng làm việc", "số phòng"), longest=50, optional=True),
        Column("unit_code", _UNIT_CODE, "code", required=True),
        Column("post_kind", ("Loại chức vụ",), "word", required=True, words=POST_WORDS),
        Column("post_title", ("Chức danh", "tên chức vụ", "chức vụ", "title"),),
        Column("post_number", ("Số thứ tự chức vụ",), "number"),
        Column("primary", ("Chức vụ chính", "chính", "primary post"), "flag"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """A header of the file with the column that it stands for, or the one that it might stand for."""

    header: str
    column: str | None
    proposed: str | None = None

    def plain(self) -> dict:
        return {"header": self.header, "column": self.column, "proposed": self.proposed}


class BadHeaders(Exception):
    """The headers do not tell where to find what is needed."""

    def __init__(self, code: str, headers: Sequence[Header], names: Sequence[str]):
        super().__init__(code)
        self.code, self.headers, self.names = code, list(headers), list(names)


def map_headers(what: str, given: Sequence[str], mapping: dict[str, str]) -> list[Header]:
    """Which column stands where: as `mapping` (header -> column) says, else by the known names.

    Raises BadHeaders; what was found and what might be meant is told with it.
    """
    columns = {column.name: column for column in COLUMNS[what]}
    wanted = {fold(header): column for header, column in mapping.items()}
    known = {header: column.name for column in columns.values() for header in column.known_as}
    found = [Header(header, wanted.get(fold(header)) or known.get(fold(header))) for header in given]
    taken = [each.column for each in found if each.column]
    free = {name: column for name, column in known.items() if column not in taken}
    found = [each if each.column or not each.header else _with_proposal(each, free) for each in found]
    unknown = [column for column in wanted.values() if column not in columns]
    unknown += [header for header in mapping if fold(header) not in map(fold, given)]
    if unknown:
        raise BadHeaders("unknown_mapping", found, unknown)
    if twice := sorted({column for column in taken if taken.count(column) > 1}):
        raise BadHeaders("duplicate_header", found, twice)
    if missing := [column.name for column in columns.values() if column.required and column.name not in taken]:
        raise BadHeaders("columns_missing", found, missing)
    return found


def _with_proposal(header: Header, free: dict[str, str]) -> Header:
    near = get_close_matches(fold(header.header), free, n=1, cutoff=0.7)
    return Header(header.header, None, free[near[0]] if near else None)


@dataclass(frozen=True)
class Line:
    """A row of the file with its values by column; one of which the file says nothing is not in it."""

    number: int
    values: dict[str, str | int | bool | None]
    faults: tuple[Fault, ...] = ()

    def get(self, column: str):
        return self.values.get(column)


def read_line(columns: Sequence[Column | None], number: int, cells: Sequence | Fault) -> Line:
    """A row's cells, in the order of `columns`. What the reader refused already is a Fault itself."""
    if isinstance(cells, Fault):
        return Line(number, {}, (cells,))
    values, faults = {}, []
    for column, cell in zip(columns, cells, strict=True):
        if column is None:
            continue
        if isinstance(cell, Fault):
            value, fault = None, cell.code
        else:
            text = tidy(cell)
            if column.optional and not text:
                continue
            escaped = text[:1] == "'" and _is_dangerous(text)
            value, fault = column.read(text[1:] if escaped else text, escaped)
        values[column.name] = value
        if fault:
            faults.append(Fault(column.name, fault))
    return Line(number, values, tuple(faults))


def columns_in_place(what: str, headers: Sequence[Header]) -> list[Column | None]:
    by_name = {column.name: column for column in COLUMNS[what]}
    return [by_name.get(header.column) for header in headers]


def tidy(text: str) -> str:
    """In Unicode NFC, on one line, without what cannot be seen."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text)
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(seen).split())


_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co")


def written(column: Column, value: str | int | bool | None) -> str:
    """A value as a cell; `read_line` reads it back as it was."""
    if isinstance(value, bool):
        return "có" if value else "không"
    if value is None:
        return ""
    return column.words.get(value, value) if column.words else str(value)


def _is_dangerous(text: str) -> bool:
    """Behind the quotes that say that it is none, if any."""
    return text.lstrip("'").startswith(DANGEROUS)
