"""Signed heads of the log: what an operator carries outside, so that a later cut or rewriting shows.

A head is one word (a JWS in its compact form), signed with the service's own key. It is said in the process's log,
and appended to a file if the settings name one.
"""

import os

import eventlet
import structlog
from nameko.extensions import SharedExtension

from chassis.identity import Signer

log = structlog.get_logger()

KIND = "audit-head"
HEAD = "SELECT number, encode(hash, 'hex'), now() FROM audit_head"


def signed_head(row, signer: Signer) -> str:
    number, hash_, at = row
    return signer.seal(KIND, {"service": signer.name, "number": number, "hash": hash_, "at": at.isoformat()})


class Anchoring(SharedExtension):
    """Signs the head every so often and at the end, when there is something new."""

    def setup(self):
        self._settings = self.container.settings
        self._anchored = 0
        self._thread = None

    def start(self):
        self._thread = eventlet.spawn(self._run)

    def stop(self):
        if self._thread is not None:
            self._thread.kill()
            self._anchor()

    def kill(self):
        if self._thread is not None:
            self._thread.kill()

    def _run(self):
        while True:
            eventlet.sleep(self._settings.audit_anchor_seconds)
            self._anchor()

    def _anchor(self) -> None:
        try:
            with self.container.store.reading() as tx:
                row = tx.connection.exec_driver_sql(HEAD).one()
            if (number := row[0]) > self._anchored:
                head = signed_head(row, self.container.signer)
                log.info("audit head", number=number, head=head)
                self._append(head)
                self._anchored = number
        except Exception as error:  # noqa: BLE001 - the next time will do
            log.warning("audit head not signed", error=type(error).__name__)

    def _append(self, head: str) -> None:
        if path := self._settings.audit_anchors:
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, f"{head}\n".encode())
            finally:
                os.close(file)
