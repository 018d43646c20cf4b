"""What a file is, by its content. It blocks: it is for a real thread."""

import io
import lzma
import struct
import zipfile
import zlib

from chassis.later import Later
from messaging.domain.files import (
    OFFICE,
    OPEN,
    TEXTS,
    TYPE_OF,
    Unfit,
    agrees,
    check_office,
    check_open,
    check_text,
    extension_of,
)

puremagic = Later("puremagic")

HEAD = 4096  # bytes by which most kinds are known
CHUNK = 1024 * 1024
MOST_INDEX = 1024 * 1024  # bytes of a package's list of parts: longer ones are made to exhaust whoever reads them
MOST_PART = 1024 * 1024  # bytes of a part that is read
BROKEN = (  # all that a package can make its reader raise
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, KeyError, ValueError, NotImplementedError,
    RuntimeError, OverflowError, OSError, EOFError,
)  # fmt: skip
_END = struct.Struct("<4s4H2LH")
_PACKAGE = b"PK\x03\x04"
_TAIL = _END.size + 65_535


def media_type_of(store, key: str, name: str) -> str:
    """Raises Unfit when it is not what its name says, or nothing that is taken in."""
    extension = extension_of(name)
    head = _read(store, key, 0, HEAD)
    if not head:
        raise Unfit("empty")
    if extension in TEXTS:
        _check_text(store, key)
    elif extension in OFFICE or extension in OPEN:
        _check_package(store, key, extension, head)
    elif not agrees(extension, _kinds(head)):
        raise Unfit("content")
    return TYPE_OF[extension]


def _kinds(head: bytes) -> set[str]:
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError, IndexError, struct.error):
        return set()
    surest = max(each.confidence for each in found)
    return {each.extension.lstrip(".").lower() for each in found if each.confidence == surest}


def _check_text(store, key: str) -> None:
    source, is_first = store.open(key), True
    try:
        while piece := source.read(CHUNK):
            check_text(piece, is_first)
            is_first = False
    finally:
        source.close()


def _check_package(store, key: str, extension: str, head: bytes) -> None:
    size = store.size(key)
    if not head.startswith(_PACKAGE):
        raise Unfit("content")
    _check_index(_read(store, key, max(0, size - _TAIL), _TAIL))
    try:
        with zipfile.ZipFile(io.BufferedReader(_Window(store, key, size), HEAD)) as package:
            names = package.namelist()
            told = "[Content_Types].xml" if extension in OFFICE else "mimetype"
            with package.open(told) as part:
                said = part.read(MOST_PART)
    except BROKEN as error:
        raise Unfit("content") from error
    (check_office if extension in OFFICE else check_open)(extension, names, said)


def _check_index(tail: bytes) -> None:
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size or b"PK\x06\x07" in tail:
        raise Unfit("content")
    *_, length, _offset, _comment = _END.unpack_from(tail, at)
    if length > MOST_INDEX:
        raise Unfit("content")


def _read(store, key: str, start: int, length: int) -> bytes:
    source, pieces = store.open(key, start), []
    try:
        while length > 0 and (piece := source.read(length)):
            pieces.append(piece)
            length -= len(piece)
    finally:
        source.close()
    return b"".join(pieces)


class _Window(io.RawIOBase):
    """A blob as a file that can be read at any place."""

    def __init__(self, store, key: str, size: int):
        self._store, self._key, self._size, self._at = store, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into) -> int:
        piece = _read(self._store, self._key, self._at, min(len(into), max(0, self._size - self._at)))
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
