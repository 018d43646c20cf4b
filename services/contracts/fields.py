"""Field shapes that several contracts share, and the closed lists of words that they use."""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

CITY = ZoneInfo("Asia/Ho_Chi_Minh")
_WRITTEN_AS_WE_DO = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_AUDIENCE_NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){0,59}\Z")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # Unicode's explicit bidi controls

UNIT_KINDS = ("committee", "office", "department", "ward", "commune", "special_zone", "division")
POST_KINDS = (
    "chairman", "vice_chairman", "standing_member", "chief_of_office", "deputy_chief_of_office", "office_clerk",
    "head", "deputy_head", "secretary", "clerk", "division_head", "deputy_division_head", "official",
    "administrator", "auditor",
)  # fmt: skip
URGENCIES = ("normal", "urgent", "very_urgent", "express")
ROLES = ("lead", "support", "inform")
MODES = ("joint", "each")
SOURCES = ("government_office", "city_party_committee", "pc_party_committee", "city_pc")
ABOVE = ("government_office", "city_party_committee", "pc_party_committee")  # whose documents are a superior's
UNIT_AUDIENCES = ("all-departments", "all-wards", "all-communes", "all-commune-level", "all-units")
AUDIENCES = (*UNIT_AUDIENCES, "whole-city")
ASSIGNMENT_STATES = (
    "assigned", "in_progress", "declined", "result_submitted", "suspended", "completed", "revoked", "archived",
)  # fmt: skip
DUE_STATES = ("no_deadline", "on_track", "due_soon", "due_today", "overdue", "early", "on_time", "late")
GRADES = ("not_met", "met", "good", "excellent")
WAITING_KINDS = (  # of which siblings say that they wait for somebody
    "procedure_near_deadline", "citizen_case", "meeting_to_join", "mail_to_answer", "document_to_approve",
    "document_to_instruct",
)  # fmt: skip
ACTION_ITEM_KINDS = (
    "assignment_to_receive", "refusal_to_decide", "result_to_decide", "extension_to_decide", "order_to_issue",
    "blocker_to_decide", "urging_to_answer", "correction_to_decide", "children_to_extend", "parent_to_close",
    "document_to_receive", "recall_to_answer", "superior_answer_to_record", "break_glass_used",
    "directive_to_acknowledge",
    *WAITING_KINDS,
)  # fmt: skip
ITEM_DUES = ("overdue", "due_today", "later", "no_deadline")
REPORTING = ("none", "weekly", "monthly")
BLOCKER_LEVELS = ("assigner", "lead", "office", "city")
URGING_KINDS = ("urge", "ask_evidence", "check_figures", "opinion", "standing_pc_directive")
ROLLED_UP = ("assigned", "not_received", "accepted", "submitted", "completed", "overdue", "revoked")
URGED = ("overdue", "not_received")
CORRECTED_FIELDS = (
    "original_due", "current_due", "done_on", "document_issued_on", "role", "grade", "document_number",
)  # fmt: skip
SECRECY = ("none", "secret", "top_secret", "of_special_importance")
ORIGIN_ID = re.compile(r"[A-Za-z0-9._:/-]{1,100}")  # a sibling's own name of something
DOCUMENT_BOXES = ("all", "to_receive", "to_assign", "report_due")
CLAUSES_AT_MOST = 100  # of one document
ORDERS_AT_MOST = 20  # from one document at once
SUPERIOR_REQUEST_STATES = ("awaiting", "granted", "refused", "withdrawn")
REPORT_STATES = ("drafted", "returned", "approved", "sent")
REPORT_CLASSES = ("completed_on_time", "completed_late", "in_progress_in_time", "in_progress_overdue")
PARTICIPANT_ROLES = ("owner", "responsible", "member", "follower")
CONVERSATION_KINDS = ("direct", "group", "unit", "case")


class Statement(Schema):
    """What a service says, in an answer or an event: whoever reads it takes what he knows and ignores the rest."""

    class Meta:
        unknown = EXCLUDE


class Request(Schema):
    """What a caller sends; a field that nobody named is refused."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """Text in Unicode NFC, trimmed; `max` counts characters.

    Control characters go, and the invisible ones by which a text can be made to look like another or like nothing:
    marks that turn the order of letters around, tags, code points that are no characters.
    """

    def __init__(self, *, max: int, min: int = 1, **kwargs):
        super().__init__(validate=validate.Length(min=min, max=max), **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs))
        text = "".join(c for c in text if c in "\n\t" or not _unwanted(c)).strip()
        return text if any(unicodedata.category(c)[0] in "LNPS" for c in text) else ""


class Line(Text):
    """Text on one line."""

    def _deserialize(self, value, attr, data, **kwargs):
        return " ".join(super()._deserialize(value, attr, data, **kwargs).split())


def _unwanted(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Cn")
        or character in _TURNING
        or 0xE0000 <= ord(character) <= 0xE007F
    )


class Id(fields.UUID):
    """An opaque id (UUID), a string in Python too."""

    def _deserialize(self, value, attr, data, **kwargs):
        if isinstance(value, str) and _WRITTEN_AS_WE_DO(value):
            return value
        return str(super()._deserialize(value, attr, data, **kwargs))


class Moment(fields.AwareDateTime):
    """An instant, RFC 3339 with offset; shown in the city's own time."""

    def __init__(self, **kwargs):
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # at the ends of time; a rule will find it too early or too late
            return moment

    def _serialize(self, value, attr, obj, **kwargs):
        if not isinstance(value, datetime):
            return value  # an answer that was stored has been written already
        try:
            shown = value.astimezone(CITY)
        except OverflowError:
            return value.isoformat()
        # until 1911 the city's offset had seconds, which RFC 3339 cannot say
        return (shown if not shown.utcoffset().seconds % 60 else shown.astimezone(UTC)).isoformat()


# the day after the last that there is would be none
THESE_CENTURIES = validate.Range(date(1900, 1, 1), date(2199, 12, 31))
IN_THESE_CENTURIES = validate.Range(
    datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), error="Must be between 1900 and 2199."
)  # fmt: skip


class Day(fields.Date):
    """A day, ISO."""

    def _serialize(self, value, attr, obj, **kwargs):
        return value if isinstance(value, str) else super()._serialize(value, attr, obj, **kwargs)  # a stored answer


class TimeOfDay(fields.Time):
    """A whole minute of the day in the city's own time, HH:MM."""

    def __init__(self, **kwargs):
        super().__init__(format="iso", validate=self._is_whole, **kwargs)

    def _is_whole(self, value: time) -> None:
        if value.tzinfo is not None or value.second or value.microsecond:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)

    def _serialize(self, value, attr, obj, **kwargs):
        return value.strftime("%H:%M") if isinstance(value, time) else value


class AudienceName(fields.String):
    """What a named audience is called by: small letters, figures and hyphens."""

    def __init__(self, **kwargs):
        super().__init__(validate=validate.Regexp(_AUDIENCE_NAME), **kwargs)


def one_of(words: tuple[str, ...], **kwargs) -> fields.String:
    return fields.String(validate=validate.OneOf(words), **kwargs)


class Page(Request):
    """How much of a list is asked for."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class Nothing(Request):
    """A request, or an answer, without content."""


class ById(Request):
    id = Id(required=True)
