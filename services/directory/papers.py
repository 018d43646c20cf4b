"""What is handed over on paper: a sheet for those who keep the list, a slip for each person."""

import csv
import io
from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import xlsxwriter

HEADER = ("Đơn vị", "Họ và tên", "Chức vụ", "Tên đăng nhập", "Mật khẩu dùng một lần")
WIDTHS = (40, 28, 36, 20, 24)  # letters
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Slip(NamedTuple):
    unit_name: str
    name: str
    title: str
    username: str
    one_time_password: str


def sheet(slips: Iterable[Slip]) -> str:
    """CSV as spreadsheets open it: with a byte order mark, and no cell that would be taken for a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in slip] for slip in slips)
    return text.getvalue()


def workbook(slips: Iterable[Slip]) -> bytes:
    """The sheet as XLSX: every cell is a text, whatever it begins with."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page, heading = book.add_worksheet("Tài khoản"), book.add_format({"bold": True})
        page.freeze_panes(1, 0)
        for place, (title, width) in enumerate(zip(HEADER, WIDTHS, strict=True)):
            page.set_column(place, place, width)
            page.write_string(0, place, title, heading)
        for number, slip in enumerate(slips, start=1):
            for place, cell in enumerate(slip):
                page.write_string(number, place, cell)
    return file.getvalue()


def printable(slips: Iterable[Slip]) -> str:
    """HTML that prints eight slips on a sheet of A4, to be cut and folded."""
    return PAGE.format(style=STYLE, slips="\n".join(SLIP.format(*map(escape, slip)) for slip in slips))


STYLE = """
@page { size: A4; margin: 10mm }
body { margin: 0; font: 11pt/1.35 "Be Vietnam Pro", "Noto Sans", sans-serif; color: #000 }
main { display: grid; grid-template-columns: 1fr 1fr }
section { box-sizing: border-box; height: 68mm; padding: 6mm; border: 1px dashed #888; break-inside: avoid }
h1 { margin: 0 0 2mm; font-size: 10pt; text-transform: uppercase }
p { margin: 0 } small { display: block; margin-top: 2mm; font-size: 8.5pt }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 3mm; margin: 2mm 0 0 }
dd { margin: 0; font: 700 12pt/1.4 "DejaVu Sans Mono", monospace }
"""
PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Phiếu giao tài khoản Công Vụ</title><style>{style}</style></head>
<body><main>
{slips}
</main></body></html>
"""
SLIP = """<section><h1>Công Vụ – phiếu giao tài khoản</h1><p><b>{1}</b></p><p>{2}</p><p>{0}</p>
<dl><dt>Tên đăng nhập</dt><dd>{3}</dd><dt>Mật khẩu dùng một lần</dt><dd>{4}</dd></dl>
<small>Mật khẩu này chỉ dùng cho lần đăng nhập đầu tiên; hệ thống sẽ yêu cầu bạn đổi ngay (ít nhất 12 ký tự).
Không đưa phiếu này cho người khác; hủy phiếu sau khi đổi mật khẩu.</small></section>"""
