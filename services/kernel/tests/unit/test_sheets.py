"""Files as anybody may make them: what is read, and what is refused by name."""

import io
import unicodedata
import zipfile
from datetime import datetime
from itertools import pairwise

import pytest
import xlsxwriter

from kernel import sheets
from kernel.columns import Fault
from kernel.encodings import looks_like
from kernel.sheets import BadFile, rows

HEADERS = ["Mã số cán bộ", "Họ và tên"]
TCVN3 = dict(zip("ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ", (
    "¨©®ª«¬\u00adµ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ"
), strict=True))  # fmt: skip


def known(headers) -> int:
    return sum(header in HEADERS for header in headers)


def read(raw: bytes, form: str = "csv") -> list:
    return list(rows(form, raw, known))


def refusal(raw: bytes, form: str = "csv") -> BadFile:
    with pytest.raises(BadFile) as refused:
        read(raw, form)
    return refused.value


def book(*lines, **parts: bytes) -> bytes:
    """An XLSX of texts, with more parts or others in the place of its own."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet()
        for at, line in enumerate(lines):
            sheet.write_row(at, 0, line)
    return repacked(file.getvalue(), parts)


def repacked(raw: bytes, parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return file.getvalue()


TEXT = "Mã số cán bộ{0}Họ và tên\nCB1{0}Đặng Thị Ân\n"
READ = [(1, HEADERS), (2, ["CB1", "Đặng Thị Ân"])]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_is_read_with_any_usual_separator_and_any_unicode(separator, encoding):
    assert read(TEXT.format(separator).encode(encoding)) == READ


def test_a_spreadsheet_is_read_as_texts():
    raw = book(HEADERS, ["CB1", "Đặng Thị Ân"], [], [7, 8.0])
    assert read(raw, "xlsx") == [*READ, (4, ["7", "8"])]


def as_cp1258(text: str) -> bytes:
    """Its letters have no tones: these follow as marks of their own."""
    apart = (unicodedata.normalize("NFD", c) for c in text)
    tones = "\u0300\u0301\u0303\u0309\u0323"
    bare = ((unicodedata.normalize("NFC", "".join(c for c in cs if c not in tones)), cs) for cs in apart)
    return "".join(letter + "".join(c for c in cs if c in tones) for letter, cs in bare).encode("cp1258")


def test_an_old_encoding_is_named_and_never_guessed():
    text = TEXT.format(";")
    old = "".join(TCVN3.get(c, c) for c in text.lower())
    assert refusal(old.encode("latin-1")).details == {"looks_like": "TCVN3 (ABC)"}
    assert refusal(as_cp1258(text)).details == {"looks_like": "CP1258"}
    assert refusal(text.encode("utf-16-le")).details == {"looks_like": "UTF-16"}
    vni = "Maõ soá caùn boä;Hoï vaø teân\nCB1;Nguyeãn Vaên AÂn\n"
    assert refusal(vni.encode("latin-1")).details == {"looks_like": "VNI"}
    assert refusal(b"\x81\x8d\x8f\x90\x9d" * 9).code == "wrong_encoding"


@pytest.mark.parametrize(
    "text, font",
    [
        ("Nguyễn Thị Hoà", None), ("Huỳnh Quốc Việt", None), ("Nguyen Van An", None), ("Xuân Oánh", None),
        ("Quách Khuê Uyển", None), ("NguyÔn V¨n An", "tcvn3"), ("TrÇn Quang Hïng", "tcvn3"), ("Lª B×nh", "tcvn3"),
        ("Nguyeãn Vaên An", "vni"), ("Traàn Quang Huøng", "vni"), ("Ñaëng Thò Anh", "vni"),
    ],
)  # fmt: skip
def test_text_that_is_right_only_in_an_old_font_is_seen(text, font):
    assert looks_like(text) == font


@pytest.mark.parametrize(
    "raw, code",
    [
        (b"PK\x03\x04 anything", "not_csv"),
        (sheets.OLE + b"anything", "not_csv"),
        ('"Mã số cán bộ;Họ và tên\nCB1;An\n'.encode(), "not_csv"),
        (f"a,b\n{'x' * 20_000},y\n".encode(), "not_csv"),
        (b",".join([b"a"] * 200) + b"\n1\n", "too_many_columns"),
        ("\n".join(["a,b", *["1,2"] * (sheets.MOST_LINES + 1)]).encode(), "too_many_lines"),
    ],
)
def test_a_csv_that_is_none_is_refused(raw, code):
    assert refusal(raw).code == code


def test_a_row_with_more_cells_than_headers_is_out_of_place():
    found = read(b"a,b\n1,2\n1,2,3\n1\n")
    assert found[1:] == [(2, ["1", "2"]), (3, Fault(None, "wrong_number_of_cells")), (4, ["1", ""])]


def test_a_million_rows_are_refused_without_reading_them(monkeypatch):
    def never(*_):
        raise AssertionError("this takes minutes and gigabytes")

    monkeypatch.setattr(sheets, "load_workbook", never)
    monkeypatch.setattr(sheets, "MOST_PACKED_TIMES", 10_000)
    sheet = b"<worksheet><sheetData>" + b"<row><c><v>1</v></c></row>" * 1_000_000 + b"</sheetData></worksheet>"
    assert refusal(book(HEADERS, **{"xl/worksheets/sheet1.xml": sheet}), "xlsx").code == "too_many_lines"


def test_formulas_errors_and_dates_are_no_text():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_array_formula(1, 1, 1, 1, "{=A1:A2}")
        sheet.write_formula(2, 0, '=HYPERLINK("http://example.org")')
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
        sheet.write_number(3, 0, 1.5)
        sheet.write_datetime(3, 1, datetime(2026, 1, 1))
        sheet.write_boolean(4, 0, True)
        sheet.write_string(4, 1, "=no formula")
    formula, no_text = Fault(None, "formula"), Fault(None, "not_text")
    assert read(file.getvalue(), "xlsx")[1:] == [
        (2, [formula, formula]), (3, [formula, formula]), (4, [no_text, no_text]), (5, ["có", "'=no formula"]),
    ]  # fmt: skip


LOL = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "parts, code",
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "external_links"),
        ({"xl/connections.xml": b"<x/>"}, "external_links"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "external_links"),
        ({"[Content_Types].xml": b"<Types>application/vnd.ms-excel.sheet.macroEnabled.main+xml</Types>"}, "macros"),
        ({"xl/media/zeroes.bin": bytes(50_000_000)}, "zip_bomb"),
        ({"xl/worksheets/sheet1.xml": LOL + b"<worksheet>&b;</worksheet>"}, "xml_entities"),
        ({"xl/sharedStrings.xml": LOL + b"<sst>&b;</sst>"}, "xml_entities"),
        ({"xl/workbook.xml": LOL.decode().encode("utf-16") + "<workbook/>".encode("utf-16-le")}, "xml_entities"),
        ({"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row>"}, "not_a_spreadsheet"),
        ({"xl/workbook.xml": b"nothing"}, "not_a_spreadsheet"),
    ],
)
def test_a_hostile_spreadsheet_is_refused_by_name(parts, code):
    assert refusal(book(HEADERS, ["1", "An"], **parts), "xlsx").code == code


@pytest.mark.parametrize(
    "raw, code",
    [
        (b"", "not_a_spreadsheet"),
        (b"PK\x03\x04 cut off", "not_a_spreadsheet"),
        (TEXT.encode(), "not_a_spreadsheet"),
        (sheets.OLE + bytes(1000), "encrypted_or_old"),
    ],
)
def test_what_is_no_spreadsheet_is_refused(raw, code):
    assert refusal(raw, "xlsx").code == code


def test_a_package_that_lies_about_its_size_is_not_unpacked_beyond_it():
    raw = bytearray(book(HEADERS, ["1", "An"], **{"xl/media/zeroes.bin": bytes(60_000_000)}))
    packed = (60_000_000).to_bytes(4, "little")
    assert raw.count(packed) == 2
    for at in (raw.find(packed), raw.rfind(packed)):
        raw[at : at + 4] = (1000).to_bytes(4, "little")
    assert read(bytes(raw), "xlsx")[1] == (2, ["1", "An"])


def test_rows_far_apart_and_cells_far_out_cost_nothing_much():
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
        b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData></worksheet>'
    )
    found = read(book(HEADERS, **{"xl/worksheets/sheet1.xml": sheet}), "xlsx")
    assert found[0][1] == ["a"]
    assert found[1:] in ([], [(1048576, Fault(None, "wrong_number_of_cells"))])


def test_lines_are_numbered_as_in_the_file():
    found = read(b'a,b\n\n1,"two\nlines"\n,\n3,4\n')
    assert all(before < after for (before, _), (after, _) in pairwise(found))
    assert [cells for _, cells in found] == [["a", "b"], ["1", "two\nlines"], ["3", "4"]]
