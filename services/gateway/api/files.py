"""Files in and out. Their bytes pass through piece by piece, and nobody holds them whole."""

import hashlib
from urllib.parse import quote

from werkzeug.http import parse_options_header

from chassis.blobs.store import CHUNK
from chassis.errors import CallFailed
from chassis.http import STRICT_POLICY, Answer, HttpRefusal, Outflow
from contracts import files, messaging, tasks
from gateway.routes import BASE, route

OCTETS = "application/octet-stream"
GRANTS = {"tasks": tasks.grant_file}  # whom to ask about a file that was attached there
SANDBOX = f"sandbox; {STRICT_POLICY}"


class Counted:
    """The bytes of a file that is kept or refused already: whether they are the same is all that matters."""

    def __init__(self):
        self._hash, self.size = hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)

    def commit(self) -> str:
        return self._hash.hexdigest()

    def abandon(self) -> None:
        pass


class Upload:
    """The bytes of a file that was begun, on their way to where messaging said."""

    def __init__(self, begun: dict, writer):
        self.begun, self._writer = begun, writer
        self.sha256 = ""

    @property
    def told(self) -> dict:
        return self.begun | {"size": self._writer.size, "sha256": self.sha256}

    def write(self, piece: bytes) -> None:
        self._writer.write(piece)

    def finish(self) -> None:
        self.sha256 = self._writer.commit()

    def abandon(self) -> None:
        self._writer.abandon()


def begin(call) -> Upload:
    _, named = parse_options_header(call.request.headers.get("Content-Disposition"))
    if not named.get("filename"):
        fault = {"field": "Content-Disposition", "message": "Missing data for required field."}
        raise HttpRefusal("invalid_request", errors=[fault])
    wanted = {"name": named["filename"], "idempotency_key": call.idempotency_key}
    begun = call.ask(messaging.begin_file, wanted)
    return Upload(begun, call.blobs.store.begin(begun["blob_id"]) if begun["blob_id"] else Counted())


class FilesRoutes:
    @route("POST", "/files", tag="files", limit="upload", accepts=(OCTETS,), into=begin, answer=files.StoredFile,
           status=201, idempotency_key=True,
           refusals=("not_found", "file_type_refused", "file_infected", "too_many_files", "too_many_uploads",
                     "storage_full", "storage_unavailable", "scanner_unavailable"))  # fmt: skip
    def create_file(self, call):
        """Tải tệp lên: the bytes as they are; the name stands in `Content-Disposition`, as `filename*` (RFC 8187)."""
        file = call.ask(messaging.finish_file, call.request.sink.told)
        return Answer(file, status=201, headers={"Location": f"{BASE}/files/{file['id']}"})

    @route("GET", "/files/<uuid:file_id>", tag="files", media_type=OCTETS, etag=True, parts=True,
           refusals=("file_infected", "file_not_scanned", "storage_unavailable"))  # fmt: skip
    def get_file(self, call, file_id):
        """Tải tệp về: whoever handed it in, and whoever sees what it is attached to. Never shown in place."""
        file, blob_id = _opened(call, file_id)
        start, stop = _part(call.request, file)
        partly = (start, stop) != (0, file["size"])
        headers = {
            "Content-Type": file["media_type"],
            "Content-Disposition": _disposition(file["name"]),
            "Accept-Ranges": "bytes",
            "Content-Security-Policy": SANDBOX,
        }
        if partly:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file['size']}"
        source = call.blobs.store.open(blob_id, start, stop - start)
        return Answer(
            Outflow(source, stop - start, CHUNK), status=206 if partly else 200, headers=headers, etag=file["sha256"]
        )


def _opened(call, file_id: str) -> tuple[dict, str]:
    """Asked of messaging, and where it was attached by others, with the word of the service that it is attached at."""
    opened = call.ask(messaging.open_file, {"id": file_id})
    for service in opened["ask"]:
        try:
            grant = call.ask(GRANTS[service], {"id": file_id})
        except CallFailed as refusal:
            if refusal.code != "not_found":
                raise
            continue
        opened = call.ask(messaging.open_file, {"id": file_id} | grant)
        break
    if opened["file"] is None:
        raise HttpRefusal("not_found")
    return opened["file"], opened["blob_id"]


def _part(request, file: dict) -> tuple[int, int]:
    """Of one range that is there, of what is still the same; else all of it (RFC 9110, 14.2)."""
    wanted, only_if = request.range, request.headers.get("If-Range")
    if wanted is not None and wanted.units == "bytes" and only_if in (None, f'"{file["sha256"]}"'):
        part = wanted.range_for_length(file["size"])
        if part is not None:
            return part
    return 0, file["size"]


def _disposition(name: str) -> str:
    """RFC 6266: for those who know only ASCII, and as it is."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
