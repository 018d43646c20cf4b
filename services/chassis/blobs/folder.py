"""Blobs in a folder: what is being received stands apart, and gets its name when all of it is on the disk."""

import errno
import hashlib
import os
import re
import secrets
import time
from pathlib import Path

from chassis.blobs.faults import told

_KEY = re.compile(r"[0-9a-z]([0-9a-z-]{0,98}[0-9a-z])?")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
INCOMING = "incoming"


def _reading():
    return told((FileNotFoundError,), (), (OSError,))


def _writing():
    return told((), _FULL, (OSError,))


class Folder:
    """Everybody who shares it sees the same folder; its owner alone may read it, and nothing in it can be run."""

    def __init__(self, root: str):
        self._root = Path(root)

    def begin(self, key: str) -> "FolderWriter":
        with _writing():
            return FolderWriter(self._root / INCOMING, self._path(key))

    def open(self, key: str, start: int = 0, length: int | None = None) -> "FolderReader":
        with _reading():
            return FolderReader(self._path(key), start, length)

    def size(self, key: str) -> int:
        with _reading():
            return self._path(key).stat().st_size

    def remove(self, key: str) -> None:
        """What is not there is removed already."""
        with _writing():
            self._path(key).unlink(missing_ok=True)

    def tidy(self, seconds: float) -> None:
        """Removes what was begun so long ago and never finished."""
        with _writing():
            for path in (self._root / INCOMING).glob("*"):
                if path.stat().st_mtime < time.time() - seconds:
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        """The last letters of a key are the ones that differ: they spread the files over folders."""
        if not _KEY.fullmatch(key):
            raise ValueError("this is no key")
        return self._root / key[-2:] / key


class FolderWriter:
    def __init__(self, incoming: Path, path: Path):
        incoming.mkdir(mode=0o700, exist_ok=True)
        self._path, self._new = path, incoming / secrets.token_hex(16)
        self._file = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._hash, self.size = hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)
        rest = memoryview(piece)
        with _writing():
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def commit(self) -> str:
        """All of it is on the disk and has its name; answers the SHA-256."""
        with _writing():
            os.fsync(self._file)
            os.close(self._file)
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._new.replace(self._path)
            for folder in (self._path.parent, self._path.parent.parent):
                _sync_folder(folder)
        return self._hash.hexdigest()

    def abandon(self) -> None:
        with _writing():
            os.close(self._file)
            self._new.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    """A new name is on the disk only when its folder is."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class FolderReader:
    def __init__(self, path: Path, start: int, length: int | None):
        self._file = path.open("rb", buffering=0)
        self._file.seek(start)
        self._left = path.stat().st_size - start if length is None else length

    def read(self, most: int) -> bytes:
        with _reading():
            piece = self._file.read(min(most, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()
