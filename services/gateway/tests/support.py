"""The gateway's neighbours as small services that answer as told, and a client of its API."""

import re
from dataclasses import dataclass, field

import eventlet
import orjson
import requests

from chassis import clock
from chassis.rpc import rpc
from contracts import directory, files, messaging, reminders, tasks
from gateway.live import Live, LiveStreams
from kernel.errors import Refused
from tests.support.town import id_of, person, post, unit

PASSWORD = "đúng mật khẩu"
NOW = "2026-11-23T08:30:00+07:00"
TASK, PIECE, CONVERSATION, FILE = id_of("task"), id_of("piece"), id_of("conversation"), id_of("file")
ANSWERING: list = []  # (procedure, claims, request) of every call that reached a neighbour


def assignment(**changes) -> dict:
    return {
        "id": PIECE, "task_id": TASK, "unit_id": unit("ward-1"), "unit_name": "Phường 1",
        "post_id": post("ward-1 head"), "role": "lead", "state": "assigned", "original_due": None,
        "current_due": None, "due_state": "no_deadline", "version": 1, "accepted_at": None,
    } | changes  # fmt: skip


def detail(**changes) -> dict:
    texts = {"title": "Việc", "content": "Nội dung", "expected_result": "Báo cáo", "urgency": "urgent"}
    return assignment(assigner_title="Phó Chủ tịch", allowed=["accept"]) | texts | changes


def summary(**changes) -> dict:
    roll_up = {"assigned": 1, "accepted": 0, "submitted": 0, "completed": 0, "overdue": 0, "revoked": 0}
    return {
        "id": TASK, "title": "Việc", "mode": "each", "urgency": "urgent", "source": "city_pc", "state": "issued",
        "original_due": None, "issued_at": NOW, "version": 1, "roll_up": roll_up,
    } | changes  # fmt: skip


def task(**changes) -> dict:
    return summary(
        content="Nội dung", expected_result="Báo cáo", assigner_post_id=post("committee vice_chairman"),
        assigner_person_id=person("committee vice_chairman"), assigner_title="Phó Chủ tịch", followers=[],
        assignments={"items": [assignment()], "next_cursor": None}, warnings=[],
    ) | changes  # fmt: skip


def reminder(**changes) -> dict:
    return {
        "id": id_of("reminder"), "version": 1, "title": "Họp", "note": None, "link": None, "urgency": "normal",
        "starts_at": NOW, "before_minutes": 0, "rrule": None, "working_day": None, "assignment_id": None,
        "state": "active", "next_occurrence": NOW, "next_at": NOW, "upcoming": [NOW],
    } | changes  # fmt: skip


def file(**changes) -> dict:
    return {
        "id": FILE, "name": "Báo cáo \"quý 1\".pdf", "media_type": "application/pdf", "size": 7,
        "sha256": "0" * 64, "scan": "clean", "uploaded_at": NOW,
    } | changes  # fmt: skip


def message(number: int = 1) -> dict:
    return {
        "id": id_of(f"message {number}"), "conversation_id": CONVERSATION, "number": number, "kind": "text",
        "text": "Chào", "sender_person_id": person("ward-1 head"), "sender_post_id": post("ward-1 head"),
        "sender_title": "Chủ tịch phường 1", "sent_at": NOW, "version": 1, "state": "said", "body": None,
        **{name: [] for name in ("mentions", "links", "files")},
        **dict.fromkeys(
            ("reply_to", "reply_to_number", "client_id", "edited_at", "ended_at", "ended_by_person_id", "ended_reason",
             "expired_at")
        ),
    }  # fmt: skip


def imported(**changes) -> dict:
    return {
        "id": id_of("import"), "version": 1, "what": "people", "form": "csv", "unit_id": None, "dry_run": True,
        "end_missing": False, "size": 1, "state": "receiving", "step": "compare", "headers": [], "counts": None,
        "progress": {"stage": None, "done": 0, "total": 0}, "stale": False, "fault": None,
        "person_id": person("vice"), "created_at": NOW, "ended_at": None,
    } | changes  # fmt: skip


def name_of(person_id: str) -> str:
    return f"Tên {person_id[:8]}"


class Neighbour:
    """Notes what it is asked, and answers what the test set in `answers`, or its usual answer."""

    answers: dict = {}

    def answer(self, call, request, usual):
        ANSWERING.append((call.procedure.full_name, call.claims, request))
        wanted = self.answers.get(call.procedure.full_name, usual)
        if callable(wanted):
            wanted = wanted(request)
        if isinstance(wanted, Exception):
            raise wanted
        return wanted


