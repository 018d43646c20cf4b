"""Which files are taken in: by what they are, whatever they are called; and under which name."""

import io
import random

import openpyxl
import pytest

from chassis.blobs.folder import Folder
from messaging.domain.files import MOST_NAME, TYPE_OF, Unfit, clean_name
from messaging.files.content import media_type_of
from messaging.tests import support as s

KEY = "0190-key"


@pytest.fixture
def look(tmp_path):
    """What a file of this name and content is; `look("a.pdf", b"...")`."""
    store = Folder(str(tmp_path))

    def looking(name: str, content: bytes) -> str:
        writer = store.begin(KEY)
        writer.write(content)
        writer.commit()
        try:
            return media_type_of(store, KEY, name)
        except Unfit as unfit:
            return unfit.reason

    return looking


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("báo cáo.pdf", "báo cáo.pdf"),
        ("ba\u0301o.pdf", "báo.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\an\\Sổ.XLSX", "Sổ.XLSX"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("hoa\u202efdp.txt", "hoafdp.txt"),
        ("...ẩn.pdf", "ẩn.pdf"),
        ('a<b>"c|?*:.pdf', "a_b__c____.pdf"),
        ("  hai   chỗ .pdf ", "hai chỗ.pdf"),
    ],
)
def test_a_name_is_only_a_name(given, name):
    assert clean_name(given) == name


def test_a_long_name_keeps_its_ending():
    name = clean_name("ế" * 900 + ".docx")
    assert (len(name), name[-6:]) == (MOST_NAME, "ế.docx")


@pytest.mark.parametrize(
    "given",
    ["", ".pdf", "pdf", "a", "a.exe", "a.pdf.exe", "a.pdf\u200b.js", "a.html", "a.svg", "a.docm", "a.xlsm", "a.doc",
     "a.zip", "a.pdf.", "/.pdf", "a.js ", "a.sh", "a.lnk"],
)  # fmt: skip
def test_a_name_of_another_kind_is_refused(given):
    with pytest.raises(Unfit, match="extension"):
        clean_name(given)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", s.PDF, "application/pdf"),
        ("a.PNG", s.PNG, "image/png"),
        ("a.jpeg", s.JPEG, "image/jpeg"),
        ("a.jpg", s.JPEG, "image/jpeg"),
        ("a.gif", b"GIF89a" + bytes(30), "image/gif"),
        ("a.webp", b"RIFF\x1a\0\0\0WEBPVP8 " + bytes(30), "image/webp"),
        ("a.tif", b"II*\0" + bytes(30), "image/tiff"),
        ("a.txt", "Báo cáo tuần\r\n\tmột".encode(), "text/plain"),
        ("a.csv", b"\xef\xbb\xbfa,b\n1,2\n", "text/csv"),
        ("a.docx", s.DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.odt", s.ODT, "application/vnd.oasis.opendocument.text"),
    ],
)
def test_a_file_is_what_its_content_is(look, name, content, media_type):
    assert look(name, content) == media_type


def test_what_a_spreadsheet_program_writes_is_taken_in(look, tmp_path):
    openpyxl.Workbook().save(path := tmp_path / "made")
    assert look("Sổ.xlsx", path.read_bytes()) == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"", "empty"),
        ("a.pdf", s.EXE, "content"),
        ("a.txt", s.EXE, "content"),
        ("a.pdf", s.HTML, "content"),
        ("a.txt", s.HTML, "content"),
        ("a.csv", b"\xef\xbb\xbf \n" + s.HTML, "content"),
        ("a.txt", b"#!/bin/sh\nrm -rf /", "content"),
        ("a.txt", b"a\0b", "content"),
        ("a.txt", b"x" * 2_000_000 + b"\x1b[2J", "content"),
        ("a.png", s.SVG, "content"),
        ("a.txt", s.SVG, "content"),
        ("a.jpg", s.PNG, "content"),
        ("a.pdf", s.PNG, "content"),
        ("a.png", s.PDF, "content"),
        ("a.pdf", b"garbage", "content"),
        ("a.docx", s.XLSX, "content"),
        ("a.docx", s.ODT, "content"),
        ("a.odt", s.DOCX, "content"),
        ("a.docx", s.OLE, "content"),
        ("a.docx", s.PDF, "content"),
        ("a.docx", s.DOCX[:60], "content"),
        ("a.docx", s.EXE + s.DOCX, "content"),
        ("a.docx", s.zipped({"x": b""}), "content"),
        ("a.docx", s.SPOILT, "content"),
        ("a.docx", s.MACROS, "macros"),
        ("a.docx", s.MACRO_ENABLED, "macros"),
        ("a.odt", s.ODT_WITH_MACROS, "macros"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(look, name, content, reason):
    assert look(name, content) == reason


class Held:
    """A blob in memory: thousands of them take seconds."""

    def __init__(self, content: bytes):
        self.content = content

    def open(self, _key: str, start: int = 0) -> "Held":
        found = Held(self.content)
        found.read = io.BytesIO(self.content[start:]).read
        return found

    def size(self, _key: str) -> int:
        return len(self.content)

    def close(self):
        pass


def test_whatever_was_done_to_a_file_it_is_taken_in_or_refused():
    chance = random.Random(5)
    whole = [s.PDF, s.PNG, s.JPEG, s.DOCX, s.XLSX, s.ODT, s.MACROS, s.OLE, b"II*\0" + bytes(60)]
    ends = set()
    for _ in range(1000):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.choice((0, 1, 5, 20))):
            at = chance.randrange(len(content) or 1)
            content[at : at + chance.choice((0, 1, 1, 1, 20))] = chance.randbytes(chance.choice((0, 1, 1, 1, 8)))
        try:
            ends.add(media_type_of(Held(bytes(content)), KEY, f"a.{chance.choice(list(TYPE_OF))}"))
        except Unfit as unfit:
            ends.add(unfit.reason)
    assert ends >= {"content", "macros", "application/pdf", TYPE_OF["docx"]}


def test_a_package_that_exhausts_its_reader_is_refused_unread(look):
    assert look("a.docx", s.docx(**{f"word/{number:0100}": b"" for number in range(9_000)})) == "content"
