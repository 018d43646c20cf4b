"""What the files that come in and go out have in their columns, and how each cell is read.

Which columns a file has is its owner's; here is how headers are found, cells read and values written.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from kernel.encodings import looks_like
from kernel.folding import fold

NONE = "-"
DANGEROUS = ("=", "+", "-", "@")  # a spreadsheet takes a cell that begins so for a formula
_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})|(\d{4})-(\d{2})-(\d{2})").fullmatch
_CODE = re.compile(r"[^\W_][\w.\-/]{0,29}").fullmatch
_EMAIL = re.compile(r"[^\s@,;<>\"()]{1,64}@[^\s@,;<>\"()]{1,189}\.[^\W\d_]{2,24}").fullmatch
_PHONE = re.compile(r"\+?[\d ().\-/]{3,30}").fullmatch
Value = str | int | bool | date | None
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
    its cells may say, each by its code, `also` other words by theirs. Of what is `optional` an empty cell says nothing,
    and NONE that there is none.
    """

    name: str
    headers: tuple[str, ...]
    kind: str = "text"
    required: bool = False
    longest: int = 200
    words: dict[str, str] = field(default_factory=dict)
    also: dict[str, str] = field(default_factory=dict)
    optional: bool = False
    is_code: Callable[[str], object] | None = None  # of a kind of codes with a shape of its own

    def __post_init__(self):
        folded = {fold(word): code for word, code in self.also.items()}
        folded |= {fold(word): code for code, word in self.words.items()}
        object.__setattr__(self, "codes", folded | {code: code for code in self.words})

    @property
    def known_as(self) -> set[str]:
        """Folded."""
        return {fold(header) for header in (self.name, *self.headers)}

    def read(self, text: str, escaped: bool) -> tuple[Value, str | None]:
        """A cell's value, or what is wrong with it. `escaped`: it was marked as being no formula."""
        if not text:
            value = False if self.kind == "flag" else None
            return value, "missing" if self.required else None
        if self.optional and text == NONE and not escaped:
            return None, None
        if (
            not escaped
            and text != NONE
            and text.startswith(DANGEROUS)
            and not (self.kind == "phone" and text[0] == "+")
        ):
            return None, "formula"
        if len(text) > self.longest:
            return None, "too_long"
        return _READERS[self.kind](self, text)


def _text(_, text: str):
    fault = looks_like(text)
    return (None, f"looks_like_{fault}") if fault else (text, None)


def _matching(pattern, code: str):
    return lambda _, text: (text, None) if pattern(text) else (None, code)


def _code(column: "Column", text: str):
    return (text, None) if (column.is_code or _CODE)(text) else (None, "not_a_code")


def _number(_, text: str):
    return (int(text), None) if text.isascii() and text.isdigit() and 1 <= int(text) <= 9999 else (None, "not_a_number")


def _flag(_, text: str):
    word = fold(text)
    return (word in _YES, None) if word in _YES | _NO else (None, "not_yes_or_no")


def _word(column: Column, text: str):
    word = column.codes.get(text) or column.codes.get(fold(text))
    return (word, None) if word else (None, "unknown_word")


def _date(_, text: str):
    """As it is written here (02/03/2026), or ISO."""
    found = _DATE(text)
    if found is None:
        return None, "not_a_date"
    day, month, year = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        return date(int(year), int(month), int(day)), None
    except ValueError:
        return None, "not_a_date"


def _percent(_, text: str):
    figures = text.removesuffix("%").strip()
    fine = figures.isascii() and figures.isdigit() and int(figures) <= 100
    return (int(figures), None) if fine else (None, "not_a_percentage")


_READERS = {
    "text": _text, "code": _code, "email": _matching(_EMAIL, "not_an_email"),
    "phone": _matching(_PHONE, "not_a_phone"), "number": _number, "flag": _flag, "word": _word,
    "long": lambda _, text: (text, None), "date": _date, "percent": _percent,
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


def map_headers(known_columns: Sequence[Column], given: Sequence[str], mapping: dict[str, str]) -> list[Header]:
    """Which column stands where: as `mapping` (header -> column) says, else by the known names.

    Raises BadHeaders; what was found and what might be meant is told with it.
    """
    columns = {column.name: column for column in known_columns}
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
    values: dict[str, Value]
    faults: tuple[Fault, ...] = ()

    def get(self, column: str):
        return self.values.get(column)


def read_cell(column: Column, cell: str) -> tuple[Value, str | None]:
    text = tidy(cell)
    escaped = text[:1] == "'" and _is_dangerous(text)
    return column.read(text[1:] if escaped else text, escaped)


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
            if column.optional and not tidy(cell):
                continue
            value, fault = read_cell(column, cell)
        values[column.name] = value
        if fault:
            faults.append(Fault(column.name, fault))
    return Line(number, values, tuple(faults))


def columns_in_place(known_columns: Sequence[Column], headers: Sequence[Header]) -> list[Column | None]:
    by_name = {column.name: column for column in known_columns}
    return [by_name.get(header.column) for header in headers]


def tidy(text: str) -> str:
    """In Unicode NFC, on one line, without what cannot be seen."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text)
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(seen).split())


_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co")


def written(column: Column, value: Value) -> str:
    """A value as a cell; `read_line` reads it back as it was."""
    if isinstance(value, bool):
        return "có" if value else "không"
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return column.words.get(value, value) if column.words else str(value)


def _is_dangerous(text: str) -> bool:
    """Behind the quotes that say that it is none, if any."""
    return text.lstrip("'").startswith(DANGEROUS)
