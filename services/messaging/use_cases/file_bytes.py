"""What becomes of bytes outside of any transaction: looked at when they have arrived, scanned later, swept away."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import structlog

from chassis import context
from chassis.blobs.faults import BlobGone, StoreUnavailable
from chassis.blobs.store import CHUNK, Blobs
from kernel.errors import Refused
from messaging.domain.files import Unfit
from messaging.files import content, scanning
from messaging.storage import files as storage
from messaging.use_cases import files
from messaging.use_cases.files import AT_ONCE, ON_ITS_WAY, Found

log = structlog.get_logger()

PATIENCE = 25.0  # seconds that a timer's work may take
MOST_FAILURES = 3


def look_at(blobs: Blobs, scanner, away: str, blob_id: str, name: str, size: int, sha256: str) -> Found:
    """`size` and `sha256` are what the receiver counted: the store must hold just that."""
    try:
        media_type = blobs.in_thread(content.media_type_of, blob_id, name)
    except Unfit as unfit:
        return Found(size, sha256, refusal={"code": "file_type_refused", "reason": unfit.reason})
    if _digest(blobs, blob_id) != (size, sha256):
        raise StoreUnavailable("the store does not hold what was written")
    if scanner is None:
        return Found(size, sha256, media_type)
    try:
        infected = scanner.is_infected(pieces(blobs, blob_id))
    except Refused:
        if away != "wait":
            raise
        return Found(size, sha256, media_type)
    if infected:
        return Found(size, sha256, media_type, "infected", {"code": "file_infected"})
    return Found(size, sha256, media_type, "clean")


def pieces(blobs: Blobs, blob_id: str) -> Iterator[bytes]:
    source = blobs.store.open(blob_id)
    try:
        while piece := source.read(CHUNK):
            yield piece
    finally:
        source.close()


def _digest(blobs: Blobs, blob_id: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces(blobs, blob_id):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def scan_waiting(db, blobs: Blobs, scanner, now: datetime) -> None:
    """Those that were kept while there was no scanner, or none that answered. What cannot be scanned goes to the end;
    after several such in a row it is the scanner that is away.
    """
    failures = 0
    while failures < MOST_FAILURES and context.remaining(PATIENCE) > scanning.SECONDS:
        with db.reading() as tx:
            file = storage.next_unchecked(tx, now)
        if file is None:
            return
        try:
            infected = scanner.is_infected(pieces(blobs, file["blob_id"]))
        except (BlobGone, StoreUnavailable, Refused) as failure:
            log.error("a file could not be scanned", file_id=file["id"], code=failure.refusal_code)
            failures += 1
            with db.transaction() as tx:
                storage.scan_failed(tx, file["id"], now)
            continue
        failures = 0
        with db.transaction() as tx:
            files.scanned(tx, file["id"], infected, now)
        if infected:
            blobs.store.remove(file["blob_id"])


def sweep(db, blobs: Blobs, now: datetime) -> None:
    """What never arrived as a whole, and what was attached to nothing in its time: first the bytes, then the row, so
    that after a crash the next sweep finds it again.
    """
    blobs.store.tidy(ON_ITS_WAY.total_seconds())
    with db.reading() as tx:
        lost = storage.uploads_before(tx, now - ON_ITS_WAY, AT_ONCE)
    for blob_id in lost:
        blobs.store.remove(blob_id)
    with db.transaction() as tx:
        storage.forget_uploads(tx, lost)
    with db.transaction() as tx:
        doomed = storage.doom(tx, now, AT_ONCE)
    for file in doomed:
        if file["blob_id"]:
            blobs.store.remove(file["blob_id"])
    with db.transaction() as tx:
        storage.forget_files(tx, [file["id"] for file in doomed])
