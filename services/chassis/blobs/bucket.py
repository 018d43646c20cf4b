"""Blobs in a bucket of anything that speaks S3. Parts that were never completed are for the bucket's own rule."""

import hashlib
from datetime import timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from chassis.blobs.faults import told
from chassis.blobs.settings import Place

PART = 8 * 1024 * 1024  # bytes of a part, which is held until it is sent
PATIENCE = timedelta(seconds=10)  # tried again for so long


def _telling():
    return told((FileNotFoundError,), (), (BaseError, OSError))


class Bucket:
    def __init__(self, place: Place):
        options = {"allow_http": place.endpoint.startswith("http://"), "connect_timeout": "5s", "timeout": "30s"}
        self._store = S3Store(
            place.bucket, prefix=place.prefix or None, endpoint=place.endpoint or None, region=place.region,
            access_key_id=place.key, secret_access_key=place.secret, virtual_hosted_style_request=not place.endpoint,
            client_options=options, retry_config={"max_retries": 3, "retry_timeout": PATIENCE},
        )  # fmt: skip

    def begin(self, key: str) -> "BucketWriter":
        with _telling():
            return BucketWriter(obstore.open_writer(self._store, key, buffer_size=PART))

    def open(self, key: str, start: int = 0, length: int | None = None) -> "BucketReader":
        with _telling():
            wanted = {"offset": start} if length is None else (start, start + length)
            return BucketReader(self._store.get(key, options={"range": wanted} if start or length else {}))

    def size(self, key: str) -> int:
        with _telling():
            return self._store.head(key)["size"]

    def remove(self, key: str) -> None:
        with _telling():
            self._store.delete(key)

    def tidy(self, seconds: float) -> None:
        """Nothing: what was begun and never finished is in parts, which nobody sees."""


class BucketWriter:
    def __init__(self, writer):
        self._writer = writer
        self._hash, self.size = hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)
        with _telling():
            self._writer.write(piece)

    def commit(self) -> str:
        with _telling():
            self._writer.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        """A writer that is not closed completes nothing."""
        self._writer = None


class BucketReader:
    def __init__(self, answer):
        self._pieces = iter(answer.stream())
        self._rest = b""

    def read(self, most: int) -> bytes:
        with _telling():
            while not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._rest = bytes(piece)
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def close(self) -> None:
        self._pieces, self._rest = iter(()), b""
