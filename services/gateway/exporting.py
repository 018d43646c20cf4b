"""Exports: the lines that a service gives page by page, as one file."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

import xlsxwriter
from eventlet import tpool
from eventlet.semaphore import Semaphore

from chassis.contract import Procedure
from chassis.http import Answer, HttpRefusal

TYPE_OF = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
DANGEROUS = ("=", "+", "-", "@")
AT_ONCE = Semaphore(2)  # files in memory


def answer(procedure: Procedure, request: dict, call, name: str, form: str, most: int | None = None) -> Answer:
    """What the procedure gives page by page, as one file. Of more than `most` lines it is refused: whoever asks chooses
    less.
    """
    with room():
        write = _csv if form == "csv" else _xlsx
        content = write(_pages(procedure, request, call, most))
    return file(content, TYPE_OF[form] + ("; charset=utf-8" if form == "csv" else ""), f"{name}.{form}")


@contextmanager
def room() -> Iterator[None]:
    if not AT_ONCE.acquire(blocking=False):
        raise HttpRefusal("overloaded")
    try:
        yield
    finally:
        AT_ONCE.release()


def file(content: bytes, media_type: str, name: str) -> Answer:
    headers = {"Content-Type": media_type, "Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(content, headers=headers)


def _pages(procedure: Procedure, request: dict, call, most: int | None) -> Iterator[list[list[str]]]:
    """First the headers."""
    cursor, is_first, count = None, True, 0
    while is_first or cursor:
        page = call.ask(procedure, request | {"cursor": cursor})
        count += len(page["rows"])
        if most is not None and count > most:
            raise HttpRefusal("too_many_to_export", limit=most)
        if is_first:
            yield [page["headers"]]
        yield page["rows"]
        cursor, is_first = page["next_cursor"], False


def _csv(pages: Iterator[list[list[str]]]) -> bytes:
    """With the mark by which Excel knows UTF-8. No cell is a formula to a spreadsheet."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for rows in pages:
        writer.writerows([harmless(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _xlsx(pages: Iterator[list[list[str]]]) -> bytes:
    """Every cell is a text; what might be taken for a formula is marked as one, in case the file is edited and saved.
    In real threads: a large file would stop everybody else's requests.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, as_text = book.add_worksheet(), book.add_format({"quote_prefix": True})
    at = 0
    for rows in pages:
        tpool.execute(_write, sheet, at, rows, as_text)
        at += len(rows)
    tpool.execute(book.close)
    return file.getvalue()


def _write(sheet, at: int, rows: list[list[str]], as_text) -> None:
    for number, row in enumerate(rows, start=at):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell, as_text if cell.startswith(DANGEROUS) else None)


def harmless(text: str) -> str:
    """A quote before what a spreadsheet would take for a formula; the import takes it away again."""
    return "'" + text if text.lstrip("'").startswith(DANGEROUS) else text
