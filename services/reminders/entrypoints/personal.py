"""Personal reminders on the bus, and the clock that fires them."""

from eventlet import tpool

from chassis import clock
from chassis.inbox import hears
from chassis.later import Later
from chassis.rpc import rpc
from chassis.timers import every
from contracts import directory, reminders
from reminders.use_cases import feeds, firing, invitations, personal

calendars = Later("reminders.calendars")


class Personal:
    @rpc(reminders.create_reminder)
    def create_reminder(self, call, request):
        with self.db.transaction() as tx:
            return personal.create_reminder(tx, call.claims, request, clock.now())

    @rpc(reminders.change_reminder)
    def change_reminder(self, call, request):
        with self.db.transaction() as tx:
            return personal.change_reminder(tx, call.claims, request, clock.now())

    @rpc(reminders.discard_reminder)
    def discard_reminder(self, call, request):
        with self.db.transaction() as tx:
            return personal.discard_reminder(tx, call.claims, request, clock.now())

    @rpc(reminders.mark_done)
    def mark_done(self, call, request):
        with self.db.transaction() as tx:
            return personal.mark_done(tx, call.claims, request, clock.now())

    @rpc(reminders.skip_occurrence)
    def skip_occurrence(self, call, request):
        with self.db.transaction() as tx:
            return personal.skip_occurrence(tx, call.claims, request, clock.now())

    @rpc(reminders.get_reminder)
    def get_reminder(self, call, request):
        with self.db.reading() as tx:
            return personal.get_reminder(tx, call.claims, request, clock.now())

    @rpc(reminders.list_reminders)
    def list_reminders(self, call, request):
        with self.db.reading() as tx:
            return personal.list_reminders(tx, call.claims, request, clock.now())

    @rpc(reminders.list_reminder_occurrences)
    def list_reminder_occurrences(self, call, request):
        with self.db.reading() as tx:
            return personal.list_occurrences(tx, call.claims, request, clock.now())

    # calendars: reading and writing their format takes long, so in a thread of its own

    @rpc(reminders.import_invitation)
    def import_invitation(self, call, request):
        with self.db.reading() as tx:
            invitations.may_import(tx, call.claims, clock.now())
        events = tpool.execute(calendars.read_invitation, request["text"])
        with self.db.transaction() as tx:
            return invitations.import_invitation(tx, call.claims, request, events, clock.now())

    @rpc(reminders.make_feed)
    def make_feed(self, call, request):
        with self.db.transaction() as tx:
            return feeds.make_feed(tx, call.claims, clock.now(), self.sealer)

    @rpc(reminders.revoke_feed)
    def revoke_feed(self, call, request):
        with self.db.transaction() as tx:
            return feeds.revoke_feed(tx, call.claims, clock.now())

    @rpc(reminders.read_feed)
    def read_feed(self, call, request):
        now = clock.now()
        with self.db.reading(walks=True) as tx:
            content = feeds.read_feed(tx, request, now)
        return {"text": tpool.execute(calendars.feed, content, now, request["address"])}

    # what it hears

    @hears(directory.account_revoked)
    def on_account_revoked(self, tx, event):
        feeds.end_feed(tx, event.data["person_id"])

    # the clock

    @every(seconds=1)
    def fire_reminders(self):
        firing.fire_due(self.db, clock.now())

    @every(seconds=5)
    def recount_reminders(self):
        firing.recount(self.db, clock.now())

    @every(seconds=3600, alone="forget_reminders")
    def forget_reminders(self):
        firing.forget(self.db, clock.now())
