"""Which files are taken in, and under which name."""

import re
import unicodedata
from collections.abc import Collection

MOST_NAME = 200  # characters
MOST_UNATTACHED = 100  # files of one person that are attached to nothing
MOST_UPLOADS = 5  # of one file, within the time that one may take

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
          "tif": "image/tiff", "tiff": "image/tiff"}  # fmt: skip
TEXTS = {"txt": "text/plain", "csv": "text/csv"}
OFFICE = {
    "docx": _OOXML + "wordprocessingml.document",
    "xlsx": _OOXML + "spreadsheetml.sheet",
    "pptx": _OOXML + "presentationml.presentation",
}
OPEN = {"odt": _ODF + "text", "ods": _ODF + "spreadsheet", "odp": _ODF + "presentation"}
TYPE_OF = {"pdf": "application/pdf", **IMAGES, **TEXTS, **OFFICE, **OPEN}
MAIN_PART = {
    extension: f"{media_type}.main+xml".encode()
    for extension, media_type in OFFICE.items()
}  # fmt: skip

_SEPARATORS = re.compile(r"[/\\]")
_UNWANTED = re.compile(r'[<>:"|?*]')
_ALIKE = {"jpeg": "jpg", "tif": "tiff"}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f")) + b"\x7f"


class Unfit(Exception):
    """`reason`: extension, content, macros or empty."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def clean_name(given: str) -> str:
    """The last part of a path, without what some system takes for more than a letter. Raises Unfit."""
    name = _SEPARATORS.split(unicodedata.normalize("NFC", given))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    name = " ".join(_UNWANTED.sub("_", name).split()).lstrip(". ")
    stem, _, extension = name.rpartition(".")
    stem = stem.rstrip(". ")
    if not stem or extension.lower() not in TYPE_OF:
        raise Unfit("extension")
    return f"{stem[: MOST_NAME - len(extension) - 1].rstrip()}.{extension}"


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower()


def agrees(extension: str, found: Collection[str]) -> bool:
    """Whether content that is of one of these kinds may bear the extension."""
    return extension in found or _ALIKE.get(extension, extension) in {_ALIKE.get(each, each) for each in found}


def check_text(piece: bytes, is_first: bool) -> None:
    """Text, and no markup or script that something could take it for. Raises Unfit."""
    if piece.translate(None, _CONTROLS) != piece:
        raise Unfit("content")
    if is_first and piece.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"#!")):
        raise Unfit("content")


def check_office(extension: str, names: Collection[str], content_types: bytes) -> None:
    """What the package says of itself, and nothing in it that runs. Raises Unfit."""
    lower = {name.lower() for name in names}
    if MAIN_PART[extension] not in content_types:
        raise Unfit("macros" if b"macroEnabled" in content_types else "content")
    active = ("vbaproject.bin", "vbadata.xml")
    if any(name.endswith(active) or "/activex/" in name for name in lower) or b"vbaProject" in content_types:
        raise Unfit("macros")


def check_open(extension: str, names: Collection[str], mimetype: bytes) -> None:
    if mimetype.strip() != OPEN[extension].encode():
        raise Unfit("content")
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise Unfit("macros")
