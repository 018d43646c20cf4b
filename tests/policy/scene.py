"""The scene in the running platform: posts of every kind in every place, lent in every way; two orders; sessions."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import psycopg
import requests

from chassis import clock
from chassis.database import Store
from chassis.testing import until
from contracts import directory
from contracts.catalogue import SERVICES
from directory.use_cases.facts import record_facts
from gateway.sessions import SessionStore
from kernel.working_time import today
from tests.policy import oracle
from tests.policy.oracle import Cell
from tests.support.client import an_order, days_from_now, sign_in

NOBODY = "01990000-0000-7000-8000-000000000000"
AHEAD = "2027-07-01"
NEVER = {"headers": {"If-Match": '"999999999"'}}  # a version that never was
UNKNOWN_UNIT = an_order(audience=None, assignments=[{"unit_id": NOBODY}])
A_LOSS = {"person_id": NOBODY, "kind": "password", "reason": "Quên mật khẩu"}
A_DISSOLUTION = {"on_day": AHEAD, "document_number": "1/NQ", "dissolve": {"unit_id": NOBODY}}
A_POST = {"unit_id": NOBODY, "kind": "official", "title": "Chuyên viên", "from_day": AHEAD}
AN_APPOINTMENT = {"person_id": NOBODY, "post_id": NOBODY, "from_day": AHEAD}
POWERS = {
    "grantee_person_id": NOBODY, "kind": "TUQ", "scope": "all", "document_number": "1/QĐ",
    "from_day": AHEAD, "to_day": AHEAD,
}  # fmt: skip
A_FILE = {"headers": {"Content-Type": "text/csv"}, "data": "ma\n"}
NO_CALENDAR = {"headers": {"Content-Type": "text/calendar"}, "data": "x"}
AN_OCCURRENCE = {"occurrence": "2026-01-05T08:00:00+07:00"}
A_DOCUMENT = {
    "source": "government_office", "number": "812/TB-VPCP", "issued_on": days_from_now(-1), "abstract": "Kết luận",
    "clauses": [{"label": "Điểm 1", "text": "Rà soát", "due_on": days_from_now(14)}],
}  # fmt: skip
AN_ANSWER = {"granted": False, "document": {"number": "1/CV", "issued_on": days_from_now(0)}}
SENT = {"number": "1/BC", "issued_on": days_from_now(0)}
A_PROGRAM = {
    "headers": {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=a.exe"},
    "data": "x",
}
A_PERIOD = {"params": {"from": "2026-01-01", "to": "2026-01-31", "unit_id": NOBODY}}
AN_AUDIENCE = {"name": "khong-co-that", "title": "Không có thật", "unit_ids": [NOBODY]}
LADDERS = {
    "rules": [
        {
            "name": "deadline", "title": "Nhắc theo hạn", "counts_from": "due",
            "rungs": [{"name": "red", "after": {"normal": {"days": 0}}, "to": ["owner"], "text": "Quá hạn {due}"}],
        }
    ]
}  # fmt: skip
A_DEVICE = {  # of a browser, with the generator of the curve for its key
    "endpoint": "https://fcm.googleapis.com/fcm/send/a-device",
    "keys": {
        "p256dh": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        "auth": "MDEyMzQ1Njc4OWFiY2RlZg",
    },
}
A_HOLIDAY = {"days": [{"day": "2027-02-08", "working": False, "name": "Nghỉ Tết"}]}
COPIES = [service for service in SERVICES if service != "directory"]
SCOPES = {"lent for tasks": "tasks", "lent for messaging": "messaging", "lent for reminders": "reminders"}

POSTS = """
    SELECT DISTINCT ON (p.kind) p.kind, p.id::text, m.person_id::text
    FROM posts p JOIN memberships m ON m.post_id = p.id AND m.valid_to IS NULL AND m."primary"
    WHERE p.unit_id = %s AND p.id::text <> ALL(%s) ORDER BY p.kind, p.rank DESC, p.id, m.id
"""
UNITS = """
    SELECT u.id::text FROM units u
    WHERE u.kind = %(kind)s AND u.valid_to IS NULL AND u.id::text <> ALL(%(apart)s)
    AND NOT EXISTS (SELECT 1 FROM posts p JOIN memberships m ON m.post_id = p.id
        JOIN delegations d ON d.grantee_person_id = m.person_id OR d.grantor_post_id = p.id WHERE p.unit_id = u.id)
    ORDER BY u.code
"""
# people of no consequence: one post, nothing lent to them
GRANTEES = """
    SELECT m.person_id::text FROM memberships m JOIN posts p ON p.id = m.post_id JOIN units u ON u.id = p.unit_id
    WHERE p.kind = 'official' AND m.valid_to IS NULL AND u.parent_id::text <> ALL(%s)
    AND NOT EXISTS (SELECT 1 FROM delegations d WHERE d.grantee_person_id = m.person_id)
    GROUP BY m.person_id HAVING count(*) = 1 ORDER BY m.person_id LIMIT %s
