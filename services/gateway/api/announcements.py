"""Announcements: what reaches one, and what one has to announce."""

from chassis.http import Answer
from contracts import messaging
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import versioned
from gateway.routes import BASE, route

WRITING = (
    "unknown_audience", "unknown_unit", "unknown_person", "time_has_passed", "dates_in_wrong_order", "unknown_file",
    "file_not_scanned",
)  # fmt: skip
MOVING = ("not_found", "not_authorised", "wrong_state")
ONE = "/announcements/<uuid:announcement_id>"


class AnnouncementsRoutes:
    @route("POST", "/announcements", tag="messaging", body=schemas.AnnouncementToMake, answer=messaging.Announcement,
           status=201, idempotency_key=True, etag=True, refusals=("not_authorised", *WRITING))  # fmt: skip
    def create_announcement(self, call):
        """Thông báo: published on one's own authority; with `publish: false` a draft that somebody else approves."""
        written = dict(call.body)
        procedure = messaging.announce if written.pop("publish") else messaging.draft_announcement
        said = call.ask(procedure, {"announcement": written, "idempotency_key": call.idempotency_key})
        return versioned(said, status=201, headers={"Location": f"{BASE}/announcements/{said['id']}"})

    @route("GET", "/announcements", tag="messaging", query=messaging.ListAnnouncements,
           answer=messaging.AnnouncementPage)  # fmt: skip
    def list_announcements(self, call):
        """What reaches one now, newest first; other boxes show what is over, what one's posts wrote, what waits."""
        return call.ask(messaging.list_announcements, call.query)

    @route("GET", ONE, tag="messaging", answer=messaging.Announcement, etag=True)
    def get_announcement(self, call, announcement_id):
        """An announcement with its text and files."""
        return versioned(call.ask(messaging.get_announcement, {"id": announcement_id}))

    @route("PUT", ONE, tag="messaging", body=messaging.NewAnnouncement, answer=messaging.Announcement,
           idempotency_key=True, if_match=True, etag=True, refusals=(*MOVING, *WRITING))  # fmt: skip
    def edit_announcement(self, call, announcement_id):
        """A draft is written anew."""
        request = keyed(call, announcement_id) | {"announcement": call.body}
        return versioned(call.ask(messaging.edit_announcement, request))

    @route("DELETE", ONE, tag="messaging", status=204, idempotency_key=True, if_match=True, refusals=MOVING)
    def discard_announcement(self, call, announcement_id):
        """The draft goes."""
        call.ask(messaging.discard_announcement, keyed(call, announcement_id))
        return Answer(status=204)

    @route("POST", f"{ONE}/submit", tag="messaging", answer=messaging.Announcement, idempotency_key=True,
           if_match=True, etag=True, refusals=MOVING)  # fmt: skip
    def submit_announcement(self, call, announcement_id):
        """Trình duyệt: to the leaders of the unit or, beyond it, to the Office and the leaders of the city."""
        return versioned(call.ask(messaging.submit_announcement, keyed(call, announcement_id)))

    @route("POST", f"{ONE}/return", tag="messaging", body=messaging.WithReason, answer=messaging.Announcement,
           idempotency_key=True, if_match=True, etag=True, refusals=MOVING)  # fmt: skip
    def return_announcement(self, call, announcement_id):
        """Trả lại, with the reason."""
        return versioned(call.ask(messaging.return_announcement, keyed(call, announcement_id) | call.body))

    @route("POST", f"{ONE}/approve", tag="messaging", answer=messaging.Announcement, idempotency_key=True,
           if_match=True, etag=True,
           refusals=(*MOVING, "own_announcement", "time_has_passed", "dates_in_wrong_order"))  # fmt: skip
    def approve_announcement(self, call, announcement_id):
        """Duyệt: it is published, at once or when its time comes. Nobody approves what he has written."""
        return versioned(call.ask(messaging.approve_announcement, keyed(call, announcement_id)))

    @route("POST", f"{ONE}/withdraw", tag="messaging", body=messaging.WithReason, answer=messaging.Announcement,
           idempotency_key=True, if_match=True, etag=True, refusals=MOVING)  # fmt: skip
    def withdraw_announcement(self, call, announcement_id):
        """Thu hồi: it is valid no more, and says why."""
        return versioned(call.ask(messaging.withdraw_announcement, keyed(call, announcement_id) | call.body))

    @route("POST", f"{ONE}/seen", tag="messaging", status=204, refusals=("not_found",))
    def see_announcement(self, call, announcement_id):
        """One has seen it."""
        call.ask(messaging.see_announcement, {"id": announcement_id})
        return Answer(status=204)

    @route("POST", f"{ONE}/acknowledge", tag="messaging", status=204,
           refusals=("not_found", "nothing_to_acknowledge", "wrong_state"))  # fmt: skip
    def acknowledge_announcement(self, call, announcement_id):
        """Xác nhận: one has taken note of it. Again, it stays as it was."""
        call.ask(messaging.acknowledge_announcement, {"id": announcement_id})
        return Answer(status=204)

    @route("GET", f"{ONE}/reach", tag="messaging", query=schemas.PageQuery, answer=messaging.Reach,
           refusals=("not_authorised",))  # fmt: skip
    def get_announcement_reach(self, call, announcement_id):
        """How many could see it, have seen and acknowledged it, unit by unit. Nobody is named."""
        return call.ask(messaging.get_reach, call.query | {"id": announcement_id})
