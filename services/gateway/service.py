"""The gateway: the routes of the API, and what it hears."""

from datetime import timedelta

from nameko.extensions import DependencyProvider

from chassis import clock
from chassis.blobs.store import Blobs
from chassis.database import Database
from chassis.inbox import hears
from chassis.rpc import Remote
from chassis.timers import every
from contracts import directory, messaging, reminders, tasks
from gateway import capacities, live_log, problems, sessions, storage
from gateway.api.accounts import AccountRoutes
from gateway.api.action_items import ActionItemsRoutes
from gateway.api.announcements import AnnouncementsRoutes
from gateway.api.appointments import AppointmentsRoutes
from gateway.api.assignments import AssignmentsRoutes
from gateway.api.audiences import AudiencesRoutes
from gateway.api.audit import AuditRoutes
from gateway.api.conversations import ConversationsRoutes
from gateway.api.corrections import CorrectionsRoutes
from gateway.api.directives import DirectivesRoutes
from gateway.api.documents import DocumentsRoutes
from gateway.api.drafts import DraftsRoutes
from gateway.api.extensions import ExtensionsRoutes
from gateway.api.files import FilesRoutes
from gateway.api.health import HealthRoutes
from gateway.api.home import HomeRoutes
from gateway.api.imports import ImportsRoutes
from gateway.api.inbound import InboundRoutes
from gateway.api.keeping import KeepingRoutes
from gateway.api.ladders import LaddersRoutes
from gateway.api.live import LiveRoutes
from gateway.api.messages import MessagesRoutes
from gateway.api.meta import MetaRoutes
from gateway.api.notifications import NotificationsRoutes
from gateway.api.organisation import OrganisationRoutes
from gateway.api.people import PeopleRoutes
from gateway.api.personal_reminders import PersonalRemindersRoutes
from gateway.api.progress import ProgressRoutes
from gateway.api.scim import ScimRoutes
from gateway.api.seeing import SeeingRoutes
from gateway.api.session import SessionRoutes
from gateway.api.single_sign_on import SingleSignOnRoutes
from gateway.api.superior import SuperiorRoutes
from gateway.api.task_imports import TaskImportsRoutes
from gateway.api.task_papers import TaskPapersRoutes
from gateway.api.task_previews import TaskPreviewsRoutes
from gateway.api.task_proposals import TaskProposalsRoutes
from gateway.api.task_templates import TaskTemplatesRoutes
from gateway.api.tasks import TasksRoutes
from gateway.api.urgings import UrgingsRoutes
from gateway.assembling import known_names
from gateway.live import LiveStreams
from gateway.partners import metrics as partner_metrics
from gateway.partners import storage as partner_storage
from gateway.partners.hearing import Hearing
from gateway.partners.passing import Passing
from gateway.partners.sending import Sending
from gateway.partners.signatures import NONCES_KEPT
from gateway.rate_limits import EXCHANGE_SECONDS, RateLimits
from gateway.routes import BASE
from gateway.settings import read
from gateway.single_sign_on import LOGOUT_KEPT, SingleSignOn
from kernel.directory_copy import DirectoryCopy, HearsDirectory, read_state

read_settings = read  # the launcher looks for it here
LIVE_LOG_KEPT = timedelta(days=7)
PARTNERS_WORK_KEPT = timedelta(days=14)  # what they said and were brought: as long as a service keeps its outbox


class SettingsProvider(DependencyProvider):
    def get_dependency(self, worker_ctx):
        return self.container.settings


class Names(DependencyProvider):
    def setup(self):
        self._known = known_names()

    def get_dependency(self, worker_ctx):
        return self._known


class Limits(DependencyProvider):
    def setup(self):
        settings = self.container.settings
        self._limits = RateLimits(settings.limits, settings.trusted_proxies)

    def get_dependency(self, worker_ctx):
        return self._limits


class SingleSignOnProvider(DependencyProvider):
    def setup(self):
        settings = self.container.settings
        self._single_sign_on = SingleSignOn(self.container.store, settings.providers, settings.public_url, BASE)

    def get_dependency(self, worker_ctx):
        return self._single_sign_on


class Partners(DependencyProvider):
    """What passes between us and partners without a broker, both ways."""

    def setup(self):
        settings, store = self.container.settings, self.container.store
        hearing = Hearing(store, settings)
        self._all = Passing(store, settings), hearing, Sending(store, settings.webhooks)
        self.container.readiness("webhooks", lambda: hearing.is_up)

    def start(self):
        for each in self._all:
            each.start()

    def stop(self):
        for each in self._all:
            each.stop()

    kill = stop


class WatchedCopy(DirectoryCopy):
    """The gateway's copy: whoever gains or loses a post by what comes into it is told so by his streams' end."""

    def take(self, tx, after, items, *rest):
        with capacities.watched(tx, items, self.container.settings.totp_required_for):
            super().take(tx, after, items, *rest)
        if items and read_state(tx).complete:
            sessions.end_without_post(tx, clock.now())