class Directory(Neighbour):
    name = "directory"

    @rpc(directory.verify_credentials)
    def verify_credentials(self, call, request):
        if request["password"] != PASSWORD:
            raise Refused("wrong_credentials")
        who = request["username"]
        return self.answer(call, request, {
            "account_id": id_of(f"account {who}"), "person_id": person(who), "version": 1, "restriction": None,
            "lacks_second_factor": False,
        })  # fmt: skip

    @rpc(directory.verify_identity)
    def verify_identity(self, call, request):
        """Subjects are named like posts: `ward-1 head`."""
        if not request["subject"].startswith("ward-"):
            raise Refused("unknown_identity")
        who = request["subject"]
        return self.answer(call, request, {
            "account_id": id_of(f"account {who}"), "person_id": person(who), "version": 1, "restriction": None,
            "lacks_second_factor": False,
        })  # fmt: skip

    @rpc(directory.begin_linking)
    def begin_linking(self, call, request):
        if request["password"] != PASSWORD:
            raise Refused("wrong_password")
        return self.answer(call, request, {})

    @rpc(directory.link_identity)
    def link_identity(self, call, request):
        return self.answer(call, request, {"id": id_of("identity"), "issuer": request["issuer"], "linked_at": NOW})

    @rpc(directory.list_identities)
    def list_identities(self, call, request):
        return self.answer(call, request, {"items": []})

    @rpc(directory.unlink_identity)
    def unlink_identity(self, call, request):
        return self.answer(call, request, {})

    @rpc(directory.feed_identity)
    def feed_identity(self, call, request):
        asked = {"issuer": request["issuer"], "state": "asked", "since": NOW, "asked_by": call.claims["sub"]}
        return self.answer(call, request, asked)

    @rpc(directory.remove_identity)
    def remove_identity(self, call, request):
        return self.answer(call, request, {})

    @rpc(directory.get_profile)
    def get_profile(self, call, request):
        who = {"id": call.claims["sub"], "name": name_of(call.claims["sub"])}
        return self.answer(call, request, {"person": who, "memberships": [], "delegations": []})

    @rpc(directory.change_password)
    def change_password(self, call, request):
        return self.answer(call, request, Refused("wrong_password"))

    @rpc(directory.confirm_totp)
    def confirm_totp(self, call, request):
        return self.answer(call, request, Refused("wrong_code"))

    @rpc(directory.hand_over_accounts)
    def hand_over_accounts(self, call, request):
        return self.answer(call, request, Refused("not_found"))

    @rpc(directory.get_names)
    def get_names(self, call, request):
        items = [{"id": each, "name": name_of(each)} for each in request["person_ids"]]
        return self.answer(call, request, {"items": items})

    @rpc(directory.search_people)
    def search_people(self, call, request):
        return self.answer(call, request, {"items": [], "next_cursor": None})

    @rpc(directory.get_unit)
    def get_unit(self, call, request):
        return self.answer(call, request, Refused("not_found"))

    @rpc(directory.begin_import)
    def begin_import(self, call, request):
        return self.answer(call, request, imported())

    @rpc(directory.add_import_part)
    def add_import_part(self, call, request):
        return self.answer(call, request, imported())

    @rpc(directory.get_import)
    def get_import(self, call, request):
        return self.answer(call, request, imported())

    @rpc(directory.export_lines)
    def export_lines(self, call, request):
        return self.answer(call, request, {"headers": [], "rows": [], "next_cursor": None})

    @rpc(directory.get_changes)
    def get_changes(self, call, request):
        return self.answer(call, request, {"items": [], "newest": request["after"]})


class Tasks(Neighbour):
    name = "tasks"

    @rpc(tasks.get_import)
    def get_import(self, call, request):
        return self.answer(call, request, None)

    @rpc(tasks.list_import_rows)
    def list_import_rows(self, call, request):
        return self.answer(call, request, None)

    @rpc(tasks.export_tasks)
    def export_tasks(self, call, request):
        return self.answer(call, request, None)

    @rpc(tasks.get_period_report)
    def get_period_report(self, call, request):
        return self.answer(call, request, None)

    @rpc(tasks.propose)
    def propose(self, call, request):
        return self.answer(call, request, {"given_on": "2026-11-23", "proposals": [], "more": False})

    @rpc(tasks.assign)
    def assign(self, call, request):
        return self.answer(call, request, task())

    @rpc(tasks.draft)
    def draft(self, call, request):
        return self.answer(call, request, task())

    @rpc(tasks.grant_file)
    def grant_file(self, call, request):
        return self.answer(call, request, {"grant": "the word of tasks"})

    @rpc(tasks.get_task)
    def get_task(self, call, request):
        return self.answer(call, request, task())

    @rpc(tasks.list_tasks)
    def list_tasks(self, call, request):
        return self.answer(call, request, {"items": [summary()], "next_cursor": None})

    @rpc(tasks.get_exception_board)
    def get_exception_board(self, call, request):
        return self.answer(call, request, {})

    @rpc(tasks.get_statistics)
    def get_statistics(self, call, request):
        return self.answer(call, request, {})

    @rpc(tasks.list_assignments)
    def list_assignments(self, call, request):
        return self.answer(call, request, {"items": [assignment()], "next_cursor": None})

    @rpc(tasks.get_assignment)
    def get_assignment(self, call, request):
        return self.answer(call, request, detail())

    @rpc(tasks.accept)
    def accept(self, call, request):
        return self.answer(call, request, detail(state="in_progress", version=2, accepted_at=clock.now(), allowed=[]))

    @rpc(tasks.get_summary)
    def get_summary(self, call, request):
        counts = {"to_do": 3, "overdue": 1, "issued_open": 0, "issued_overdue": 0}
        return self.answer(call, request, counts | {"as_of": clock.now()})

    @rpc(tasks.list_audit)
    def list_audit(self, call, request):
        return self.answer(call, request, {"items": [], "next_cursor": None})


