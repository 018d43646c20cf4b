"""Small files of each kind, harmless and otherwise."""

import io
import zipfile

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(40)
EXE = b"MZ\x90\x00" + bytes(100)
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
_TYPES = '<Types><Override PartName="/main" ContentType="application/vnd.{}+xml"/></Types>'
_DOCX = "openxmlformats-officedocument.wordprocessingml.document.main"


def package(**parts: bytes | str) -> bytes:
    """A zip file; `mimetype=`, `content_types=` and so on name its parts."""
    return zipped({{"content_types": "[Content_Types].xml"}.get(name, name): part for name, part in parts.items()})


def zipped(parts: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)  # of no date: tests are named by it
    return file.getvalue()


def docx(main: str = _DOCX, **parts: bytes) -> bytes:
    return zipped({"[Content_Types].xml": _TYPES.format(main), "word/document.xml": "<x/>"} | parts)


DOCX = docx()
_DATA = 30 + len("[Content_Types].xml")  # where the first part's own bytes begin
SPOILT = DOCX[:_DATA] + b"\xff" * 10 + DOCX[_DATA + 10 :]
XLSX = docx("openxmlformats-officedocument.spreadsheetml.sheet.main")
ODT = package(mimetype="application/vnd.oasis.opendocument.text", content="<x/>")
MACROS = docx(**{"word/vbaProject.bin": b"macro"})
MACRO_ENABLED = docx("ms-word.document.macroEnabled.main")
ODT_WITH_MACROS = zipped({"mimetype": "application/vnd.oasis.opendocument.text", "Basic/Standard/x.xml": b"<x/>"})