"""


@dataclass
class Post:
    id: str
    holder: str


@dataclass
class Scene:
    platform: object
    posts: dict[tuple[str, str], Post] = field(default_factory=dict)  # by place and kind
    units: dict[str, str] = field(default_factory=dict)  # by place
    capacities: dict[tuple[str, str, str], tuple[str, str | None]] = field(default_factory=dict)
    orders: dict[str, dict] = field(default_factory=dict)
    sessions: dict[str, requests.Session] = field(default_factory=dict)

    @classmethod
    def prepared(cls, platform) -> "Scene":
        scene = cls(platform)
        with psycopg.connect(platform.addresses["owners"]["directory"]) as connection:
            scene._choose_posts(connection)
            scene._lend(connection)
        scene._give_orders()
        return scene

    def _choose_posts(self, connection) -> None:
        def units(kind: str) -> list[str]:
            return [row[0] for row in connection.execute(UNITS, {"kind": kind, "apart": [demo_ward]})]

        def only(query: str, *values) -> str:
            return connection.execute(query, values).fetchone()[0]

        [vice, head] = [self.platform.account(role)["person_id"] for role in ("vice_chairman", "unit_head")]
        of_person = "SELECT {} FROM memberships m JOIN posts p ON p.id = m.post_id WHERE person_id = %s"
        assigner = only(of_person.format("p.id::text"), vice)
        demo_ward = only(of_person.format("p.unit_id::text"), head)
        wards, departments = units("ward"), units("department")
        self.units = {
            "lead": wards[0], "told": wards[1], "sibling": wards[2], "partner": departments[0],
            "foreign": departments[1],
            "below": only(
                "SELECT id::text FROM units WHERE parent_id = %s AND code NOT LIKE '%%-HCC' ORDER BY code", wards[0]
            ),
            "city": only("SELECT id::text FROM units WHERE kind = 'committee'"),
            "office": only("SELECT id::text FROM units WHERE kind = 'office'"),
        }  # fmt: skip
        for place, unit_id in self.units.items():
            for kind, post_id, holder in connection.execute(POSTS, (unit_id, [assigner])):
                if kind not in ("administrator", "auditor"):
                    self.posts[place, kind] = Post(post_id, holder)
        self.posts["assigner", "vice_chairman"] = Post(assigner, vice)
        for kind in ("administrator", "auditor"):
            person_id = self.platform.account(kind)["person_id"]
            self.posts["platform", kind] = Post(only(of_person.format("p.id::text"), person_id), person_id)
        following = "SELECT p.id::text, m.person_id::text FROM posts p JOIN memberships m ON m.post_id = p.id WHERE"
        row = connection.execute(f"{following} p.unit_id = %s AND p.kind = 'deputy_head'", [departments[2]]).fetchone()
        self.posts["follower", "deputy_head"] = Post(*row)

    def _lend(self, connection) -> None:
        """Every post in every way, each to another person, and wait until all copies know."""
        day, rows = today(clock.now()), []
        lent = [grant for grant in oracle.table()["grants"] if grant.startswith("lent") and "else" not in grant]
        apart = list(self.units.values())
        grantees = [row[0] for row in connection.execute(GRANTEES, (apart, len(self.posts) * len(lent) + 1))]
        outsider = grantees.pop()
        for place_and_kind, post in self.posts.items():
            self.capacities[*place_and_kind, "own"] = (post.holder, None)
            for grant in lent:
                row = self._delegation(post, grantees.pop(), grant, day)
                rows.append(row)
                self.capacities[*place_and_kind, grant] = (row["grantee_person_id"], row["id"])
            everything = self.capacities[*place_and_kind, "lent for everything"]
            self.capacities[*place_and_kind, "lent to somebody else"] = (outsider, everything[1])
        store = Store(self.platform.addresses["databases"]["directory"], pool_size=1)
        with store.transaction() as tx:
            record_facts(tx, directory.delegation_changed, "delegation", rows, subject=rows[-1]["id"])
        store.close()
        for service in COPIES:
            with psycopg.connect(self.platform.addresses["databases"][service], autocommit=True) as copy:
                known = "SELECT 1 FROM copy_delegations WHERE id = %s"
                until(lambda copy=copy, known=known: copy.execute(known, [rows[-1]["id"]]).fetchone(), 45)

    @staticmethod
    def _delegation(post: Post, grantee: str, grant: str, day: date) -> dict:
        begin, end = day - timedelta(days=2), day + timedelta(days=30)
        if grant == "lent, and over":
            end = day
        if grant == "lent by a predecessor":
            begin = date(2025, 6, 1)  # nobody's membership is as old as that
        return {
            "id": clock.new_id(), "grantor_post_id": post.id, "grantee_person_id": grantee,
            "scope": SCOPES.get(grant, "all"), "document_number": "1/QĐ", "valid_from": begin, "valid_to": end,
        }  # fmt: skip

    def _give_orders(self) -> None:
        leader = sign_in(self.platform.base_url, self.platform.account("vice_chairman"))
        lead, partner, told = (self.units[place] for place in ("lead", "partner", "told"))
        wanted = {
            "each": {"mode": "each", "assignments": [{"unit_id": lead}, {"unit_id": partner}]},
            "joint": {
                "mode": "joint",
                "assignments": [
                    {"unit_id": lead, "role": "lead"},
                    {"unit_id": partner, "role": "support"},
                    {"unit_id": told, "role": "inform"},
                ],
                "followers": [self.posts["follower", "deputy_head"].id],
            },
        }
        for name, order in wanted.items():
            task = leader.post("/tasks", an_order(audience=None, **order))
            assert task.status_code == 201, task.text
            task_id = task.json()["id"]
            piece = next(each for each in task.json()["assignments"]["items"] if each["unit_id"] == lead)
            [conversation] = until(
                lambda task_id=task_id: leader.get("/conversations", params={"task_id": task_id}).json()["items"], 20
            )
            said = leader.post(f"/conversations/{conversation['id']}/messages", {"text": "Đề nghị báo cáo."})
            assert said.status_code == 201, said.text
            ids = {"task": task_id, "piece": piece["id"], "conversation": conversation["id"]}
            asked = {"kind": "directive", "text": "Báo cáo ngay.", "asked": [self.posts["lead", "head"].id]}
            directed = leader.post(f"/conversations/{conversation['id']}/messages", asked)
            assert directed.status_code == 201, directed.text
            self.orders[name] = ids | {"message": said.json()["id"], "directive": directed.json()["id"]}
        someone = sign_in(self.platform.base_url, self.platform.account("unit_clerk"))
        self.foreign_session = next(each for each in someone.get("/sessions").json()["items"] if each["current"])

    @cached_property
    def account_below(self) -> str:
        administrator = self.signed_in(self.posts["platform", "administrator"].holder)
        person_id = self.posts["below", "official"].holder
        return administrator.get(f"{self.platform.base_url}/api/v1/people/{person_id}/account", timeout=30).json()["id"]

    @cached_property
    def _as_it_is_called(self) -> dict:
        """A renaming that would change nothing: whoever may, hears so."""
        below, anybody = self.units["below"], self.signed_in(self.posts["below", "official"].holder)
        unit = anybody.get(f"{self.platform.base_url}/api/v1/units/{below}", timeout=30).json()
        named = {name: unit[name] for name in ("name", "full_name", "full_name_en")}
        return {"on_day": AHEAD, "document_number": "1/NQ", "rename": {"unit_id": below, **named}}

    @cached_property
    def somebody_again(self) -> dict:
        """A person with a number that is somebody's already."""
        number = "MT-0001"
        administrator = self.signed_in(self.posts["platform", "administrator"].holder)
        person = f"{self.platform.base_url}/api/v1/people/{self.posts['below', 'official'].holder}"
        given = administrator.patch(person, json={"employee_number": number}, headers={"If-Match": "*"}, timeout=30)
        assert given.status_code == 200, given.text
        return {"name": "Nguyễn Văn An", "employee_number": number}

    @cached_property
    def _session_store(self) -> SessionStore:
        return SessionStore(Store(self.platform.addresses["databases"]["gateway"], pool_size=1), 3600, 3600)

    def signed_in(self, person_id: str) -> requests.Session:
        """Whoever it is: how one signs in is not what is asked here."""
        if person_id not in self.sessions:
            token, _ = self._session_store.open({"account_id": NOBODY, "person_id": person_id}, "token", "matrix")
            self.sessions[person_id] = session = requests.Session()
            session.headers["Authorization"] = f"Bearer {token}"
        return self.sessions[person_id]

    def ask(self, cell: Cell) -> str:
        """What the API answers: the status, and the code of a problem."""
        person_id, delegation_id = self.capacities[cell.place, cell.kind, cell.grant]
        method, path, options = self._request(cell)
        options = dict(options)
        headers = options.pop("headers", {}) | ({"X-Acting-For": delegation_id} if delegation_id else {})
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            headers["Idempotency-Key"] = clock.new_id()
        if method == "POST" and "data" not in options:
            options.setdefault("json", {})
        with self.signed_in(person_id).request(
            method, f"{self.platform.base_url}/api/v1{path}", headers=headers, timeout=30, **options
        ) as answer:
            return self._told(cell, answer)

    @staticmethod
    def _told(cell: Cell, answer: requests.Response) -> str:
        if answer.status_code >= 400:
            return f"{answer.status_code} {answer.json()['code']}"
        if cell.action == "list_conversations":
            return f"{answer.status_code} {'shown' if answer.json()['items'] else 'not shown'}"
        return str(answer.status_code)

    @staticmethod
    def _verbs(task: str, piece: str) -> dict:
        why, of_piece = {"reason": "Vì vậy"}, f"/assignments/{piece}"
        result = {"summary": "Xong", "document": {"number": "1/BC", "issued_on": "2026-03-02"}}
        bodies = {
            "decline_assignment": ("decline", why | {"proposed_unit_id": NOBODY}),
            "reassign_assignment": ("reassign", {"unit_id": NOBODY}),
            "uphold_assignment": ("uphold", why),
            "submit_result": ("submit-result", result),
            "approve_result": ("approve-result", {"grade": "met"}),
            "return_result": ("return-result", why),
            "withdraw_result": ("withdraw-result", {}),
            "suspend_assignment": ("suspend", why),
            "resume_assignment": ("resume", {}),
            "revoke_assignment": ("revoke", why),
            "reopen_assignment": ("reopen", why),
            "archive_assignment": ("archive", {}),
            "extend_children": ("extend-children", why | {"due_on": AHEAD}),
            "keep_children": ("keep-children", {}),
            "pass_on_assignment": ("children", {"pieces": [{"unit_id": NOBODY}]}),
        }
        more_time = why | {"requested_due_on": AHEAD, "progress": "Một nửa", "plan": "Tuần sau"}
        return {
            name: ("POST", f"{of_piece}/{verb}", NEVER | {"json": body}) for name, (verb, body) in bodies.items()
        } | {
            "request_extension": ("POST", f"{of_piece}/extensions", {"json": more_time}),
            "revoke_task": ("POST", f"/tasks/{task}/revoke", NEVER | {"json": why}),
            "create_task_import": ("POST", f"/task-imports?assigner_post_id={NOBODY}", A_FILE),
            "list_task_imports": ("GET", "/task-imports", {}),
            "get_task_import": ("GET", f"/task-imports/{NOBODY}", {}),
            "list_task_import_rows": ("GET", f"/task-imports/{NOBODY}/rows", {}),
            "apply_task_import": ("POST", f"/task-imports/{NOBODY}/apply", NEVER),
            "list_parked_tasks": ("GET", "/parked-tasks", {}),
            "complete_parked_task": (
                "POST",
                f"/parked-tasks/{NOBODY}/complete",
                NEVER | {"json": {"cells": {"due_on": "-"}}},
            ),
            "discard_parked_task": ("DELETE", f"/parked-tasks/{NOBODY}", NEVER),
            "export_tasks": ("GET", "/task-exports", {"params": {"format": "csv", "unit_id": NOBODY}}),
            "list_pieces": ("GET", "/assignments", {"params": {"box": "to_me"}}),
            "get_exception_board": ("GET", "/exception-board", {}),
            "get_statistics": ("GET", "/task-statistics", {"params": {"by": "unit"}}),
            "list_counted": ("GET", "/task-statistics/assignments", {"params": {"by": "unit"}}),
            "print_exception_board": ("GET", "/exception-board.pdf", {"params": {"unit_id": NOBODY}}),
            "get_period_report": ("GET", "/task-reports/period", A_PERIOD),
            "print_period_report": ("GET", "/task-reports/period.pdf", A_PERIOD),
            "move_assignments": ("POST", f"/units/{NOBODY}/move-assignments", {"json": why | {"unit_id": NOBODY}}),
            "edit_draft": ("PUT", f"/tasks/{task}", NEVER | {"json": UNKNOWN_UNIT}),
            "discard_draft": ("DELETE", f"/tasks/{task}", NEVER),
            "submit_for_issue": (
                "POST",
                f"/tasks/{NOBODY}/submit-for-issue",
                NEVER | {"json": {"leader_post_ids": [NOBODY]}},
            ),
            "return_draft": ("POST", f"/tasks/{task}/return-draft", NEVER | {"json": why}),
            "issue_task": ("POST", f"/tasks/{task}/issue", NEVER),
            "report_progress": ("POST", f"{of_piece}/progress", {"json": {"result": "Một nửa"}}),
            "raise_blocker": ("POST", f"{of_piece}/blockers", {"json": {"text": "Thiếu tiền", "level": "lead"}}),
            "urge_task": ("POST", f"/tasks/{task}/urgings", {"json": {"text": "Nhanh", "only": "overdue"}}),
            "get_extension": ("GET", f"/extensions/{NOBODY}", {}),
            "grant_extension": ("POST", f"/extensions/{NOBODY}/grant", NEVER),
            "refuse_extension": ("POST", f"/extensions/{NOBODY}/refuse", NEVER | {"json": why}),
            "withdraw_extension": ("POST", f"/extensions/{NOBODY}/withdraw", NEVER),
            "get_blocker": ("GET", f"/blockers/{NOBODY}", {}),
            "answer_blocker": ("POST", f"/blockers/{NOBODY}/answer", NEVER | {"json": {"text": "Đã có"}}),
            "get_urging": ("GET", f"/urgings/{NOBODY}", {}),
            "answer_urging": ("POST", f"/urgings/{NOBODY}/answer", NEVER | {"json": {"text": "Đã làm"}}),
            "get_correction": ("GET", f"/corrections/{NOBODY}", {}),
            "accept_correction": ("POST", f"/corrections/{NOBODY}/accept", NEVER | {"json": why}),
            "refuse_correction": ("POST", f"/corrections/{NOBODY}/refuse", NEVER | {"json": why}),
            "withdraw_correction": ("POST", f"/corrections/{NOBODY}/withdraw", NEVER),
            "urge_assignment": ("POST", f"/assignments/{NOBODY}/urgings", {"json": {"kind": "urge", "text": "Nhanh"}}),
            "propose_correction": (
                "POST",
                f"{of_piece}/corrections",
                {"json": why | {"field": "role", "value": "lead"}},
            ),
            "list_progress": ("GET", f"{of_piece}/progress", {}),
            "list_blockers": ("GET", f"{of_piece}/blockers", {}),
            "list_urgings": ("GET", f"{of_piece}/urgings", {}),
            "list_corrections": ("GET", f"{of_piece}/corrections", {}),
            "list_task_history": ("GET", f"/tasks/{task}/history", {}),
            "list_history": ("GET", f"{of_piece}/history", {}),
            "list_results": ("GET", f"{of_piece}/results", {}),
            "list_extensions": ("GET", f"{of_piece}/extensions", {}),
            "list_children": ("GET", f"{of_piece}/children", {}),
        }

    def _documents(self) -> dict:
        """About what comes from above and goes there; made when it is asked for first."""
        document, request, report = (
            f"/{path}/{self.above[name]}"
            for path, name in (
                ("documents", "document_id"), ("superior-requests", "request_id"), ("superior-reports", "report_id"),
            )
        )  # fmt: skip
        why, orders = {"reason": "Vì vậy"}, {"orders": [UNKNOWN_UNIT | {"clauses": [1]}]}
        secret = A_DOCUMENT | {"secrecy": "secret"}
        a_report = {"source": "government_office", "document_id": NOBODY}

        def verb(path: str, body: dict | None = None) -> tuple:
            return "POST", path, NEVER | {"json": body or {}}

        return {
            "enter_document": ("POST", "/documents", {"json": secret}),
            "list_documents": ("GET", "/documents", {}),
            "get_document": ("GET", document, {}),
            "list_document_tasks": ("GET", f"{document}/tasks", {}),
            "receive_document": verb(f"{document}/receive"),
            "refuse_document": verb(f"{document}/refuse", why),
            "declare_no_task": verb(f"{document}/clauses/1/no-task", why),
            "answer_recall": verb(f"{document}/answer-recall", why | {"agreed": False}),
            "create_document_tasks": verb(f"{document}/tasks", orders),
            "draft_from_document": verb(f"{document}/tasks", orders | {"issue": False}),
            "list_superior_requests": ("GET", "/superior-requests", {}),
            "get_superior_request": ("GET", request, {}),
            "record_request_sent": verb(f"{request}/record-sent", SENT),
            "record_superior_answer": verb(f"{request}/answer", AN_ANSWER),
            "draft_superior_report": ("POST", "/superior-reports", {"json": a_report}),
            "list_superior_reports": ("GET", "/superior-reports", {}),
            "get_superior_report": ("GET", report, {}),
            "list_report_lines": ("GET", f"{report}/lines", {}),
            "approve_superior_report": verb(f"{report}/approve"),
            "return_superior_report": verb(f"{report}/return", why),
            "record_report_sent": verb(f"{report}/record-sent", SENT),
        }

    @staticmethod
    def _announcements() -> dict:
        """Those that are made reach one person: there are many."""
        one, why = f"/announcements/{NOBODY}", {"json": {"reason": "Vì vậy"}}
        to_all = {"title": "Diễn tập", "text": "Bỏ qua thông báo này.", "to": [{"post_kind": "auditor"}]}
        return {
            "create_announcement": ("POST", "/announcements", {"json": to_all}),
            "list_announcements": ("GET", "/announcements", {}),
            "get_announcement": ("GET", one, {}),
            "edit_announcement": ("PUT", one, NEVER | {"json": to_all}),
            "discard_announcement": ("DELETE", one, NEVER),
            "submit_announcement": ("POST", f"{one}/submit", NEVER),
            "return_announcement": ("POST", f"{one}/return", NEVER | why),
            "approve_announcement": ("POST", f"{one}/approve", NEVER),
            "withdraw_announcement": ("POST", f"{one}/withdraw", NEVER | why),
            "see_announcement": ("POST", f"{one}/seen", {}),
            "acknowledge_announcement": ("POST", f"{one}/acknowledge", {}),
            "hold_conversation": ("POST", f"/conversations/{NOBODY}/hold", why),
            "release_conversation": ("POST", f"/conversations/{NOBODY}/release", why),
            "list_legal_holds": ("GET", "/legal-holds", {}),
            "export_conversation": ("POST", f"/conversations/{NOBODY}/exports", why),
            "export_own_messages": ("GET", "/me/messages/export", {}),
            "get_announcement_reach": ("GET", f"{one}/reach", {}),
        }

    @cached_property
    def apart(self) -> str:
        """The piece of the ward `lead` in an order of its own, about which there is more to say."""
        leader = sign_in(self.platform.base_url, self.platform.account("vice_chairman"))
        order = an_order(audience=None, assignments=[{"unit_id": self.units["lead"]}], title="Việc cần thêm thời gian")
        return leader.post("/tasks", order).json()["assignments"]["items"][0]["id"]

    @cached_property
    def extension(self) -> str:
        """A request for more time for that piece."""
        piece, head = self.apart, self.signed_in(self.posts["lead", "head"].holder)
        address = f"{self.platform.base_url}/api/v1/assignments/{piece}"
        headers = {"If-Match": "*", "Idempotency-Key": clock.new_id()}
        assert head.post(f"{address}/accept", headers=headers, timeout=30).status_code == 200
        _, _, options = self._verbs("", piece)["request_extension"]
        asked = head.post(f"{address}/extensions", headers={"Idempotency-Key": clock.new_id()}, timeout=30, **options)
        assert asked.status_code == 201, asked.text
        return asked.json()["id"]

    @cached_property
    def drafted(self) -> str:
        """An order that the Office has drafted, and nobody has given."""
        clerk = self.signed_in(self.posts["office", "office_clerk"].holder)
        order = an_order(audience=None, assignments=[{"unit_id": self.units["lead"]}], title="Việc đang soạn")
        return self._made(clerk, "/tasks", order | {"issue": False})["id"]

    @cached_property
    def said(self) -> dict[str, str]:
        """A blocker, an urging and a correction of that piece, by the parameters of paths."""
        head = self.signed_in(self.posts["lead", "head"].holder)
        clerk = self.signed_in(self.posts["office", "office_clerk"].holder)
        about = f"/assignments/{self.apart}"
        wrong = {"field": "current_due", "value": AHEAD, "reason": "Nhập nhầm"}
        return {
            "blocker_id": self._made(head, f"{about}/blockers", {"text": "Thiếu kinh phí"})["id"],
            "urging_id": self._made(clerk, f"{about}/urgings", {"text": "Đề nghị báo cáo"})["id"],
            "correction_id": self._made(head, f"{about}/corrections", wrong)["id"],
        }

    @cached_property
    def template(self) -> str:
        """An order that recurs, written by the Office for the chairman."""
        clerk = self.signed_in(self.posts["office", "office_clerk"].holder)
        return self._made(clerk, "/task-templates", self._recurring(self.units["lead"]))["id"]

    def _recurring(self, unit_id: str) -> dict:
        order = {
            "title": "Báo cáo tháng {month}", "content": "Theo mẫu.", "mode": "each",
            "assignments": [{"unit_id": unit_id}], "due_in": 5, "expected_result": "Báo cáo",
        }  # fmt: skip
        recurrence = {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "starts_on": today(clock.now()).isoformat()}
        leaders = [self.posts["city", "chairman"].id]
        return {"order": order, "recurrence": recurrence, "leader_post_ids": leaders}

    @cached_property
    def above(self) -> dict[str, str]:
        """A document from above, more time asked of the superior for an order from it, and a report; by the parameters
        of paths.
        """
        leader = self.signed_in(self.posts["assigner", "vice_chairman"].holder)
        clerk = self.signed_in(self.posts["office", "office_clerk"].holder)
        head = self.signed_in(self.posts["lead", "head"].holder)
        document = self._made(clerk, "/documents", A_DOCUMENT)["id"]
        order = an_order(
            audience=None, assignments=[{"unit_id": self.units["lead"]}], title="Việc trên giao", clauses=[1]
        )
        given = self._made(leader, f"/documents/{document}/tasks", {"orders": [order]}, {"If-Match": "*"})
        of_it = f"{self.platform.base_url}/api/v1/tasks/{given['tasks'][0]['id']}/assignments"
        piece = leader.get(of_it, timeout=30).json()["items"][0]["id"]
        address = f"{self.platform.base_url}/api/v1"
        headers = {"If-Match": "*", "Idempotency-Key": clock.new_id()}
        assert head.post(f"{address}/assignments/{piece}/accept", headers=headers, timeout=30).status_code == 200
        _, path, options = self._verbs("", piece)["request_extension"]
        asked = self._made(head, path, options["json"])["id"]
        headers = {"If-Match": "*", "Idempotency-Key": clock.new_id()}
        granted = leader.post(f"{address}/extensions/{asked}/grant", json={}, headers=headers, timeout=30)
        assert granted.json()["state"] == "awaiting_superior", granted.text
        report = self._made(clerk, "/superior-reports", {"source": "government_office"})["id"]
        return {"document_id": document, "request_id": asked, "report_id": report}

    def _made(self, session: requests.Session, path: str, body: dict, more: dict | None = None) -> dict:
        headers = {"Idempotency-Key": clock.new_id()} | (more or {})
        made = session.post(f"{self.platform.base_url}/api/v1{path}", json=body, headers=headers, timeout=30)
        assert made.status_code == 201, made.text
        return made.json()

    def _request(self, cell: Cell) -> tuple[str, str, dict]:
        order = self.orders.get(cell.about, {})
        task, piece, conversation, message, directive = (
            order.get(name, "") for name in ("task", "piece", "conversation", "message", "directive")
        )  # fmt: skip
        return {
            "create_task": ("POST", "/tasks", {"json": UNKNOWN_UNIT}),
            "create_draft": ("POST", "/tasks", {"json": UNKNOWN_UNIT | {"issue": False}}),
            "propose_tasks": ("POST", "/task-proposals", {"json": {"text": "Giao Sở Y tế báo cáo."}}),
            "preview_task": ("POST", "/task-previews", {"json": {"title": "Việc", "unit_ids": [self.units["lead"]]}}),
            "list_unit_load": ("GET", "/unit-load", {"params": {"unit_id": self.units["lead"]}}),
            "create_template": ("POST", "/task-templates", {"json": self._recurring(NOBODY)}),
            "list_templates": ("GET", "/task-templates", {}),
            "get_template": ("GET", f"/task-templates/{NOBODY}", {}),
            "list_occurrences": ("GET", f"/task-templates/{NOBODY}/occurrences", {}),
            "change_template": ("PUT", f"/task-templates/{NOBODY}", NEVER | {"json": self._recurring(NOBODY)}),
            "pause_template": ("POST", f"/task-templates/{NOBODY}/pause", NEVER),
            "resume_template": ("POST", f"/task-templates/{NOBODY}/resume", NEVER),
            "discard_template": ("DELETE", f"/task-templates/{NOBODY}", NEVER),
            "list_tasks": ("GET", "/tasks", {}),
            "get_task": ("GET", f"/tasks/{task}", {}),
            "list_assignments": ("GET", f"/tasks/{task}/assignments", {}),
            "get_assignment": ("GET", f"/assignments/{piece}", {}),
            "accept_assignment": ("POST", f"/assignments/{piece}/accept", {"headers": {"If-Match": '"999"'}}),
            **self._verbs(task, piece),
            **self._documents(),
            "list_conversations": ("GET", "/conversations", {"params": {"task_id": task}}),
            "get_conversation": ("GET", f"/conversations/{conversation}", {}),
            "create_conversation": ("POST", "/conversations", {"json": {"kind": "direct", "participants": []}}),
            "rename_conversation": ("PATCH", f"/conversations/{conversation}", NEVER | {"json": {"name": "Khác"}}),
            "set_conversation_settings": ("PATCH", f"/conversations/{conversation}/settings", {"json": {}}),
            "add_participants": (
                "POST",
                f"/conversations/{conversation}/participants",
                {"json": {"participants": [{"person_id": NOBODY}]}},
            ),
            "change_participant": (
                "PATCH",
                f"/conversations/{conversation}/participants/{NOBODY}",
                {"json": {"role": "member"}},
            ),
            "remove_participant": ("DELETE", f"/conversations/{conversation}/participants/{NOBODY}", {}),
            "get_transcript": ("GET", f"/conversations/{conversation}/transcript", {}),
            "print_transcript": ("GET", f"/conversations/{conversation}/transcript.pdf", {}),
            "list_participants": ("GET", f"/conversations/{conversation}/participants", {}),
            "list_messages": ("GET", f"/conversations/{conversation}/messages", {}),
            "post_message": ("POST", f"/conversations/{conversation}/messages", {"json": {"text": "Đã rõ."}}),
            "post_directive": (
                "POST",
                f"/conversations/{conversation}/messages",
                {"json": {"kind": "directive", "text": "Báo cáo ngay.", "asked": [NOBODY]}},
            ),
            "list_receipts": ("GET", f"/messages/{directive}/receipts", {}),
            "acknowledge_message": ("POST", f"/messages/{directive}/acknowledge", {}),
            "search_messages": ("GET", "/messages/search", {"params": {"q": "báo cáo"}}),
            "get_message": ("GET", f"/messages/{message}", {}),
            "edit_message": ("PATCH", f"/messages/{message}", NEVER | {"json": {"text": "Đã rõ."}}),
            "remove_message": ("DELETE", f"/messages/{message}", NEVER),
            "withdraw_message": ("POST", f"/messages/{message}/withdraw", NEVER | {"json": {"reason": "Thôi"}}),
            "list_message_versions": ("GET", f"/messages/{NOBODY}/versions", {}),
            "mark_read": ("POST", f"/conversations/{conversation}/read", {"json": {"number": 0}}),
            **self._announcements(),
            "create_file": ("POST", "/files", A_PROGRAM),
            "get_file": ("GET", f"/files/{NOBODY}", {}),
            "list_action_items": ("GET", "/action-items", {}),
            "count_action_items": ("GET", "/action-items/counts", {}),
            "get_action_item": ("GET", f"/action-items/{NOBODY}", {}),
            "snooze_action_item": ("POST", f"/action-items/{NOBODY}/snooze", {"json": {"until": f"{AHEAD}T00:00:00Z"}}),
            "unsnooze_action_item": ("POST", f"/action-items/{NOBODY}/unsnooze", {}),
            "create_reminder": (
                "POST",
                "/reminders",
                {"json": {"title": "Họp", "starts_at": "2026-01-05T08:00:00+07:00"}},
            ),
            "list_reminders": ("GET", "/reminders", {}),
            "get_reminder": ("GET", f"/reminders/{NOBODY}", {}),
            "list_reminder_occurrences": ("GET", f"/reminders/{NOBODY}/occurrences", {}),
            "change_reminder": ("PATCH", f"/reminders/{NOBODY}", NEVER | {"json": {"title": "Họp"}}),
            "discard_reminder": ("DELETE", f"/reminders/{NOBODY}", NEVER),
            "mark_reminder_done": ("POST", f"/reminders/{NOBODY}/done", NEVER | {"json": AN_OCCURRENCE}),
            "skip_reminder": ("POST", f"/reminders/{NOBODY}/skip", NEVER | {"json": AN_OCCURRENCE}),
            "import_invitation": ("POST", "/reminders/import", NO_CALENDAR),
            "make_calendar_feed": ("POST", "/calendar-feed", {}),
            "revoke_calendar_feed": ("DELETE", "/calendar-feed", {}),
            "list_nudges": ("GET", "/nudges", {}),
            "read_nudges": ("POST", "/nudges/read", {"json": {"ids": [NOBODY]}}),
            "get_notification_settings": ("GET", "/notification-settings", {}),
            "change_notification_settings": ("PATCH", "/notification-settings", NEVER | {"json": {"digest": True}}),
            "get_push_key": ("GET", "/push-key", {}),
            "list_push_subscriptions": ("GET", "/push-subscriptions", {}),
            "subscribe_push": ("POST", "/push-subscriptions", {"json": A_DEVICE | {"endpoint": "https://inside/x"}}),
            "unsubscribe_push": ("DELETE", f"/push-subscriptions/{NOBODY}", {}),
            "list_deliveries": ("GET", "/deliveries", {}),
            "list_nudge_counts": ("GET", "/nudge-counts", {"params": {"by": "unit"}}),
            "list_audit": ("GET", "/audit", {"params": {"service": cell.about, "limit": 1}}),
            "get_health": ("GET", "/health", {}),
            "list_reorganisations": ("GET", "/reorganisations", {}),
            "list_recoveries": ("GET", "/account-recoveries", {}),
            "get_account": ("GET", f"/people/{self.posts['below', 'official'].holder}/account", {}),
            "revoke_account": ("POST", f"/accounts/{self.account_below}/revoke", NEVER),
            "restore_account": ("POST", f"/accounts/{self.account_below}/restore", NEVER),
            "hand_over_accounts": ("POST", f"/units/{NOBODY}/account-handover", {}),
            "ask_recovery": ("POST", "/account-recoveries", {"json": A_LOSS}),
            "confirm_recovery": ("POST", f"/account-recoveries/{NOBODY}/confirm", {}),
            "refuse_recovery": ("POST", f"/account-recoveries/{NOBODY}/refuse", {}),
            "reorganise": ("POST", "/reorganisations", {"json": A_DISSOLUTION}),
            "reorganise_below": ("POST", "/reorganisations", {"json": self._as_it_is_called}),
            "get_reorganisation": ("GET", f"/reorganisations/{NOBODY}", {}),
            "withdraw_reorganisation": ("POST", f"/reorganisations/{NOBODY}/withdraw", NEVER),
            "make_post": ("POST", "/posts", {"json": A_POST}),
            "close_post": ("POST", f"/posts/{NOBODY}/close", NEVER | {"json": {"on_day": AHEAD}}),
            "appoint": ("POST", "/memberships", {"json": AN_APPOINTMENT}),
            "end_membership": ("POST", f"/memberships/{NOBODY}/end", NEVER | {"json": {"on_day": AHEAD}}),
            "lend_powers": ("POST", "/delegations", {"json": POWERS}),
            "take_powers_back": ("DELETE", f"/delegations/{NOBODY}", NEVER),
            "set_audience": ("PUT", "/audiences/all-wards", NEVER | {"json": {"unit_ids": [NOBODY]}}),
            "create_audience": ("POST", "/audiences", {"json": AN_AUDIENCE}),
            "change_audience": ("PATCH", "/audiences/all-wards", NEVER | {"json": {"title": "Tất cả"}}),
            "retire_audience": ("DELETE", "/audiences/all-wards", NEVER),
            "get_ladders": ("GET", "/ladders", {}),
            "list_ladder_versions": ("GET", "/ladders/versions", {}),
            "simulate_ladders": ("POST", "/ladders/simulate", {"json": LADDERS}),
            "change_ladders": ("PUT", "/ladders", NEVER | {"json": LADDERS | {"reason": "Thử"}}),
            "set_working_days": ("PUT", "/working-days/2027", NEVER | {"json": A_HOLIDAY}),
            "create_import": ("POST", f"/directory/imports?what=posts&unit_id={NOBODY}", A_FILE),
            "get_import": ("GET", f"/directory/imports/{NOBODY}", {}),
            "list_import_rows": ("GET", f"/directory/imports/{NOBODY}/rows", {}),
            "add_person": ("POST", "/people", {"json": self.somebody_again}),
            "change_person": ("PATCH", f"/people/{NOBODY}", NEVER | {"json": {"name": "Trần An"}}),
            "erase_person": ("POST", f"/people/{NOBODY}/erase", NEVER | {"json": {"reason": "Theo yêu cầu"}}),
            "list_identities_of": ("GET", f"/people/{NOBODY}/identities", {}),
            "list_post_delegations": ("GET", f"/posts/{self.posts['below', 'division_head'].id}/delegations", {}),
            "list_holders": ("GET", f"/posts/{self.posts['lead', 'head'].id}/holders", {}),
            "list_imports": ("GET", "/directory/imports", {}),
            "apply_import": ("POST", f"/directory/imports/{NOBODY}/apply", NEVER),
            "export": ("GET", "/directory/exports", {"params": {"what": "units", "unit_id": NOBODY}}),
            "get_me": ("GET", "/me", {}),
            "list_units": ("GET", "/units", {"params": {"limit": 1}}),
            "get_unit": ("GET", f"/units/{self.units['lead']}", {}),
            "list_audiences": ("GET", "/audiences", {}),
            "list_members": ("GET", "/audiences/all-wards/members", {"params": {"limit": 1}}),
            "search_people": ("GET", "/people", {"params": {"q": "nguyen", "limit": 1}}),
            "get_person": ("GET", f"/people/{self.posts['lead', 'head'].holder}", {}),
            "list_sessions": ("GET", "/sessions", {}),
            "list_identities": ("GET", "/me/identities", {}),
            "unlink_identity": ("DELETE", f"/me/identities/{NOBODY}", {}),
            "put_identity": ("PUT", f"/people/{NOBODY}/identities/nobody", {"json": {"subject": "x"}}),
            "remove_identity": ("DELETE", f"/people/{NOBODY}/identities/nobody", {}),
            "sign_out_everywhere": ("POST", "/oidc/nobody/logout", {}),
            "get_own_account": ("GET", "/me/account", {}),
            "confirm_totp": ("POST", "/me/totp/confirm", {"json": {"code": "000000"}}),
            "get_home": ("GET", "/home", {}),
            "get_successors": ("GET", f"/units/{self.units['lead']}/successors", {}),
            "list_heads": ("GET", f"/units/{self.units['lead']}/heads", {}),
            "list_posts": ("GET", f"/units/{self.units['lead']}/posts", {}),
            "get_audience": ("GET", "/audiences/all-wards", {}),
            "get_working_days": ("GET", "/working-days/2027", {}),
            "get_post": ("GET", f"/posts/{self.posts['lead', 'head'].id}", {}),
            "list_delegations": ("GET", "/delegations", {}),
            "list_staff": ("GET", f"/units/{self.units['lead']}/people", {"params": {"limit": 1}}),
            "get_vcard": ("GET", f"/people/{self.posts['lead', 'head'].holder}/vcard", {}),
            "change_own_contact": ("PATCH", "/me/contact", NEVER | {"json": {"room": "1"}}),
            "open_stream": ("GET", "/live", {"stream": True}),
            "end_session": ("DELETE", f"/sessions/{self.foreign_session['id']}", {}),
        }[cell.action]
