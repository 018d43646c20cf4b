"""Retention, legal hold, exports, erasure."""

from marshmallow import fields

from chassis.contract import PATIENCE, Procedure
from contracts.fields import Id, Moment, Page, Request, Statement, Text


class HoldConversation(Request):
    conversation_id = Id(required=True)
    reason = Text(max=2_000, required=True)


class LegalHold(Statement):
    """While it stands, nothing of the conversation expires."""

    id = Id(required=True)
    conversation_id = Id(required=True)
    reason = fields.String(required=True)
    placed_by_person_id = Id(required=True)
    placed_at = Moment(required=True)
    lifted_by_person_id = Id(required=True, allow_none=True)
    lifted_at = Moment(required=True, allow_none=True)
    lift_reason = fields.String(required=True, allow_none=True)


class LegalHoldPage(Statement):
    items = fields.List(fields.Nested(LegalHold), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class BeginExport(Request):
    conversation_id = Id(required=True)
    reason = Text(max=2_000, required=True)


class BegunExport(Statement):
    id = Id(required=True)


class ReadExport(Page):
    id = Id(required=True)


class Lines(Statement):
    """JSON, each on a line of its own, `type` by `type`: of a conversation `message`, `version` (what it said before),
    `receipt`, `participant`; of a person also `announcement_written`, `announcement` (seen), `settings`, `read` and
    `file`.
    """

    lines = fields.List(fields.String(), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


place_hold = Procedure(
    "messaging", "place_hold", HoldConversation, LegalHold, "Keep a conversation.", patience=PATIENCE
)
lift_hold = Procedure(
    "messaging", "lift_hold", HoldConversation, LegalHold, "It expires as others do.", patience=PATIENCE
)
list_holds = Procedure("messaging", "list_holds", Page, LegalHoldPage, "Legal holds, the newest first.")
begin_export = Procedure("messaging", "begin_export", BeginExport, BegunExport, "Take a conversation out, and say why.")
read_export = Procedure("messaging", "read_export", ReadExport, Lines, "A page of what was taken out.")
export_own = Procedure("messaging", "export_own", Page, Lines, "What there is of the actor himself.")
