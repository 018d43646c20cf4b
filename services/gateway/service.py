"""The gateway: the routes of the API, and what it hears."""

from datetime import timedelta

from nameko.extensions import DependencyProvider

from chassis import clock
from chassis.database import Database
from chassis.inbox import hears
from chassis.rpc import Remote
from chassis.timers import every
from contracts import directory, messaging, reminders, tasks
from gateway import live_log, problems, sessions, storage
from gateway.api.home import HomeRoutes
from gateway.api.live import LiveRoutes
from gateway.api.messaging import MessagingRoutes
from gateway.api.meta import MetaRoutes
from gateway.api.organisation import OrganisationRoutes
from gateway.api.people import PeopleRoutes
from gateway.api.reminders import RemindersRoutes
from gateway.api.scim import ScimRoutes
from gateway.api.session import SessionRoutes
from gateway.api.tasks import TasksRoutes
from gateway.assembling import known_names
from gateway.live import LiveStreams
from gateway.settings import read
from kernel.directory_copy import DirectoryCopy, HearsDirectory

read_settings = read  # the launcher looks for it here
LIVE_LOG_KEPT = timedelta(days=7)


class SettingsProvider(DependencyProvider):
    def get_dependency(self, worker_ctx):
        return self.container.settings


class Names(DependencyProvider):
    def setup(self):
        self._known = known_names()

    def get_dependency(self, worker_ctx):
        return self._known


class WatchedCopy(DirectoryCopy):
    """The gateway's copy: whoever gains or loses a post by what comes into it is told so by his streams' end."""

    def take(self, tx, after, items, *rest):
        with live_log.capacities_watched(tx, items):
            super().take(tx, after, items, *rest)


API = (
    SessionRoutes,
    HomeRoutes,
    OrganisationRoutes,
    PeopleRoutes,
    TasksRoutes,
    RemindersRoutes,
    MessagingRoutes,
    LiveRoutes,
    MetaRoutes,
)


class Service(*API, ScimRoutes, HearsDirectory):
    name = "gateway"
    directory_copy = WatchedCopy()
    problems = problems
    db = Database()
    remote = Remote()
    settings = SettingsProvider()
    sessions = sessions.Sessions()
    live = LiveStreams()
    names = Names()

    # what it hears

    @hears(reminders.action_items_raised)
    def on_action_items_raised(self, tx, event):
        live_log.tell_items(tx, "action_item_raised", event.data)

    @hears(reminders.action_items_closed)
    def on_action_items_closed(self, tx, event):
        live_log.tell_items(tx, "action_item_closed", event.data)

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        live_log.tell_posts(tx, "assignment_changed", event.data.pop("concerns"), event.data)

    @hears(messaging.message_posted)
    def on_message_posted(self, tx, event):
        live_log.tell_posts(tx, "message_posted", event.data.pop("participant_post_ids"), event.data)

    @hears(directory.account_revoked)
    def on_account_revoked(self, tx, event):
        sessions.end_account(tx, event.data["account_id"])

    @hears(directory.membership_changed)
    def on_membership_changed(self, tx, event):
        with live_log.capacities_watched(tx, event.data["facts"]):
            super().on_membership_changed(tx, event)

    @hears(directory.delegation_changed)
    def on_delegation_changed(self, tx, event):
        with live_log.capacities_watched(tx, event.data["facts"]):
            super().on_delegation_changed(tx, event)

    # housekeeping

    @every(seconds=3600, alone="forget")
    def forget(self):
        now = clock.now()
        with self.db.transaction() as tx:
            storage.forget_live(tx, now - LIVE_LOG_KEPT)
            storage.forget_sessions(tx, now - sessions.KEPT_AFTER_EXPIRY)
