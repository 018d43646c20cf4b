"""Who fuzzes, and what there is to be found: people apart from the demo's, and one thing of every kind between them."""

from dataclasses import dataclass, field
from functools import cached_property

import psycopg

from chassis import clock
from chassis.database import Store
from chassis.testing import until
from gateway.sessions import SessionStore
from tests.support.client import Client, an_order, days_from_now

# by role: the kind of post, and of the unit; in the last ward by its code, where no other test looks, and below it
ROLES = {
    "leader": ("vice_chairman", "committee"),
    "head": ("head", "ward"),
    "clerk": ("clerk", "ward"),
    "official": ("official", "division"),
    "office": ("office_clerk", "office"),
    "administrator": ("administrator", None),
    "auditor": ("auditor", None),
}
HOLDER = """
    SELECT a.id::text AS account_id, m.person_id::text, m.id::text AS membership_id, p.id::text AS post_id,
        u.id::text AS unit_id
    FROM posts p JOIN units u ON u.id = p.unit_id JOIN memberships m ON m.post_id = p.id AND m.valid_to IS NULL
    JOIN accounts a ON a.person_id = m.person_id
    WHERE p.kind = %(kind)s AND u.valid_to IS NULL AND u.kind = coalesce(%(unit)s, u.kind)
    ORDER BY %(ward)s::text IN (u.id::text, u.parent_id::text) DESC NULLS LAST, u.code DESC, p.rank DESC, p.id LIMIT 1
"""
# where the ids of the paths' and the bodies' parameters stand: the newest of each are offered
TABLES = {
    "task_id": "tasks.tasks", "assignment_id": "tasks.assignments", "extension_id": "tasks.extensions",
    "blocker_id": "tasks.blockers", "urging_id": "tasks.urgings", "correction_id": "tasks.corrections",
    "document_id": "tasks.documents", "request_id": "tasks.superior_requests", "report_id": "tasks.superior_reports",
    "template_id": "tasks.templates", "conversation_id": "messaging.conversations",
    "message_id": "messaging.messages", "announcement_id": "messaging.announcements",
    "file_id": "messaging.files", "item_id": "reminders.action_items",
    "reminder_id": "reminders.reminders", "subscription_id": "reminders.push_subscriptions",
    "delegation_id": "directory.delegations", "reorganisation_id": "directory.reorganisations",
    "recovery_id": "directory.recoveries", "import_id": "directory.imports",
}  # fmt: skip
OFFERED = 12  # ids of a kind


@dataclass
class Scene:
    """`addresses` are those of the platform's databases and accounts."""

    base_url: str
    addresses: dict
    cast: dict[str, dict] = field(default_factory=dict)

    @classmethod
    def prepared(cls, base_url: str, addresses: dict) -> "Scene":
        scene = cls(base_url, addresses)
        with psycopg.connect(addresses["owners"]["directory"], row_factory=psycopg.rows.dict_row) as directory:
            for role, (kind, unit) in ROLES.items():
                ward = scene.cast.get("head", {}).get("unit_id")
                scene.cast[role] = directory.execute(HOLDER, {"kind": kind, "unit": unit, "ward": ward}).fetchone()
        scene._play()
        return scene

    @cached_property
    def _sessions(self) -> SessionStore:
        return SessionStore(Store(self.addresses["databases"]["gateway"], pool_size=1), 3600, 3600)

    def token(self, role: str) -> str:
        """How one signs in is not what is asked here."""
        return self._sessions.open(self.cast[role], "token", "fuzzing")[0]

    def _play(self) -> None:
        """One order and what becomes of it, a draft, talk, a reminder, an announcement, a document."""
        leader, head, official, office = (
            Client(self.base_url, self.token(role)) for role in ("leader", "head", "official", "office")
        )
        ward = {"unit_id": self.cast["head"]["unit_id"], "role": "lead"}

        def made(who: Client, path: str, body: dict, status: int = 201, **headers: str) -> dict:
            answer = who.post(path, body, headers=headers)
            assert answer.status_code == status, f"{path}: {answer.text}"
            return answer.json()

        order = an_order(audience=None, assignments=[ward])
        orders = [made(leader, "/tasks", order | {"title": f"Diễn tập {number}"}) for number in range(4)]
        made(leader, "/tasks", order | {"issue": False})
        of = [f"/assignments/{task['assignments']['items'][0]['id']}" for task in orders]
        for each in of[1:]:
            made(head, f"{each}/accept", {}, 200, **{"If-Match": "*"})
        why, later = {"reason": "Vì vậy"}, days_from_now(30)
        made(head, f"{of[1]}/extensions", why | {"requested_due_on": later, "progress": "Một nửa", "plan": "Tuần sau"})
        made(head, f"{of[1]}/blockers", {"text": "Thiếu kinh phí", "level": "assigner"})
        made(head, f"{of[1]}/progress", {"result": "Một nửa"})
        made(leader, f"{of[1]}/urgings", {"kind": "urge", "text": "Đề nghị báo cáo"})
        made(head, f"{of[1]}/corrections", why | {"field": "original_due", "value": later})
        result = {"summary": "Xong", "document": {"number": "1/BC", "issued_on": days_from_now(0)}}
        made(head, f"{of[2]}/submit-result", result, 200, **{"If-Match": "*"})
        talk = until(
            lambda: leader.get("/conversations", params={"task_id": orders[1]["id"]}).json()["items"], 20
        )[0]["id"]  # fmt: skip
        for said in (
            {"text": "Đã rõ."},
            {"kind": "directive", "text": "Báo cáo.", "asked": [self.cast["head"]["post_id"]]},
        ):
            made(leader, f"/conversations/{talk}/messages", said)
        group = {
            "kind": "group",
            "name": "Trao đổi",
            "participants": [{"person_id": self.cast["official"]["person_id"]}],
        }
        made(head, "/conversations", group)
        made(official, "/reminders", {"title": "Họp", "starts_at": f"{later}T08:00:00+07:00", "rrule": "FREQ=DAILY"})
        made(leader, "/announcements", {"title": "Diễn tập", "text": "Bỏ qua.", "to": [{"unit_id": ward["unit_id"]}]})
        document = {
            "source": "government_office", "number": f"{clock.new_id()}/TB", "issued_on": days_from_now(-1),
            "abstract": "Kết luận", "clauses": [{"label": "Điểm 1", "text": "Rà soát", "due_on": later}],
        }  # fmt: skip
        made(office, "/documents", document)

    def ids(self) -> dict[str, list]:
        """Of every parameter, ids that there are."""
        found = {}
        for name, place in TABLES.items():
            service, table = place.split(".")
            with psycopg.connect(self.addresses["owners"][service]) as connection:
                rows = connection.execute(f"SELECT id::text FROM {table} ORDER BY id DESC LIMIT {OFFERED}")
                found[name] = [row[0] for row in rows]
        ward = [self.cast[role] for role in ("head", "clerk", "official")]
        found |= {
            name: [each[name] for each in (*ward, self.cast["leader"])] for name in ("unit_id", "person_id", "post_id")
        }
        return found | {"participant_id": found["person_id"], "name": ["all-wards", "all-units"], "year": [2026, 2027]}
