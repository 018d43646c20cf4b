"""What is kept by order, and what is taken out."""

import tempfile
from collections.abc import Iterator

from chassis.blobs.store import CHUNK
from chassis.contract import Procedure
from chassis.http import Answer, Outflow
from contracts import messaging
from gateway import exporting, schemas
from gateway.routes import route

LINES = "application/jsonl"
IN_MEMORY = 1_000_000  # bytes; what is longer goes by way of the disk
A_PAGE = 200
ONE = "/conversations/<uuid:conversation_id>"


class KeepingRoutes:
    @route("POST", f"{ONE}/hold", tag="messaging", body=schemas.KeepingReason, answer=messaging.LegalHold, status=201,
           refusals=("not_authorised", "not_found"))  # fmt: skip
    def hold_conversation(self, call, conversation_id):
        """Nothing of it expires while the hold stands. Again, it is the same hold."""
        return Answer(call.ask(messaging.place_hold, {"conversation_id": conversation_id} | call.body), status=201)

    @route("POST", f"{ONE}/release", tag="messaging", body=schemas.KeepingReason, answer=messaging.LegalHold,
           refusals=("not_authorised", "not_found"))  # fmt: skip
    def release_conversation(self, call, conversation_id):
        """The hold is lifted."""
        return call.ask(messaging.lift_hold, {"conversation_id": conversation_id} | call.body)

    @route("GET", "/legal-holds", tag="messaging", query=schemas.PageQuery, answer=messaging.LegalHoldPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_legal_holds(self, call):
        """Legal holds, the newest first."""
        return call.ask(messaging.list_holds, call.query)

    @route("POST", f"{ONE}/exports", tag="messaging", limit="export", body=schemas.KeepingReason, media_type=LINES,
           refusals=("not_authorised", "not_found"))  # fmt: skip
    def export_conversation(self, call, conversation_id):
        """A conversation as JSON lines, for an auditor who says why; the audit log has it. With what messages said
        before, their files' names and hashes, whom directives have reached, and who takes part.
        """
        with exporting.room():
            begun = call.ask(messaging.begin_export, {"conversation_id": conversation_id} | call.body)
            return _file(_lines(call, messaging.read_export, begun), f"{conversation_id}.jsonl")

    @route("GET", "/me/messages/export", tag="messaging", limit="export", media_type=LINES)
    def export_own_messages(self, call):
        """What there is of oneself, as JSON lines: what one has said, and said before; which directives one has seen
        or acknowledged; the announcements that one wrote or has seen; where one takes part, how far one has read, what
        one has pinned or muted; the files that one has handed in.
        """
        with exporting.room():
            return _file(_lines(call, messaging.export_own, {}), "messages.jsonl")


def _lines(call, procedure: Procedure, request: dict) -> Iterator[str]:
    cursor, is_first = None, True
    while is_first or cursor:
        page = call.ask(procedure, request | {"cursor": cursor, "limit": A_PAGE})
        yield from page["lines"]
        cursor, is_first = page["next_cursor"], False


def _file(lines: Iterator[str], name: str) -> Answer:
    """Nobody holds it whole, and it is begun when it is complete: half an export looks like none."""
    whole = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    try:
        for line in lines:
            whole.write(f"{line}\n".encode())
        size = whole.tell()
        whole.seek(0)
    except BaseException:
        whole.close()
        raise
    headers = {"Content-Type": LINES, "Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(Outflow(whole, size, CHUNK), headers=headers)
