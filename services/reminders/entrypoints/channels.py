"""How people are reached, on the bus, and what sends to them."""

import time

from chassis import clock
from chassis.rpc import rpc
from chassis.timers import every
from contracts import reminders
from kernel import policy
from kernel.errors import Refused
from reminders.use_cases import announcements, digests, dispatching, mentions, notifications

TICK_SECONDS = 15.0  # what is left is the next tick's


class Channels:
    @every(seconds=1)
    def tell_many(self):
        """Whoever is told part by part. Several processes may: each takes another announcement, or message."""
        ends = time.monotonic() + TICK_SECONDS
        for tell_some in (mentions.tell_some, announcements.tell_some):
            more = True
            while more and time.monotonic() < ends:
                with self.db.transaction() as tx:
                    more = tell_some(tx, clock.now())

    @rpc(reminders.get_notification_settings)
    def get_notification_settings(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return notifications.get_settings(tx, call.claims["sub"], self.sealer)

    @rpc(reminders.change_notification_settings)
    def change_notification_settings(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            return notifications.change_settings(tx, call.claims["sub"], request, self.sealer)

    @rpc(reminders.get_push_key)
    def get_push_key(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        return {"key": self.outlets.push and self.outlets.push.public_key}

    @rpc(reminders.subscribe_push)
    def subscribe_push(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        if self.outlets.push is None:
            raise Refused("push_not_available", "Nothing is pushed here.")
        self.outlets.push.check(request["endpoint"], request["keys"])
        with self.db.transaction() as tx:
            return notifications.subscribe(tx, call.claims["sub"], request, clock.now())

    @rpc(reminders.list_push_subscriptions)
    def list_push_subscriptions(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return notifications.list_devices(tx, call.claims["sub"])

    @rpc(reminders.unsubscribe_push)
    def unsubscribe_push(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            return notifications.unsubscribe(tx, call.claims["sub"], request["id"])

    @rpc(reminders.list_nudges)
    def list_nudges(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.reading() as tx:
            return notifications.list_nudges(tx, call.claims["sub"], request)

    @rpc(reminders.read_nudges)
    def read_nudges(self, call, request):
        policy.require_signed_in(call.procedure.full_name)
        with self.db.transaction() as tx:
            return notifications.read_nudges(tx, call.claims["sub"], request, clock.now())

    @rpc(reminders.list_deliveries)
    def list_deliveries(self, call, request):
        with self.db.reading() as tx:
            return notifications.list_deliveries(tx, call.claims, request, clock.now())

    @rpc(reminders.list_nudge_counts)
    def list_nudge_counts(self, call, request):
        with self.db.reading() as tx:
            return notifications.list_nudge_counts(tx, call.claims, request, clock.now())

    # the clock

    @every(seconds=1)
    def tell_nudges(self):
        ends = time.monotonic() + TICK_SECONDS
        while time.monotonic() < ends:
            with self.db.transaction() as tx:
                if not dispatching.tell(tx, clock.now()):
                    return

    @every(seconds=1)
    def send_push(self):
        self.outlets.run("push")

    @every(seconds=1)
    def send_email(self):
        self.outlets.run("email")

    @every(seconds=1)
    def send_sms(self):
        self.outlets.run("sms")

    @every(seconds=1)
    def call_by_voice(self):
        self.outlets.run("voice")

    @every(seconds=20)
    def plan_digests(self):
        with self.db.transaction() as tx:
            digests.plan(tx, clock.now())

    @every(seconds=30)
    def note_channels(self):
        with self.db.transaction() as tx:
            notifications.note_channels(tx, self.outlets.names, clock.now())

    @every(seconds=3600, alone="forget_nudges")
    def forget_nudges(self):
        ends = time.monotonic() + TICK_SECONDS
        for part in (dispatching.drop_late, dispatching.forget):
            more = True
            while more and time.monotonic() < ends:
                with self.db.transaction() as tx:
                    more = part(tx, clock.now())
