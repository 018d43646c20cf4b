"""Rows out of a CSV or XLSX file that anybody may have made: within limits, and never a formula's value.

A cell that is no plain text (a formula, an error, a date where none is expected) comes as a Fault in its place. What is
wrong with the file as a whole is BadFile.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook

from kernel import encodings
from kernel.columns import NONE, Fault

MOST_LINES = 100_000
MOST_COLUMNS = 100
MOST_UNPACKED = 256 * 1024 * 1024  # bytes
MOST_PACKED_TIMES = 100  # how much smaller a large part may be packed
LARGE_PART = 1024 * 1024  # bytes
LONGEST_CELL = 10_000  # characters
CHUNK = 1024 * 1024
SEPARATORS = ",;\t|"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # what Excel wrote before 2007, and how it encrypts since

_REFUSED_PARTS = (
    (re.compile(r"vbaproject|/macrosheets/|/activex/|/ctrlprops/", re.IGNORECASE), "macros"),
    (re.compile(r"/externallinks/|/connections\.xml|/querytables/|/embeddings/", re.IGNORECASE), "external_links"),
)
_ROW = re.compile(rb"[<:]row[ >/]")
Row = tuple[int, list | Fault]  # the line's number in the file and its cells, or what is wrong with all of them


@dataclass(frozen=True)
class Limits:
    """What a file of this kind may hold; `dates`: cells that a spreadsheet keeps as days are read, as ISO."""

    lines: int = MOST_LINES
    cell: int = LONGEST_CELL
    dates: bool = False


class BadFile(Exception):
    """The file cannot be read, or must not be."""

    def __init__(self, code: str, **details):
        super().__init__(code)
        self.code, self.details = code, details


def rows(
    form: str, raw: bytes, headers_known: Callable[[Sequence[str]], int], limits: Limits = Limits()
) -> Iterator[Row]:
    """The header row and then every row that is not empty. `headers_known` says how many of some headers are known."""
    source = _xlsx(raw, limits) if form == "xlsx" else _csv(raw, headers_known, limits)
    filled = ((number, cells) for number, cells in source if any(cell != "" for cell in cells))
    width = None
    for count, (number, cells) in enumerate(filled):
        if count > limits.lines:
            raise BadFile("too_many_lines", limit=limits.lines)
        if width is None:
            width = _filled(cells)
            if width > MOST_COLUMNS:
                raise BadFile("too_many_columns", limit=MOST_COLUMNS)
        yield number, _fitted(cells, width)


def _filled(cells: list) -> int:
    return max(place for place, cell in enumerate(cells, start=1) if cell != "")


def _fitted(cells: list, width: int) -> list | Fault:
    """As many cells as there are headers. What stands beyond them has no column: the row is out of place."""
    if any(cell != "" for cell in cells[width:]):
        return Fault(None, "wrong_number_of_cells")
    return cells[:width] + [""] * (width - len(cells))


# CSV


def _csv(raw: bytes, headers_known, limits: Limits) -> Iterator[Row]:
    if raw.startswith((b"PK\x03\x04", OLE)):
        raise BadFile("not_csv")
    text = _decoded(raw)
    csv.field_size_limit(limits.cell)
    separator = max(SEPARATORS, key=lambda each: _headers_found(text, each, headers_known))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise BadFile("not_csv", line=reader.line_num) from None


def _headers_found(text: str, separator: str, headers_known) -> tuple[int, int]:
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return 0, 0
    return headers_known(header), len(header)


def _decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it. Anything else is named and refused: names must not be guessed."""
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadFile("wrong_encoding", looks_like=encodings.name_of(raw)) from None
    if "\0" in text:
        raise BadFile("wrong_encoding", looks_like=encodings.name_of(raw))
    return text


# XLSX


def _xlsx(raw: bytes, limits: Limits) -> Iterator[Row]:
    _check_package(raw, limits)
    try:
        workbook = load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
        sheet = next((each for each in workbook.worksheets if each.sheet_state == "visible"), None)
        if sheet is None:
            raise BadFile("not_a_spreadsheet")
        sheet.reset_dimensions()  # what the file says about its own size need not be true
        for number, cells in enumerate(islice(sheet.iter_rows(), limits.lines * 10), start=1):
            yield number, [_plain(cell, limits) for cell in cells]
    except (BadFile, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (a broken file makes the library fail in any way)
        raise BadFile("xml_entities" if _is_defused(error) else "not_a_spreadsheet") from None


def _is_defused(error: BaseException | None) -> bool:
    """The library wraps what stopped it."""
    while error is not None and not isinstance(error, DefusedXmlException):
        error = error.__cause__ or error.__context__
    return error is not None


def _check_package(raw: bytes, limits: Limits) -> None:
    """Before anything is unpacked: what is in it, and how large it would become."""
    if raw.startswith(OLE):
        raise BadFile("encrypted_or_old")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
                raise BadFile("not_a_spreadsheet")
            for pattern, code in _REFUSED_PARTS:
                if any(pattern.search(name) for name in names):
                    raise BadFile(code)
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MOST_UNPACKED or len(names) < len(parts) or any(map(_is_a_bomb, parts)):
                raise BadFile("zip_bomb", limit=MOST_UNPACKED)
            if b"macroEnabled" in package.read("[Content_Types].xml"):
                raise BadFile("macros")
            for name in names:
                if name.startswith("xl/worksheets/"):
                    _count_rows(package.open(name), limits.lines)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        raise BadFile("not_a_spreadsheet") from None


def _count_rows(part, most: int) -> None:
    """The library may read all of a sheet before it gives the first row. Rows may be empty, so there may be more."""
    count, rest = 0, b""
    while chunk := part.read(CHUNK):
        count += len(_ROW.findall(rest + chunk))
        rest = chunk[-4:]
        if count > most * 2:
            raise BadFile("too_many_lines", limit=most)


def _is_a_bomb(part: zipfile.ZipInfo) -> bool:
    return part.file_size > LARGE_PART and part.file_size > MOST_PACKED_TIMES * part.compress_size


def _plain(cell, limits: Limits) -> str | Fault:
    value = cell.value
    if value is None:
        return ""
    kind = cell.data_type
    if kind == "f":
        return Fault(None, "formula")
    if kind == "e":
        return Fault(None, "cell_error")
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    if limits.dates and isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if not isinstance(value, str):
        return Fault(None, "not_text")
    if len(value) > limits.cell:
        return Fault(None, "too_long")
    # in a spreadsheet a text is a text, whatever it begins with
    if value == NONE:
        return value
    return "'" + value if value.lstrip("'").startswith(("=", "+", "-", "@")) else value
