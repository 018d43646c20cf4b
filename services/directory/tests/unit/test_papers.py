"""Sheets of one-time passwords: no cell is a formula to whoever opens them."""

import csv
import io

from openpyxl import load_workbook

from directory.papers import HEADER, Slip, sheet, workbook

SLIPS = [
    Slip("Sở Nội vụ", "=HYPERLINK(1)", "@SUM(1)", "annv", "aaaa-bbbb-cccc-dddd"),
    Slip("Phường Bến Thành", "Nguyễn Văn An", "+1", "annv2", "-aaa"),
]


def test_in_a_workbook_every_cell_is_the_text_that_was_said():
    page = load_workbook(io.BytesIO(workbook(SLIPS))).active
    assert list(page.values) == [HEADER, *SLIPS]
    assert {cell.data_type for row in page.rows for cell in row} == {"s"}


def test_in_a_csv_a_quote_stands_before_what_would_be_a_formula():
    _, first, second = csv.reader(io.StringIO(sheet(SLIPS).removeprefix("\ufeff")))
    assert (first[1], first[2], second[2], second[4]) == ("'=HYPERLINK(1)", "'@SUM(1)", "'+1", "'-aaa")
