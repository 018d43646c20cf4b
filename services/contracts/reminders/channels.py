"""How a person is reached: his settings, his devices, and what was sent to him."""

from marshmallow import fields, validate

from chassis.contract import Procedure
from contracts.fields import ById, Day, Id, Moment, Nothing, Page, Request, Statement, TimeOfDay, one_of
from contracts.reminders.nudges import CHANNELS

DELIVERY_STATES = ("waiting", "sent", "failed", "dropped")


class Switches(Statement):
    """Over which channels."""

    in_app = fields.Boolean()
    push = fields.Boolean()
    email = fields.Boolean()
    sms = fields.Boolean()
    voice = fields.Boolean()

    class Meta(Request.Meta):
        pass


class KindSwitches(Statement):
    """Which kinds of nudges, over which channels. `other`: what ladders say beside the four known rungs."""

    personal = fields.Nested(Switches)
    yellow = fields.Nested(Switches)
    red = fields.Nested(Switches)
    deep_red = fields.Nested(Switches)
    unreceived = fields.Nested(Switches)
    other = fields.Nested(Switches)
    directive = fields.Nested(Switches)
    waiting = fields.Nested(Switches)
    mention = fields.Nested(Switches)
    announcement = fields.Nested(Switches)

    class Meta(Request.Meta):
        pass


class QuietHours(Statement):
    """Of every working day, beside the nights and the days off: then nothing comes that is not urgent."""

    begins = TimeOfDay(required=True)
    ends = TimeOfDay(required=True)

    class Meta(Request.Meta):
        pass


class NotificationSettings(Statement):
    """`channels` are those that there are; what is `fixed` is always on, or never: nobody changes it.

    `calendar_feed_token` is null where one has no calendar feed, or the secret was shown once.
    """

    version = fields.Integer(required=True)
    channels = fields.List(fields.String(), required=True)
    switches = fields.Nested(KindSwitches, required=True)
    fixed = fields.Nested(KindSwitches, required=True)
    digest = fields.Boolean(required=True)
    quiet_hours = fields.Nested(QuietHours, required=True, allow_none=True)
    calendar_feed_token = fields.String(load_default=None, allow_none=True)


class NewNotificationSettings(Request):
    """Only what is given changes."""

    switches = fields.Nested(KindSwitches)
    digest = fields.Boolean()
    quiet_hours = fields.Nested(QuietHours, allow_none=True)


class ChangeNotificationSettings(NewNotificationSettings):
    version = fields.Integer(required=True, allow_none=True)


class PushKey(Statement):
    """The public key that a browser subscribes with (VAPID, base64url); null where nothing is pushed."""

    key = fields.String(required=True, allow_none=True)


class SubscriptionKeys(Request):
    p256dh = fields.String(required=True, validate=validate.Length(1, 120))
    auth = fields.String(required=True, validate=validate.Length(1, 40))


class SubscribePush(Request):
    """What a browser's PushSubscription says of itself."""

    endpoint = fields.String(required=True, validate=validate.Length(1, 1000))
    keys = fields.Nested(SubscriptionKeys, required=True)
    expirationTime = fields.Raw(load_default=None, allow_none=True)


class PushSubscription(Statement):
    """A device. `service` is the host of its push service."""

    id = Id(required=True)
    service = fields.String(required=True)
    created_at = Moment(required=True)


class PushSubscriptions(Statement):
    items = fields.List(fields.Nested(PushSubscription), required=True)


class ListDeliveries(Page):
    channel = one_of(CHANNELS, load_default=None, allow_none=True)
    state = one_of(DELIVERY_STATES, load_default=None, allow_none=True)


class Delivery(Statement):
    """One attempt after another to bring nudges to a person, without what they say. `digest_on` is of a morning's
    digest.
    """

    id = Id(required=True)
    channel = fields.String(required=True)
    person_id = Id(required=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    fault = fields.String(required=True, allow_none=True)
    provider_id = fields.String(required=True, allow_none=True)
    nudge_ids = fields.List(Id(), required=True)
    digest_on = Day(required=True, allow_none=True)
    made_at = Moment(required=True)
    due_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class DeliveryPage(Statement):
    items = fields.List(fields.Nested(Delivery), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


get_notification_settings = Procedure(
    "reminders", "get_notification_settings", Nothing, NotificationSettings, "How one wants to be reached."
)
change_notification_settings = Procedure(
    "reminders", "change_notification_settings", ChangeNotificationSettings, NotificationSettings,
    "Choose how one is reached, within what policy leaves open.",
)  # fmt: skip
get_push_key = Procedure("reminders", "get_push_key", Nothing, PushKey, "The key that a browser subscribes with.")
subscribe_push = Procedure(
    "reminders", "subscribe_push", SubscribePush, PushSubscription, "Reach one by Web Push on this device."
)
list_push_subscriptions = Procedure(
    "reminders", "list_push_subscriptions", Nothing, PushSubscriptions, "The devices on which one is reached."
)
unsubscribe_push = Procedure("reminders", "unsubscribe_push", ById, Nothing, "Not on this device any more.")
list_deliveries = Procedure(
    "reminders", "list_deliveries", ListDeliveries, DeliveryPage, "What went out, what waits, what failed and why."
)
