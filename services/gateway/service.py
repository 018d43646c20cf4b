"""The gateway's HTTP API and what it hears."""

from datetime import timedelta

from nameko.extensions import DependencyProvider

from chassis import clock
from chassis.database import Database
from chassis.http import Answer, HttpRefusal
from chassis.inbox import hears
from chassis.rpc import Remote
from chassis.timers import every
from contracts import directory, messaging, reminders, tasks
from contracts.fields import Nothing
from gateway import live_log, openapi, problems, schemas, sessions, storage
from gateway.assembling import in_parallel, known_names, versioned, with_names
from gateway.auth import CSRF_HEADER, cookie_name, refuse_foreign_origin
from gateway.live import LiveStreams
from gateway.routes import BASE, route
from gateway.settings import read
from kernel.directory_copy import DirectoryCopy, HearsDirectory, resolve_actor

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


class Service(HearsDirectory):
    name = "gateway"
    directory_copy = WatchedCopy()
    problems = problems
    db = Database()
    remote = Remote()
    settings = SettingsProvider()
    sessions = sessions.Sessions()
    live = LiveStreams()
    names = Names()

    # session

    @route("POST", "/tokens", tag="session", signed_in=False, status=201,
           body=directory.Credentials, answer=schemas.Token,
           refusals=("wrong_credentials", "totp_required"))  # fmt: skip
    def create_token(self, call):
        """Sign in a program: a bearer token."""
        token, expires_at = self._open_session(call, "token")
        return Answer({"token": token, "expires_at": expires_at}, status=201)

    @route("POST", "/sessions", tag="session", signed_in=False, body=directory.Credentials,
           answer=schemas.BrowserSession, status=201,
           refusals=("wrong_credentials", "totp_required", "foreign_origin"))  # fmt: skip
    def create_session(self, call):
        """Sign in a browser: a cookie that scripts cannot read, and a CSRF token for writes."""
        refuse_foreign_origin(self, call.request)
        token, expires_at = self._open_session(call, "browser")
        body = {"csrf_token": sessions.csrf_token(token), "expires_at": expires_at}
        lifetime = int(self.settings.session_lifetime)
        return Answer(body, status=201, headers={"Set-Cookie": self._cookie(token, lifetime)})

    @route("DELETE", "/sessions/current", tag="session", status=204)
    def end_current_session(self, call):
        """Sign out."""
        self.sessions.end(call.caller.session.id, call.caller.session.person_id)
        return Answer(status=204, headers={"Set-Cookie": self._cookie("", 0)} if call.caller.csrf else {})

    @route("GET", "/sessions", tag="session", answer=schemas.SessionList)
    def list_sessions(self, call):
        """One's own open sessions, newest first."""
        current = call.caller.session
        fields = ("id", "kind", "client", "created_at", "last_used_at", "expires_at")
        rows = self.sessions.list_of(current.person_id)
        items = [{name: getattr(row, name) for name in fields} | {"current": row.id == current.id} for row in rows]
        return {"items": items, "next_cursor": None}

    @route("DELETE", "/sessions/<uuid:session_id>", tag="session", status=204)
    def end_session(self, call, session_id):
        """End one of one's own sessions, with its live streams."""
        self.sessions.end(session_id, call.caller.session.person_id)
        return Answer(status=204)

    @route("GET", "/me", tag="session", answer=directory.Profile)
    def get_me(self, call):
        """Who is signed in, and in which capacities he may act."""
        headers = {CSRF_HEADER: call.caller.csrf} if call.caller.csrf else {}
        return Answer(call.ask(directory.get_profile), headers=headers)

    # home

    @route("GET", "/home", tag="home", answer=schemas.Home)
    def get_home(self, call):
        """What the person must act on now, from all services at once."""
        procedures = {
            "tasks": tasks.get_summary, "reminders": reminders.get_overview, "messaging": messaging.get_unread,
        }  # fmt: skip
        patience = self.settings.home_patience
        parts, missing = in_parallel(
            {name: lambda procedure=procedure: call.ask(procedure, timeout=patience)
             for name, procedure in procedures.items()}
        )  # fmt: skip
        return parts | {"unavailable": missing}

    # directory

    @route("GET", "/units", tag="directory", query=directory.ListUnits, answer=directory.UnitPage)
    def list_units(self, call):
        """Units, in the order of their codes."""
        return call.ask(directory.list_units, call.query)

    @route("GET", "/units/<uuid:unit_id>", tag="directory", answer=directory.UnitDetail)
    def get_unit(self, call, unit_id):
        """A unit with its head, deputies and divisions."""
        return call.ask(directory.get_unit, {"id": unit_id})

    @route("GET", "/people", tag="directory", query=directory.SearchPeople, answer=directory.PeoplePage)
    def search_people(self, call):
        """Find people as one types, by unit and by post."""
        return call.ask(directory.search_people, call.query)

    @route("GET", "/people/<uuid:person_id>", tag="directory", answer=directory.PersonDetail)
    def get_person(self, call, person_id):
        """A person in all his posts."""
        return call.ask(directory.get_person, {"id": person_id})

    @route("GET", "/audiences", tag="directory", answer=directory.Audiences)
    def list_audiences(self, call):
        """The named audiences."""
        return call.ask(directory.list_audiences)

    # tasks

    @route("POST", "/tasks", tag="tasks", body=schemas.NewOrder, answer=schemas.Task, status=201,
           idempotency_key=True, etag=True,
           refusals=("not_authorised", "unknown_audience", "unknown_unit", "unknown_post", "one_lead_needed",
                     "unit_twice", "unit_not_direct", "role_not_in_mode",
                     "due_in_past", "due_too_far", "due_after_task", "directory_stale"))  # fmt: skip
    def create_task(self, call):
        """Giao việc ngay: order work to units at once."""
        order = {name: value for name, value in call.body.items() if name != "issue"}
        task = call.ask(tasks.assign, {"idempotency_key": call.idempotency_key, "order": order})
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        for warning in task["warnings"]:
            warning["message"] = problems.describe_warning(warning, call.request.language)
        return versioned(task, status=201, headers={"Location": f"{BASE}/tasks/{task['id']}"})

    @route("GET", "/tasks", tag="tasks", query=tasks.ListTasks, answer=tasks.TaskPage)
    def list_tasks(self, call):
        """Orders in one of one's boxes."""
        return call.ask(tasks.list_tasks, call.query)

    @route("GET", "/tasks/<uuid:task_id>", tag="tasks", answer=schemas.Task, etag=True)
    def get_task(self, call, task_id):
        """An order with its roll-up and first pieces."""
        task = call.ask(tasks.get_task, {"id": task_id})
        with_names(call, self.names, [task], "assigner_person_id", "assigner_name")
        return versioned(task)

    @route("GET", "/tasks/<uuid:task_id>/assignments", tag="tasks", query=schemas.AssignmentsQuery,
           answer=tasks.AssignmentPage)  # fmt: skip
    def list_assignments(self, call, task_id):
        """The pieces of an order."""
        return call.ask(tasks.list_assignments, call.query | {"task_id": task_id})

    @route("GET", "/assignments/<uuid:assignment_id>", tag="tasks", answer=tasks.AssignmentDetail, etag=True)
    def get_assignment(self, call, assignment_id):
        """One piece, as its owner sees it."""
        return versioned(call.ask(tasks.get_assignment, {"id": assignment_id}))

    @route("POST", "/assignments/<uuid:assignment_id>/accept", tag="tasks", answer=tasks.AssignmentDetail,
           idempotency_key=True, if_match=True, etag=True,
           refusals=("not_authorised", "wrong_state", "directory_stale"))  # fmt: skip
    def accept_assignment(self, call, assignment_id):
        """Tiếp nhận: the unit receives the work."""
        request = {"id": assignment_id, "version": call.version, "idempotency_key": call.idempotency_key}
        return versioned(call.ask(tasks.accept, request))

    # reminders

    @route("GET", "/action-items", tag="reminders", query=reminders.ListActionItems, answer=reminders.ActionItemPage)
    def list_action_items(self, call):
        """What one must act on now."""
        return call.ask(reminders.list_action_items, call.query)

    # messaging

    @route("GET", "/conversations", tag="messaging", query=messaging.ListConversations,
           answer=messaging.ConversationPage)  # fmt: skip
    def list_conversations(self, call):
        """One's conversations, newest first."""
        return call.ask(messaging.list_conversations, call.query)

    @route("GET", "/conversations/<uuid:conversation_id>", tag="messaging", answer=messaging.Conversation)
    def get_conversation(self, call, conversation_id):
        """One conversation."""
        return call.ask(messaging.get_conversation, {"id": conversation_id})

    @route("GET", "/conversations/<uuid:conversation_id>/participants", tag="messaging",
           query=schemas.ParticipantsQuery, answer=messaging.ParticipantPage)  # fmt: skip
    def list_participants(self, call, conversation_id):
        """Who takes part, and as what."""
        return call.ask(messaging.list_participants, call.query | {"conversation_id": conversation_id})

    @route("GET", "/conversations/<uuid:conversation_id>/messages", tag="messaging", query=schemas.MessagesQuery,
           answer=schemas.MessagePage)  # fmt: skip
    def list_messages(self, call, conversation_id):
        """What was said, newest first."""
        page = call.ask(messaging.list_messages, call.query | {"conversation_id": conversation_id})
        with_names(call, self.names, page["items"], "sender_person_id", "sender_name")
        return page

    @route("POST", "/conversations/<uuid:conversation_id>/messages", tag="messaging", body=schemas.NewMessage,
           answer=schemas.Message, status=201, idempotency_key=True, refusals=("not_authorised",))  # fmt: skip
    def post_message(self, call, conversation_id):
        """Say something."""
        message = call.ask(
            messaging.post_message,
            {"conversation_id": conversation_id, "text": call.body["text"], "idempotency_key": call.idempotency_key},
        )
        with_names(call, self.names, [message], "sender_person_id", "sender_name")
        return Answer(message, status=201)

    @route("POST", "/conversations/<uuid:conversation_id>/read", tag="messaging", body=schemas.ReadUpTo, status=204)
    def mark_read(self, call, conversation_id):
        """One has read up to this number."""
        call.ask(messaging.mark_read, {"conversation_id": conversation_id, "number": call.body["number"]})
        return Answer(status=204)

    # live

    @route("GET", "/live", tag="live", query=schemas.LiveQuery, media_type="text/event-stream")
    def open_stream(self, call):
        """Server-sent events about everything that one's posts must know, from now on or from the last event id."""
        person_id = call.caller.session.person_id
        with self.db.reading() as tx:
            serves = resolve_actor(tx, {"sub": person_id}, clock.now(), "gateway.live").serves
        audience = {live_log.key_of_person(person_id), *map(live_log.key_of_post, serves)}
        return self.live.open(call.caller.session, audience, _last_event_id(call))

    @route("GET", "/openapi.json", tag="meta", signed_in=False, answer=Nothing)
    def get_openapi(self, call):
        """This document."""
        return Answer(openapi.document(), headers={"Cache-Control": "public, max-age=300"})

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

    def _open_session(self, call, kind):
        account = call.ask(directory.verify_credentials, call.body)
        return self.sessions.open(account, kind, call.request.headers.get("User-Agent", ""))

    def _cookie(self, token, max_age):
        secure = self.settings.secure_cookies
        parts = [f"{cookie_name(secure)}={token}", "Path=/", "HttpOnly", "SameSite=Strict", f"Max-Age={max_age}"]
        return "; ".join([*parts, "Secure"] if secure else parts)


def _last_event_id(call) -> int | None:
    """Browsers send the header by themselves when they come back; a program may use the parameter."""
    header = call.request.headers.get("Last-Event-ID", "")
    if header.isascii() and header.isdigit() and len(header) <= 18:
        return int(header)
    if header:
        raise HttpRefusal("invalid_request", errors=[{"field": "Last-Event-ID", "message": "Not a valid integer."}])
    return call.query["last_event_id"]
