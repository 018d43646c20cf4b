"""One function per verb. A file is a person's, whatever the post in which he acts, until it is attached: then whoever
attached it says who else may read it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis import clock
from chassis.errors import IdempotencyKeyReused
from chassis.idempotency import answer_once
from contracts import files as contract
from kernel import policy
from kernel.errors import Refused
from messaging.domain.files import MOST_UNATTACHED, MOST_UPLOADS, Unfit, clean_name
from messaging.storage import files as storage

UNATTACHED_KEPT = timedelta(hours=24)
HELD_KEPT = timedelta(days=7)  # for whoever attaches them to say so
ON_ITS_WAY = timedelta(hours=1)  # longer than any upload may take
AT_ONCE = 500  # removed in one go
HERE = "messaging"  # what is attached here needs nobody else's word


@dataclass(frozen=True)
class Found:
    """What was handed in, as it was found to be; `refusal` says with code and details why it is not taken in."""

    size: int
    sha256: str
    media_type: str | None = None
    scan: str = "unchecked"
    refusal: dict | None = None


def begin_file(tx, claims: dict, request: dict, now: datetime) -> dict:
    """Each time it is asked, the bytes go to another place: what was looked at once is never written again. Of what is
    kept or refused nothing is written any more.
    """
    policy.require_signed_in(contract.begin_file.full_name)
    try:
        name = clean_name(request["name"])
    except Unfit as unfit:
        raise Refused("file_type_refused", reason=unfit.reason) from unfit
    begun = answer_once(
        tx,
        who=claims["sub"],
        key=request["idempotency_key"],
        request=[contract.begin_file.full_name, name],
        produce=lambda: _begin(tx, claims["sub"], name, now),
    )
    file = storage.find_file(tx, begun["id"], lock=True)
    if file is None:
        raise _not_found()  # its time is over
    if file["state"] != "receiving":
        return begun | {"blob_id": None}
    if storage.uploads_of(tx, file["id"]) >= MOST_UPLOADS:
        raise Refused("too_many_uploads", most=MOST_UPLOADS, retry_after=3600)
    blob_id = clock.new_id()
    storage.add_upload(tx, blob_id, begun["id"], now)
    return begun | {"blob_id": blob_id}


def _begin(tx, person_id: str, name: str, now: datetime) -> dict:
    if storage.unattached_of(tx, person_id) >= MOST_UNATTACHED:
        raise Refused("too_many_files", most=MOST_UNATTACHED, retry_after=3600)
    file = {
        "id": clock.new_id(),
        "name": name,
        "state": "receiving",
        "scan": "unchecked",
        "uploaded_by_person_id": person_id,
        "uploaded_at": now,
        "keep_until": now + UNATTACHED_KEPT,
    }
    storage.add_file(tx, file)
    return {"id": file["id"]}


def _not_found() -> Refused:
    return Refused("not_found", "There is no such file for you.")


def arrived(tx, claims: dict, request: dict) -> Mapping:
    """The actor's own file of which bytes have arrived; it may be finished already."""
    policy.require_signed_in(contract.finish_file.full_name)
    file = storage.find_file(tx, request["id"])
    if file is None or file["uploaded_by_person_id"] != claims["sub"]:
        raise _not_found()
    if not _is_its_own(tx, file, request["blob_id"]):
        raise _not_found()
    return file


def _is_its_own(tx, file: Mapping, blob_id: str | None) -> bool:
    if blob_id is None:
        return file["state"] != "receiving"
    return file["blob_id"] == blob_id or storage.is_upload_of(tx, blob_id, file["id"])


def finish_file(tx, request: dict, found: Found) -> Mapping:
    """It is kept or refused; the first to say so has said it."""
    file = storage.find_file(tx, request["id"], lock=True)
    if file["state"] != "receiving":
        return file
    known = {"size": found.size, "sha256": found.sha256, "scan": found.scan}
    if found.refusal:
        tx.audit("messaging.file_refused", subject=file["id"], code=found.refusal["code"])
        return storage.change_file(tx, file["id"], state="refused", refusal=found.refusal, **known)
    storage.end_upload(tx, request["blob_id"])
    tx.audit("messaging.file_kept", subject=file["id"], sha256=found.sha256)
    return storage.change_file(
        tx, file["id"], state="kept", blob_id=request["blob_id"], media_type=found.media_type, **known
    )