class Reminders(Neighbour):
    name = "reminders"

    @rpc(reminders.list_action_items)
    def list_action_items(self, call, request):
        return self.answer(call, request, {"items": [], "next_cursor": None})

    @rpc(reminders.get_overview)
    def get_overview(self, call, request):
        return self.answer(call, request, {"counts": [], "total": 0, "items": []})

    @rpc(reminders.create_reminder)
    def create_reminder(self, call, request):
        return self.answer(call, request, reminder())

    @rpc(reminders.change_reminder)
    def change_reminder(self, call, request):
        return self.answer(call, request, reminder(version=2))

    @rpc(reminders.import_invitation)
    def import_invitation(self, call, request):
        return self.answer(call, request, {"created": [], "changed": [], "removed": [], "unchanged": 1})

    @rpc(reminders.make_feed)
    def make_feed(self, call, request):
        return self.answer(call, request, {"token": "secret-of-the-feed", "made_at": NOW})

    @rpc(reminders.read_feed)
    def read_feed(self, call, request):
        return self.answer(call, request, {"text": "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Công Vụ\r\nEND:VCALENDAR\r\n"})


class Messaging(Neighbour):
    name = "messaging"

    @rpc(messaging.get_unread)
    def get_unread(self, call, request):
        return self.answer(
            call, request, {"conversations": 1, "messages": 2, "announcements": {"count": 0, "items": []}}
        )

    @rpc(messaging.list_messages)
    def list_messages(self, call, request):
        return self.answer(call, request, {"items": [message(2), message(1)], "next_cursor": None})

    @rpc(messaging.post_message)
    def post_message(self, call, request):
        return self.answer(call, request, message())

    @rpc(files.begin_file)
    def begin_file(self, call, request):
        return self.answer(call, request, {"id": FILE, "blob_id": FILE})

    @rpc(files.finish_file)
    def finish_file(self, call, request):
        return self.answer(call, request, file())

    @rpc(files.open_file)
    def open_file(self, call, request):
        return self.answer(call, request, {"file": file(), "blob_id": FILE, "ask": []})

    @rpc(messaging.mark_read)
    def mark_read(self, call, request):
        return self.answer(call, request, {})


NEIGHBOURS = {each.name: each for each in (Directory, Tasks, Reminders, Messaging)}


@dataclass
class Stream:
    """An open live stream, read event by event."""

    response: requests.Response
    ended: bool = False
    rest: str = ""
    events: list = field(default_factory=list)  # (id, name, data)

    def __post_init__(self):
        self._thread = eventlet.spawn(self._read)

    def _read(self):
        try:
            for chunk in self.response.iter_content(None):
                *whole, self.rest = (self.rest + chunk.decode()).split("\n\n")
                for text in whole:
                    if found := re.fullmatch(r"id: ([\d.]+)\nevent: (\w+)\ndata: (.*)", text):
                        event_id = int(found[1]) if found[1].isdigit() else found[1]
                        self.events.append((event_id, found[2], orjson.loads(found[3])))
        except requests.RequestException:
            pass  # cut off: `ended` says so
        self.ended = True

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.events]

    def close(self):
        self._thread.kill()
        self.response.close()


@dataclass
class Client:
    """Plain HTTP against the gateway; `token` once signed in."""

    base: str
    token: str | None = None
    streams: list = field(default_factory=list)
    container: object = None

    def call(self, method: str, path: str, **kwargs) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= kwargs.pop("headers", {})
        return requests.request(method, self.base + path, headers=headers, timeout=(5, 30), **kwargs)

    def get(self, path: str, **kwargs):
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json=None, **kwargs):
        return self.call("POST", path, json=json, **kwargs)

    def signed_in(self, who: str) -> "Client":
        answer = self.post("/tokens", {"username": who, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Client(self.base, answer.json()["token"], self.streams)

    def live(self, last: int | str | None = None, path: str = "/live") -> Stream:
        """`last` is the id after which to go on."""
        response = self.get(path, stream=True, headers={"Last-Event-ID": str(last)} if last is not None else {})
        assert response.status_code == 200, response.text
        self.streams.append(Stream(response))
        return self.streams[-1]

    def reading(self) -> Live:
        """What this gateway reads the live log with."""
        return next(each for each in self.container.dependencies if isinstance(each, LiveStreams)).live

    def live_position(self) -> int:
        """How far this gateway has read the live log."""
        return self.reading().position


def assert_problem(answer: requests.Response, status: int, code: str) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    return problem


def asked(procedure: str) -> list[tuple[dict, dict]]:
    """Claims and requests with which a procedure was called."""
    return [(claims, request) for name, claims, request in ANSWERING if name == procedure]
