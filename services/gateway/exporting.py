"""Exports: the lines that directory gives page by page, as one file."""

import csv
import io
from collections.abc import Iterator

import xlsxwriter
from eventlet import tpool
from eventlet.semaphore import Semaphore

from chassis.http import Answer, HttpRefusal
from contracts import directory

TYPE_OF = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
DANGEROUS = ("=", "+", "-", "@")
AT_ONCE = Semaphore(2)  # files in memory


def answer(call) -> Answer:
    query = call.query
    if not AT_ONCE.acquire(blocking=False):
        raise HttpRefusal("overloaded")
    try:
        write = _csv if query["format"] == "csv" else _xlsx
        content = write(_pages(call, query["what"], query["unit_id"]))
    finally:
        AT_ONCE.release()
    return Answer(content, headers={
        "Content-Type": TYPE_OF[query["format"]] + ("; charset=utf-8" if query["format"] == "csv" else ""),
        "Content-Disposition": f'attachment; filename="{query["what"]}.{query["format"]}"',
    })  # fmt: skip


def _pages(call, what: str, unit_id: str | None) -> Iterator[list[list[str]]]:
    """First the headers."""
    cursor, is_first = None, True
    while is_first or cursor:
        page = call.ask(directory.export_lines, {"what": what, "unit_id": unit_id, "cursor": cursor})
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
    """Every cell is a text. In real threads: a large file would stop everybody else's requests."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    at = 0
    for rows in pages:
        tpool.execute(_write, sheet, at, rows)
        at += len(rows)
    tpool.execute(book.close)
    return file.getvalue()


def _write(sheet, at: int, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, start=at):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell)


def harmless(text: str) -> str:
    """A quote before what a spreadsheet would take for a formula; the import takes it away again."""
    return "'" + text if text.lstrip("'").startswith(DANGEROUS) else text
