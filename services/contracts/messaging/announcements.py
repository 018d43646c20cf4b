"""Announcements (tin tức, thông báo): written once, read by whoever is addressed."""

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import PATIENCE, Event, Procedure
from contracts.fields import (
    IN_THESE_CENTURIES,
    POST_KINDS,
    AudienceName,
    ById,
    Id,
    Line,
    Moment,
    Nothing,
    Page,
    Request,
    Statement,
    Text,
    one_of,
)  # fmt: skip
from contracts.files import AttachedFile, FileIds

IMPORTANCES = ("normal", "important", "urgent")
TOLD = ("important", "urgent")  # to whoever it reaches; so is what must be acknowledged. The rest is found by reading
ANNOUNCEMENT_STATES = ("draft", "submitted", "approved", "published", "withdrawn")
ANNOUNCEMENT_BOXES = ("received", "past", "ours", "to_approve")
ADDRESSED_AT_MOST = 200
TITLE_AT_MOST, TEXT_AT_MOST = 300, 20_000
ADDRESS_KINDS = ("person", "unit", "post_kind", "audience")


class NewAddress(Request):
    """One of: a person; a unit with its divisions; whoever holds a kind of post; the heads of an audience's units, or
    with `whole-city` everybody.
    """

    person_id = Id()
    unit_id = Id()
    post_kind = one_of(POST_KINDS)
    audience = AudienceName()

    @validates_schema
    def _one_of_them(self, data, **_):
        if len(data) != 1:
            raise ValidationError("Name exactly one addressee.")


class NewAnnouncement(Request):
    """`audience` for one audience, else `to`. It is seen from `valid_from` on, or at once, until `valid_until`."""

    title = Line(max=TITLE_AT_MOST, required=True)
    text = Text(max=TEXT_AT_MOST, required=True)
    audience = AudienceName(load_default=None, allow_none=True)
    to = fields.List(
        fields.Nested(NewAddress), load_default=None, allow_none=True, validate=validate.Length(1, ADDRESSED_AT_MOST)
    )
    importance = one_of(IMPORTANCES, load_default="normal")
    valid_from = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)
    valid_until = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)
    acknowledge = fields.Boolean(load_default=False)
    acknowledge_by = Moment(load_default=None, allow_none=True, validate=IN_THESE_CENTURIES)
    file_ids = FileIds()

    @validates_schema
    def _somebody(self, data, **_):
        if (data.get("audience") is None) == (data.get("to") is None):
            raise ValidationError("Give either audience or to.", "to")
        if data.get("acknowledge_by") and not data.get("acknowledge"):
            raise ValidationError("Only with acknowledge.", "acknowledge_by")