def told(file: Mapping, request: dict) -> dict:
    """The same to whoever asks again."""
    if file["state"] == "refused":
        refusal = dict(file["refusal"] or {"code": "not_found"})
        raise Refused(refusal.pop("code"), **refusal)
    if (file["size"], file["sha256"]) != (request["size"], request["sha256"]):
        raise IdempotencyKeyReused("this Idempotency-Key came with other bytes")
    return dict(file)


def open_file(
    tx, claims: dict, request: dict, giver: str | None, scans: bool, opens: Iterable[Callable[[dict, str], bool]]
) -> dict:
    """`giver` is the service whose grant was shown, `scans` whether anything is given out before it was scanned. Of
    what is attached here, one of `opens` says whether it is shown to this person.
    """
    policy.require_signed_in(contract.open_file.full_name)
    file = storage.find_file(tx, request["id"])
    if file is None:
        raise _not_found()
    attached_at = storage.attached_at(tx, file["id"])
    if not _may_open(claims, file, attached_at, giver, opens):
        others = [each for each in attached_at if each != HERE]
        if not others or giver is not None:
            raise _not_found()
        return {"file": None, "blob_id": None, "ask": others}
    if file["scan"] == "infected":
        raise Refused("file_infected", "It was removed.")
    if file["state"] != "kept":
        raise _not_found()
    if scans:
        _require_scanned(file)
    if giver is not None or any(each != HERE for each in attached_at):  # of talk nobody is told who has read it
        tx.audit("messaging.file_read", subject=file["id"], granted_by=giver)
    return {"file": dict(file), "blob_id": file["blob_id"], "ask": []}


def _may_open(claims: dict, file: Mapping, attached_at: Sequence[str], giver: str | None, opens: Iterable) -> bool:
    if file["uploaded_by_person_id"] == claims["sub"] or giver in attached_at:
        return True
    return HERE in attached_at and any(each(claims, file["id"]) for each in opens)


def _require_scanned(file: Mapping) -> None:
    if file["scan"] != "clean":
        raise Refused("file_not_scanned", "It was not scanned yet.", retryable=True, retry_after=30)


def hold_files(tx, request: dict, scans: bool, now: datetime) -> dict:
    return {"items": hold(tx, request["person_id"], request["file_ids"], scans, now)}


def hold(tx, person_id: str, file_ids: Sequence[str], scans: bool, now: datetime) -> list[Mapping]:
    """The person's own files, which stay for whoever attaches them to say so."""
    held = {file["id"]: file for file in storage.hold(tx, person_id, file_ids, now + HELD_KEPT)}
    if held.keys() != set(file_ids):
        raise Refused("unknown_file", "There are no such files of this person.", field="file_ids")
    for file in held.values() if scans else ():
        _require_scanned(file)
    return [held[file_id] for file_id in dict.fromkeys(file_ids)]


def attach(tx, service: str, subject_id: str, file_ids: Sequence[str]) -> None:
    """What another service has attached stays."""
    if file_ids:
        storage.attach(tx, service, subject_id, file_ids)


def release(tx, service: str, subject_ids: Collection[str], now: datetime) -> None:
    """Nothing hangs on these any more; what hangs on nothing else goes in its time."""
    if subject_ids:
        storage.release(tx, service, subject_ids, now + UNATTACHED_KEPT)


def scanned(tx, file_id: str, infected: bool, now: datetime) -> None:
    """What was kept before anybody could scan it. Infected bytes are to be swept away, whoever dies meanwhile."""
    file = storage.find_file(tx, file_id, lock=True)
    if file is None or file["state"] != "kept" or file["scan"] != "unchecked":
        return
    if infected:
        storage.add_upload(tx, file["blob_id"], file_id, now)
        tx.audit("messaging.file_refused", subject=file_id, code="file_infected")
        storage.change_file(tx, file_id, state="refused", scan="infected", refusal={"code": "file_infected"})
    else:
        storage.change_file(tx, file_id, scan="clean")