API = (
    SessionRoutes,
    SingleSignOnRoutes,
    AccountRoutes,
    HomeRoutes,
    OrganisationRoutes,
    AudiencesRoutes,
    AppointmentsRoutes,
    PeopleRoutes,
    ImportsRoutes,
    TasksRoutes,
    AssignmentsRoutes,
    ExtensionsRoutes,
    DraftsRoutes,
    ProgressRoutes,
    UrgingsRoutes,
    CorrectionsRoutes,
    TaskImportsRoutes,
    TaskPapersRoutes,
    TaskProposalsRoutes,
    DocumentsRoutes,
    SuperiorRoutes,
    FilesRoutes,
    TaskPreviewsRoutes,
    TaskTemplatesRoutes,
    SeeingRoutes,
    ActionItemsRoutes,
    PersonalRemindersRoutes,
    LaddersRoutes,
    NotificationsRoutes,
    ConversationsRoutes,
    MessagesRoutes,
    DirectivesRoutes,
    AnnouncementsRoutes,
    KeepingRoutes,
    LiveRoutes,
    AuditRoutes,
    InboundRoutes,
    HealthRoutes,
    MetaRoutes,
)


class Service(*API, ScimRoutes, HearsDirectory):
    name = "gateway"
    directory_copy = WatchedCopy()
    blobs = Blobs()
    problems = problems
    db = Database()
    remote = Remote()
    settings = SettingsProvider()
    sessions = sessions.Sessions()
    single_sign_on = SingleSignOnProvider()
    live = LiveStreams()
    names = Names()
    limits = Limits()
    partners = Partners()

    # what it hears

    @hears(reminders.action_items_raised)
    def on_action_items_raised(self, tx, event):
        closed = {"closed_at": event.data["raised_at"], "items": event.data.pop("closed")}
        live_log.tell_items(tx, "action_item_raised", event.data)
        live_log.tell_items(tx, "action_item_closed", closed)

    @hears(reminders.action_items_closed)
    def on_action_items_closed(self, tx, event):
        live_log.tell_items(tx, "action_item_closed", event.data)

    @hears(reminders.reminder_fired)
    def on_reminder_fired(self, tx, event):
        live_log.tell_people(tx, "reminder_fired", event.data, "items")

    @hears(reminders.nudge_due)
    def on_nudge_due(self, tx, event):
        live_log.tell_people(tx, "nudge_due", event.data, "told")

    @hears(tasks.assignment_changed)
    def on_assignment_changed(self, tx, event):
        data = event.data
        live_log.tell_posts(tx, "assignment_changed", data["concerns"], live_log.shown(data))
        live_log.tell_pieces(tx, data, data["pieces"])

    @hears(tasks.task_revoked)
    def on_task_revoked(self, tx, event):
        data = event.data
        live_log.tell_posts(tx, "task_revoked", data["concerns"], live_log.shown(data))
        live_log.tell_pieces(tx, data, data["pieces"])

    @hears(tasks.assignments_moved)
    def on_assignments_moved(self, tx, event):
        live_log.tell_pieces(tx, event.data, event.data["pieces"])

    @hears(tasks.extension_requested)
    def on_extension_requested(self, tx, event):
        live_log.tell_posts(tx, "extension_requested", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.extension_decided)
    def on_extension_decided(self, tx, event):
        live_log.tell_posts(tx, "extension_decided", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.draft_changed)
    def on_draft_changed(self, tx, event):
        live_log.tell_posts(tx, "draft_changed", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.progress_reported)
    def on_progress_reported(self, tx, event):
        live_log.tell_posts(tx, "progress_reported", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.blocker_raised)
    def on_blocker_raised(self, tx, event):
        live_log.tell_posts(tx, "blocker_raised", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.blocker_resolved)
    def on_blocker_resolved(self, tx, event):
        live_log.tell_posts(tx, "blocker_resolved", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.urging_answered)
    def on_urging_answered(self, tx, event):
        live_log.tell_posts(tx, "urging_answered", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.correction_proposed)
    def on_correction_proposed(self, tx, event):
        live_log.tell_posts(tx, "correction_proposed", event.data["concerns"], live_log.shown(event.data))

    @hears(tasks.correction_decided)
    def on_correction_decided(self, tx, event):
        live_log.tell_posts(tx, "correction_decided", event.data["concerns"], live_log.shown(event.data))
        live_log.tell_pieces(tx, event.data, event.data["pieces"])

    @hears(messaging.message_posted)
    def on_message_posted(self, tx, event):
        live_log.tell_taking_part(tx, "message_posted", event.data)

    @hears(messaging.message_changed)
    def on_message_changed(self, tx, event):
        live_log.tell_taking_part(tx, "message_changed", event.data)

    @hears(messaging.message_addressed)
    def on_message_addressed(self, tx, event):
        """To all who take part a message as any other; whom it calls for is told so by reminders."""
        is_new = event.data["change"] == "posted"
        hidden = ("asked", "inside", "muted_person_ids", *(("change", "changed_at") if is_new else ()))
        said = {name: value for name, value in event.data.items() if name not in hidden}
        live_log.tell_taking_part(tx, "message_posted" if is_new else "message_changed", said)

    @hears(messaging.directive_acknowledged)
    def on_directive_acknowledged(self, tx, event):
        live_log.tell_concerned(tx, "directive_acknowledged", event.data)

    @hears(messaging.conversation_read)
    def on_conversation_read(self, tx, event):
        self._tell_read(tx, event)

    @hears(messaging.mentions_read)
    def on_mentions_read(self, tx, event):
        del event.data["message_ids"]
        self._tell_read(tx, event)

    def _tell_read(self, tx, event):
        seen, read = event.data.pop("seen"), event.data
        live_log.tell_person(tx, "conversation_read", read["person_id"], read)
        about = {name: read[name] for name in ("conversation_id", "person_id", "at")}
        for each in seen:
            live_log.tell_concerned(tx, "directive_seen", each | about)

    @hears(messaging.parts_changed)
    def on_parts_changed(self, tx, event):
        live_log.tell_parts(tx, event.data)

    @hears(messaging.conversation_changed)
    def on_conversation_changed(self, tx, event):
        live_log.tell_taking_part(tx, "conversation_changed", event.data)

    @hears(messaging.transcript_sealed)
    def on_transcript_sealed(self, tx, event):
        live_log.tell_taking_part(tx, "transcript_sealed", event.data)

    @hears(messaging.announcement_published)
    def on_announcement_published(self, tx, event):
        live_log.tell_addressed(tx, "announcement_published", event.data.pop("to"), event.data)

    @hears(messaging.announcement_withdrawn)
    def on_announcement_withdrawn(self, tx, event):
        live_log.tell_addressed(tx, "announcement_withdrawn", event.data.pop("to"), event.data)

    @hears(directory.account_revoked)
    def on_account_revoked(self, tx, event):
        sessions.end_account(tx, event.data["account_id"], event.version)

    @hears(directory.credentials_changed)
    def on_credentials_changed(self, tx, event):
        sessions.end_account(tx, event.data["account_id"], event.version, event.data["kept_session_id"])

    @hears(directory.break_glass_sealed)
    def on_break_glass_sealed(self, tx, event):
        sessions.end_account(tx, event.data["account_id"], event.version)

    @hears(directory.identity_removed)
    def on_identity_removed(self, tx, event):
        sessions.end_identity(tx, event.data["issuer"], event.data["subject"], event.id)

    def _watched(self, tx, event):
        return capacities.watched(tx, event.data["facts"], self.settings.totp_required_for)

    @hears(directory.unit_changed)
    def on_unit_changed(self, tx, event):
        with self._watched(tx, event):
            super().on_unit_changed(tx, event)

    @hears(directory.unit_reorganised)
    def on_unit_reorganised(self, tx, event):
        with self._watched(tx, event):
            super().on_unit_reorganised(tx, event)

    @hears(directory.post_changed)
    def on_post_changed(self, tx, event):
        with self._watched(tx, event):
            super().on_post_changed(tx, event)

    @hears(directory.person_changed)
    def on_person_changed(self, tx, event):
        """This process forgets the name at once; another one remembers it for a minute at most."""
        self.names.pop(event.data["person_id"], None)

    @hears(directory.person_erased)
    def on_person_erased(self, tx, event):
        self.names.pop(event.data["person_id"], None)

    @hears(directory.membership_changed)
    def on_membership_changed(self, tx, event):
        with self._watched(tx, event):
            super().on_membership_changed(tx, event)

    @hears(directory.delegation_changed)
    def on_delegation_changed(self, tx, event):
        with self._watched(tx, event):
            super().on_delegation_changed(tx, event)

    # housekeeping

    @every(seconds=2)
    def end_sessions_by_date(self):
        """A post that ends by its date ends with no event."""
        self.sessions.begin_day(clock.now())

    @every(seconds=EXCHANGE_SECONDS)
    def exchange_counts(self):
        self.limits.exchange(self.db)

    @every(seconds=60, alone="forget counts")
    def forget_counts(self):
        with self.db.transaction() as tx:
            storage.forget_counts(tx, clock.now())

    @every(seconds=3600, alone="forget")
    def forget(self):
        now = clock.now()
        with self.db.transaction() as tx:
            storage.forget_live(tx, now - LIVE_LOG_KEPT)
            storage.forget_sessions(tx, now - sessions.KEPT_AFTER_EXPIRY)
            storage.forget_sign_ins(tx, now, now - LOGOUT_KEPT)

    @every(seconds=3600, alone="forget partners")
    def forget_partners(self):
        now, is_more = clock.now(), True
        while is_more:
            with self.db.transaction() as tx:
                is_more = partner_storage.forget_piece(tx, now, PARTNERS_WORK_KEPT, NONCES_KEPT)

    @every(seconds=15)
    def count_webhooks(self):
        with self.db.reading() as tx:
            waiting, dead, paused = partner_storage.standing(tx)
        partner_metrics.WAITING.set(waiting)
        partner_metrics.DEAD.set(dead)
        partner_metrics.PAUSED.set(paused)
