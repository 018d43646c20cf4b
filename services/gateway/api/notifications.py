"""How one is reached, and what one was nudged about."""

from chassis.http import Answer
from contracts import reminders
from gateway import schemas
from gateway.assembling import versioned, with_names
from gateway.routes import BASE, route

DEVICE = ("push_not_available", "push_endpoint_refused", "push_keys_refused", "too_many_devices")


class NotificationsRoutes:
    @route("GET", "/nudges", tag="reminders", query=reminders.ListNudges, answer=reminders.NudgePage)
    def list_nudges(self, call):
        """Nhắc: what one was nudged about, newest first."""
        return call.ask(reminders.list_nudges, call.query)

    @route("POST", "/nudges/read", tag="reminders", body=reminders.ReadNudges, status=204)
    def read_nudges(self, call):
        """One has seen these, or all until a moment: nothing more is sent about the same."""
        call.ask(reminders.read_nudges, call.body)
        return Answer(status=204)

    @route("GET", "/notification-settings", tag="reminders", answer=schemas.NotificationSettings, etag=True)
    def get_notification_settings(self, call):
        """Which kinds of nudges reach one over which channels, and when."""
        return self._settings(call, call.ask(reminders.get_notification_settings))

    @route("PATCH", "/notification-settings", tag="reminders", body=reminders.NewNotificationSettings,
           answer=schemas.NotificationSettings, if_match=True, etag=True,
           refusals=("cannot_be_muted", "not_by_this_channel", "quiet_hours_not_possible"))  # fmt: skip
    def change_notification_settings(self, call):
        """Only what is given changes; what policy does not leave open is refused."""
        wanted = call.body | {"version": call.version}
        return self._settings(call, call.ask(reminders.change_notification_settings, wanted))

    @route("GET", "/push-key", tag="reminders", answer=reminders.PushKey)
    def get_push_key(self, call):
        """The public key that a browser subscribes with."""
        return call.ask(reminders.get_push_key)

    @route("GET", "/push-subscriptions", tag="reminders", answer=reminders.PushSubscriptions)
    def list_push_subscriptions(self, call):
        """One's devices."""
        return call.ask(reminders.list_push_subscriptions)

    @route("POST", "/push-subscriptions", tag="reminders", body=reminders.SubscribePush,
           answer=reminders.PushSubscription, status=201, refusals=DEVICE)  # fmt: skip
    def subscribe_push(self, call):
        """Nudges on this device too: what the browser's PushSubscription says. Again it is the same device."""
        device = call.ask(reminders.subscribe_push, call.body)
        return Answer(device, status=201, headers={"Location": f"{BASE}/push-subscriptions/{device['id']}"})

    @route("DELETE", "/push-subscriptions/<uuid:subscription_id>", tag="reminders", status=204)
    def unsubscribe_push(self, call, subscription_id):
        """Not on this device any more."""
        call.ask(reminders.unsubscribe_push, {"id": subscription_id})
        return Answer(status=204)

    @route("GET", "/deliveries", tag="reminders", query=reminders.ListDeliveries, answer=reminders.DeliveryPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_deliveries(self, call):
        """For administrators: what went out, what waits, what failed and why; never what it says."""
        return call.ask(reminders.list_deliveries, call.query)

    @route("GET", "/nudge-counts", tag="reminders", query=reminders.ListNudgeCounts, answer=reminders.NudgeCountPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_nudge_counts(self, call):
        """How much people, or the people of units, were nudged on a day: whom most came to first."""
        page = call.ask(reminders.list_nudge_counts, call.query)
        if page["by"] == "person":
            with_names(call, self.names, page["items"], "id", "name")
        return page

    def _settings(self, call, settings: dict) -> Answer:
        token = settings.pop("calendar_feed_token", None)
        return versioned(settings | {"calendar_feed_url": token and self._feed_url(call, token)})
