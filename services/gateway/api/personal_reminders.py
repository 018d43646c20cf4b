"""Personal reminders and the calendar feed."""

from chassis.http import Answer, HttpRefusal
from contracts import reminders, tasks
from gateway import schemas
from gateway.api.assignments import keyed
from gateway.assembling import digest_of, versioned
from gateway.routes import BASE, route

CALENDAR = "text/calendar"
TIMES = (
    "recurrence_not_understood", "recurrence_too_often", "recurrence_too_long", "recurrence_never_comes",
    "dates_in_wrong_order", "day_too_far", "time_has_passed",
)  # fmt: skip
FOLLOWING = (*TIMES, "no_deadline_to_follow", "not_found")


class PersonalRemindersRoutes:
    @route("POST", "/reminders", tag="reminders", body=reminders.NewReminder, answer=reminders.ReminderDetail,
           status=201, idempotency_key=True, etag=True, refusals=(*FOLLOWING, "too_many_reminders"))  # fmt: skip
    def create_reminder(self, call):
        """Nhắc việc cá nhân: at a time, again and again, or before the deadline of a piece of work."""
        deadline = None if call.body["starts_at"] else _deadline_of(call, call.body["link"])
        request = {"idempotency_key": call.idempotency_key, "reminder": call.body, "deadline": deadline}
        reminder = call.ask(reminders.create_reminder, request)
        return versioned(reminder, status=201, headers={"Location": f"{BASE}/reminders/{reminder['id']}"})

    @route("GET", "/reminders", tag="reminders", query=reminders.ListReminders, answer=reminders.ReminderPage)
    def list_reminders(self, call):
        """One's own reminders: what comes first stands first, what has ended last."""
        return call.ask(reminders.list_reminders, call.query)

    @route("GET", "/reminders/<uuid:reminder_id>", tag="reminders", answer=reminders.ReminderDetail, etag=True)
    def get_reminder(self, call, reminder_id):
        """A reminder with its next occurrences."""
        return versioned(call.ask(reminders.get_reminder, {"id": reminder_id}))

    @route("PATCH", "/reminders/<uuid:reminder_id>", tag="reminders", body=reminders.ReminderChanges,
           answer=reminders.ReminderDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=FOLLOWING)  # fmt: skip
    def change_reminder(self, call, reminder_id):
        """Of something else, or at another time."""
        changes = call.body
        follows = "before_minutes" in changes and changes.get("starts_at") is None and changes.get("link")
        deadline = _deadline_of(call, changes["link"]) if follows else None
        request = keyed(call, reminder_id) | {"changes": changes, "deadline": deadline}
        return versioned(call.ask(reminders.change_reminder, request))

    @route("DELETE", "/reminders/<uuid:reminder_id>", tag="reminders", status=204, idempotency_key=True, if_match=True)
    def discard_reminder(self, call, reminder_id):
        """It goes, with what it was to say."""
        call.ask(reminders.discard_reminder, keyed(call, reminder_id))
        return Answer(status=204)

    @route("GET", "/reminders/<uuid:reminder_id>/occurrences", tag="reminders", query=schemas.PageQuery,
           answer=reminders.ReminderOccurrencePage)  # fmt: skip
    def list_reminder_occurrences(self, call, reminder_id):
        """What came of each occurrence, the latest first: said, done, skipped."""
        return call.ask(reminders.list_reminder_occurrences, call.query | {"reminder_id": reminder_id})

    @route("POST", "/reminders/<uuid:reminder_id>/done", tag="reminders", body=reminders.OneOccurrence,
           answer=reminders.ReminderDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=("no_such_occurrence",))  # fmt: skip
    def mark_reminder_done(self, call, reminder_id):
        """Đã làm: one occurrence; the others come."""
        return versioned(call.ask(reminders.mark_done, keyed(call, reminder_id) | call.body))

    @route("POST", "/reminders/<uuid:reminder_id>/skip", tag="reminders", body=reminders.OneOccurrence,
           answer=reminders.ReminderDetail, idempotency_key=True, if_match=True, etag=True,
           refusals=("no_such_occurrence",))  # fmt: skip
    def skip_reminder(self, call, reminder_id):
        """Bỏ qua lần này: one occurrence is left out."""
        return versioned(call.ask(reminders.skip_occurrence, keyed(call, reminder_id) | call.body))

    @route("POST", "/reminders/import", tag="reminders", limit="upload",
           accepts=(CALENDAR,), max_body=reminders.INVITATION_AT_MOST,
           answer=reminders.ImportedInvitation, idempotency_key=True,
           refusals=(*TIMES, "too_many_reminders", "invitation_not_understood", "invitation_too_large",
                     "unknown_time_zone"))  # fmt: skip
    def import_invitation(self, call):
        """An invitation (.ics): its events become reminders. Sent again it changes them, cancelled it ends them."""
        try:
            text = call.request.raw.decode()
        except UnicodeDecodeError:
            raise HttpRefusal("invitation_not_understood") from None
        if not text:
            raise HttpRefusal("invitation_not_understood")
        return call.ask(reminders.import_invitation, {"idempotency_key": call.idempotency_key, "text": text})

    @route("POST", "/calendar-feed", tag="reminders", answer=schemas.CalendarFeed, status=201)
    def make_calendar_feed(self, call):
        """A private address for calendar programs; a former one reads nothing any more.

        `GET /notification-settings` repeats it, where operators have set up keys to seal it with.
        """
        feed = call.ask(reminders.make_feed)
        return Answer({"url": self._feed_url(call, feed["token"]), "made_at": feed["made_at"]}, status=201)

    @route("DELETE", "/calendar-feed", tag="reminders", status=204)
    def revoke_calendar_feed(self, call):
        """The address reads nothing any more."""
        call.ask(reminders.revoke_feed)
        return Answer(status=204)

    @route("GET", "/calendar.ics", tag="reminders", query=reminders.ReadFeed, media_type=CALENDAR, signed_in=False,
           etag=True, refusals=("not_found", "service_unavailable", "directory_stale"))  # fmt: skip
    def read_calendar(self, call):
        """Reminders and deadlines of whoever made the token, as calendar programs read them (RFC 5545)."""
        text = self.remote.call(reminders.read_feed, call.query | {"address": self._here(call)})["text"]
        return Answer(text.encode(), headers={"Content-Type": f"{CALENDAR}; charset=utf-8"}, etag=digest_of(text))

    def _feed_url(self, call, token: str) -> str:
        return f"{self._here(call)}{BASE}/calendar.ics?token={token}"

    def _here(self, call) -> str:
        """The address by which people reach us."""
        return self.settings.public_url or call.request.host_url.rstrip("/")


def _deadline_of(call, link: str) -> dict | None:
    """Of the piece of work that a link names, as whoever asks sees it; of a whole order, of the one that leads."""
    kind, id_ = reminders.LINKED.fullmatch(link).groups()
    pieces = []
    if kind == "assignments":
        pieces = [call.ask(tasks.get_assignment, {"id": id_})]
    elif kind == "tasks":
        pieces = [each for each in call.ask(tasks.get_task, {"id": id_})["assignments"]["items"] if _leads(each)]
    if len(pieces) != 1:
        return None
    [piece] = pieces
    named = {name: piece[name] for name in ("version", "state")}
    return named | {"assignment_id": piece["id"], "due": piece["current_due"]}


def _leads(piece: dict) -> bool:
    return piece["role"] == "lead" and piece.get("parent_id") is None