class KeyedAnnouncement(Request):
    announcement = fields.Nested(NewAnnouncement, required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class AnnouncementStep(Request):
    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class EditAnnouncement(AnnouncementStep):
    announcement = fields.Nested(NewAnnouncement, required=True)


class WithReason(Request):
    reason = Text(max=2_000, required=True)


class ReasonedStep(AnnouncementStep):
    reason = Text(max=2_000, required=True)


class Addressee(Statement):
    """`id` is the kind's own name where it has one: of a kind of post, of an audience."""

    kind = one_of(ADDRESS_KINDS, required=True)
    id = fields.String(required=True)


class AnnouncementLine(Statement):
    """`by_title` is the post whose word it is, `seen_at` and `acknowledged_at` the reader's own."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    state = one_of(ANNOUNCEMENT_STATES, required=True)
    title = fields.String(required=True)
    importance = one_of(IMPORTANCES, required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    by_post_id = Id(required=True)
    by_title = fields.String(required=True)
    valid_from = Moment(required=True, allow_none=True)
    valid_until = Moment(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    acknowledge = fields.Boolean(required=True)
    acknowledge_by = Moment(required=True, allow_none=True)
    seen_at = Moment(required=True, allow_none=True)
    acknowledged_at = Moment(required=True, allow_none=True)


class Announcement(AnnouncementLine):
    """`text` is null to readers when it was withdrawn, and to everybody when its time of keeping is over."""

    text = fields.String(required=True, allow_none=True)
    to = fields.List(fields.Nested(Addressee), required=True)
    files = fields.List(fields.Nested(AttachedFile), required=True)
    reason = fields.String(required=True, allow_none=True)
    allowed = fields.List(fields.String(), required=True)


class AnnouncementPage(Statement):
    items = fields.List(fields.Nested(AnnouncementLine), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListAnnouncements(Page):
    """`received` is what one can see now, newest first, `past` what is over; `ours` is what one's posts wrote,
    `to_approve` what waits for the word of one's post.
    """

    box = one_of(ANNOUNCEMENT_BOXES, load_default="received")


class GetReach(Page):
    id = Id(required=True)


class Reached(Statement):
    could_see = fields.Integer(required=True)
    seen = fields.Integer(required=True)
    acknowledged = fields.Integer(required=True)


class ReachedInUnit(Reached):
    """By the unit of each person's primary post; a division counts with its unit."""

    unit_id = Id(required=True)
    unit_name = fields.String(required=True)


class Reach(Reached):
    """`could_see` is counted by who holds which post now."""

    items = fields.List(fields.Nested(ReachedInUnit), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class UnseenAnnouncements(Statement):
    """Of the newest 50 of the last 90 days that reach one now: how many one has not seen, and the first of them."""

    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(AnnouncementLine), required=True)


class AnnouncementPublished(Statement):
    """The text is read where it stands."""

    announcement_id = Id(required=True)
    title = fields.String(required=True)
    importance = one_of(IMPORTANCES, required=True)
    unit_id = Id(required=True)
    by_title = fields.String(required=True)
    to = fields.List(fields.Nested(Addressee), required=True)
    published_at = Moment(required=True)
    valid_until = Moment(required=True, allow_none=True)
    acknowledge = fields.Boolean(required=True)
    acknowledge_by = Moment(required=True, allow_none=True)


class AnnouncementWithdrawn(Statement):
    announcement_id = Id(required=True)
    unit_id = Id(required=True)
    to = fields.List(fields.Nested(Addressee), required=True)
    withdrawn_at = Moment(required=True)


class AnnouncementSeen(Statement):
    """For the first time by this person, or for the first time `acknowledged`."""

    announcement_id = Id(required=True)
    person_id = Id(required=True)
    acknowledged = fields.Boolean(required=True)
    at = Moment(required=True)


def _act(name: str, request: type[Request], summary: str) -> Procedure:
    return Procedure("messaging", name, request, Announcement, summary, patience=PATIENCE)


announce = _act("announce", KeyedAnnouncement, "Say it on one's own authority.")
draft_announcement = _act("draft_announcement", KeyedAnnouncement, "Write what somebody else is to approve.")
edit_announcement = _act("edit_announcement", EditAnnouncement, "Write a draft anew.")
discard_announcement = Procedure(
    "messaging", "discard_announcement", AnnouncementStep, Nothing, "The draft goes.", patience=PATIENCE
)
submit_announcement = _act("submit_announcement", AnnouncementStep, "Put a draft before who may approve it.")
return_announcement = _act("return_announcement", ReasonedStep, "Back to who wrote it, with the reason.")
approve_announcement = _act("approve_announcement", AnnouncementStep, "It is published, now or when its time comes.")
withdraw_announcement = _act("withdraw_announcement", ReasonedStep, "It is valid no more, and says why.")
list_announcements = Procedure(
    "messaging", "list_announcements", ListAnnouncements, AnnouncementPage, "What reaches the actor, newest first."
)
get_announcement = Procedure("messaging", "get_announcement", ById, Announcement, "One announcement.")
see_announcement = Procedure(
    "messaging", "see_announcement", ById, Nothing, "The actor has seen it.", patience=PATIENCE
)
acknowledge_announcement = Procedure(
    "messaging", "acknowledge_announcement", ById, Nothing, "The actor has taken note of it.", patience=PATIENCE
)
get_reach = Procedure("messaging", "get_reach", GetReach, Reach, "How many could see it, and have, unit by unit.")

announcement_published = Event(
    "messaging", "announcement_published", AnnouncementPublished, "Something is announced.",
    hearers=("gateway", "reminders"),
    published=("announcement_id", "unit_id", "importance"),
)  # fmt: skip
announcement_seen = Event(
    "messaging", "announcement_seen", AnnouncementSeen, "A reader has seen or acknowledged what he was to be told of.",
    hearers=("reminders",),
)  # fmt: skip
announcement_withdrawn = Event(
    "messaging", "announcement_withdrawn", AnnouncementWithdrawn, "An announcement is valid no more.",
    hearers=("gateway", "reminders"), published=("announcement_id", "unit_id"),
)  # fmt: skip
