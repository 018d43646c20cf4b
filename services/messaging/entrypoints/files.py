"""The store of files on the bus, and the clock that scans and sweeps it."""

from chassis import clock
from chassis.blobs.store import Blobs
from chassis.grants import Grants
from chassis.rpc import rpc
from chassis.timers import every
from contracts import messaging
from messaging.use_cases import announcements, file_bytes, files, messages


class Files:
    blobs = Blobs()
    grants = Grants()

    @rpc(messaging.begin_file)
    def begin_file(self, call, request):
        with self.db.transaction() as tx:
            return files.begin_file(tx, call.claims, request, clock.now())

    @rpc(messaging.finish_file)
    def finish_file(self, call, request):
        """No transaction stays open while the bytes are looked at."""
        with self.db.reading() as tx:
            file = files.arrived(tx, call.claims, request)
        if file["state"] == "receiving":
            scanner, away = self.scanning
            found = file_bytes.look_at(
                self.blobs, scanner, away, request["blob_id"], file["name"], request["size"], request["sha256"]
            )  # fmt: skip
            with self.db.transaction() as tx:
                file = files.finish_file(tx, request, found)
        if request["blob_id"] not in (None, file["blob_id"]):
            self.blobs.store.remove(request["blob_id"])  # it was refused, or others were faster
        return files.told(file, request)

    @rpc(messaging.open_file)
    def open_file(self, call, request):
        word = request["grant"]
        giver = word and self.grants.giver(word, call.claims["sub"], request["id"])
        with self.db.transaction() as tx:
            now, scans = clock.now(), self.scanning.scanner is not None
            opens = [
                lambda claims, file_id, each=each: each.opens_file(tx, claims, file_id, now)
                for each in (messages, announcements)
            ]
            return files.open_file(tx, call.claims, request, giver, scans, opens)

    @rpc(messaging.hold_files)
    def hold_files(self, call, request):
        with self.db.transaction() as tx:
            return files.hold_files(tx, request, self.scanning.scanner is not None, clock.now())

    @every(seconds=30, alone="scan_files")
    def scan_files(self):
        if self.scanning.scanner is not None:
            file_bytes.scan_waiting(self.db, self.blobs, self.scanning.scanner, clock.now())

    @every(seconds=600, alone="sweep_files")
    def sweep_files(self):
        file_bytes.sweep(self.db, self.blobs, clock.now())
