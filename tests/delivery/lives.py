"""What a town lives through: facts of its directory, orders, acceptances, messages, told by the real services."""

import base64
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from chassis import clock
from chassis.contract import schema
from contracts import directory as directory_contract
from contracts import messaging as messaging_contract
from contracts import reminders as reminders_contract
from contracts import tasks as tasks_contract
from directory.domain.names import fold
from directory.storage import facts, tables
from directory.tests.support import moved
from directory.use_cases import facts as feed
from kernel.working_time import today
from messaging.domain.saying import Pace
from messaging.use_cases import announcements, announcing, conversations, directives, messages, taking_part, transcripts
from reminders.use_cases import dispatching, firing, personal
from tasks.importing.__main__ import run as carry_out
from tasks.storage.imports import files
from tasks.use_cases import corrections, documents, drafts, imports, many, orders, progress, urgings, verbs
from tasks.use_cases import extensions as more_time
from tests.support.town import claims, id_of, person, post, unit
from tests.support.town import facts as town_facts

DAY = date(2026, 3, 2)
MONTH = timedelta(days=30)
ACCOUNT = id_of("account of the revoked")
REVOKED = person("ward-3 official")


def settle(store) -> None:
    """The town, in an empty directory."""
    with store.transaction() as tx:
        given = town_facts()
        people = {fact["fact"]["person_id"] for fact in given if fact["kind"] == "membership"}
        named = [{"id": each, "name": f"Tên {each[:8]}", "folded": each[:8], "given": each[:8]} for each in people]
        tx.execute(sa.insert(tables.people), named)
        facts.claim_versions(tx, len(given))
        for fact in given:
            row = fact["fact"] | {"id": fact["id"], "version": fact["version"]}
            if fact["kind"] == "unit":
                row["folded"] = fold(row["full_name"])
            if fact["kind"] == "delegation":
                row["valid_to"] = date(2099, 1, 1)
            facts.write(tx, fact["kind"], [row])
        account = {"id": ACCOUNT, "version": 1, "person_id": REVOKED, "username": "x", "password_hash": "x"}
        tx.execute(sa.insert(tables.accounts).values(**account))


@dataclass(frozen=True)
class Feed:
    """What the directory answers to those who ask for its changes, as it stood once."""

    items: list[dict]

    def call(self, procedure, request):
        later = [item for item in self.items if item["version"] > request["after"]]
        return {"items": later[: request["limit"]], "newest": self.items[-1]["version"]}


def feed_of(store) -> Feed:
    with store.reading() as tx:
        said = feed.get_changes(tx, 0, 5000)
    return Feed(directory_contract.get_changes.reply().load(directory_contract.get_changes.reply().dump(said))["items"])


def row_of(tx, table: sa.Table, key) -> dict:
    """A fact as it stands, without its version."""
    found = tx.execute(sa.select(table).where(table.c.id == key)).mappings().one_or_none() or {"id": key}
    return {name: value for name, value in found.items() if name != "version"}


def directory_changes() -> list[Callable]:
    """Each says one event: people move, powers are lent, a unit is renamed, a post, an audience and a day change."""

    contract = directory_contract

    def appointed(who: str, where: str, name: str, day: date = DAY) -> Callable:
        return lambda tx: moved(tx, person(who), post(where), day, id_of(name))

    def written(event, kind: str, key, table: sa.Table, **changes) -> Callable:
        def write(tx) -> None:
            row = row_of(tx, table, key) | changes
            feed.record_facts(tx, event, kind, [row], subject=str(key))

        return write

    lent = {
        "grantor_post_id": post("ward-1 head"), "grantee_person_id": person("ward-1 official"), "scope": "all",
        "document_number": "1/UQ", "valid_from": DAY, "valid_to": date(2099, 1, 1),
    }  # fmt: skip

    def moved_below(tx) -> None:
        below, above = (row_of(tx, tables.units, unit(name)) for name in ("ward-3", "dept"))
        its_post = row_of(tx, tables.posts, post("ward-3 official"))
        changes = {"unit": [below | {"parent_id": above["id"]}], "post": [its_post | {"title": "Chuyên viên mới"}]}
        feed.record_changes(
            tx, contract.unit_reorganised, changes, subject=below["id"], change="move", on_day=DAY, successor_ids=[]
        )

    fewer = {"unit_ids": [unit("ward-1")]}
    off = {"working": False, "name": "Ngày nghỉ"}
    renamed = {"full_name": "Sở mới", "folded": "so moi"}
    return [
        appointed("ward-1 official", "ward-2 head", "a new head"),
        written(contract.delegation_changed, "delegation", id_of("lent"), tables.delegations, **lent),
        written(contract.unit_changed, "unit", unit("dept"), tables.units, **renamed),
        moved_below,
        lambda tx: feed.beat(tx, clock.now()),
        appointed("ward-2 head", "ward-3 head", "another new head"),
        written(contract.post_changed, "post", post("dept clerk"), tables.posts, title="Văn thư mới"),
        written(contract.audience_changed, "audience", "all-wards", tables.audiences, **fewer),
        written(contract.working_days_changed, "working_day", date(2026, 3, 9), tables.working_days, **off),
        written(contract.delegation_changed, "delegation", id_of("lent"), tables.delegations, valid_to=DAY),
        lambda tx: tx.emit(
            contract.credentials_changed,
            subject=ACCOUNT,
            version=2,
            data={"account_id": ACCOUNT, "person_id": REVOKED, "kept_session_id": None},
        ),
        lambda tx: tx.emit(
            contract.account_revoked,
            subject=ACCOUNT,
            version=3,
            data={"account_id": ACCOUNT, "person_id": REVOKED},
        ),
        lambda tx: tx.emit(
            contract.identity_removed, subject=ACCOUNT, version=1, data={"issuer": "https://idp", "subject": "s1"}
        ),
        lambda tx: tx.emit(
            contract.break_glass_used,
            subject=ACCOUNT,
            version=3,
            data={"account_id": ACCOUNT, "person_id": REVOKED, "at": clock.now()},
        ),
        lambda tx: tx.emit(
            contract.break_glass_sealed,
            subject=ACCOUNT,
            version=4,
            data={"account_id": ACCOUNT, "person_id": REVOKED, "at": clock.now()},
        ),
        lambda tx: tx.emit(contract.person_changed, subject=REVOKED, version=2, data={"person_id": REVOKED}),
        lambda tx: tx.emit(contract.person_erased, subject=REVOKED, version=3, data={"person_id": REVOKED}),
        lambda tx: feed.beat(tx, clock.now()),
    ]


def give_orders(store) -> None:
    """Two orders to the three wards, one of them joint; of the six pieces three are received. And one to a ward."""
    each = {"mode": "each", "audience": "all-wards"}
    joint = {
        "mode": "joint",
        "assignments": [
            {"unit_id": unit("ward-1"), "role": "lead"},
            {"unit_id": unit("ward-2"), "role": "support"},
            {"unit_id": unit("dept"), "role": "inform"},
        ],
        "followers": [post("office chief_of_office")],
    }
    text = {"content": "Nội dung", "expected_result": "Báo cáo", "due_on": str(today(clock.now()) + MONTH)}
    pieces = {}
    one = {"mode": "each", "assignments": [{"unit_id": unit("ward-1")}]}
    for title, wanted in (("Việc một", each), ("Việc hai", joint), ("Việc ba", one)):
        request = {"idempotency_key": title, "order": {"title": title, **text, **wanted}}
        with store.transaction() as tx:
            loaded = tasks_contract.assign.request().load(request)
            task = orders.assign(tx, claims("committee vice_chairman"), loaded, clock.now())
        for piece in task["assignments"]["items"]:
            pieces[title, piece["post_id"]] = piece["id"]
    for title, who in (
        ("Việc một", "ward-1 head"),
        ("Việc một", "ward-3 head"),
        ("Việc hai", "ward-1 head"),
    ):
        request = {"id": pieces[title, post(who)], "version": 1, "idempotency_key": f"{title} {who}"}
        with store.transaction() as tx:
            verbs.accept(tx, claims(who), request, clock.now())


A_FILE = "Mã nhiệm vụ,Nhiệm vụ,Sản phẩm,Nguồn giao,Đơn vị chủ trì,Ngày giao,Hạn hoàn thành,Trạng thái,Tiến độ (%)\n"
TAKEN_OVER = "NV-1,Rà soát thủ tục,Báo cáo,Thành ủy,Phường 2,06/01/2026,{due:%d/%m/%Y},Chưa tiếp nhận,\n"

ABOUT_A_PIECE = (
    more_time.request_extension, progress.report_progress, progress.raise_blocker, urgings.urge,
    corrections.propose_correction,
)  # fmt: skip


def live_on(store) -> None:
    """What may become of the pieces: refused and given to others, submitted, approved, passed on, revoked; more time
    asked for, granted and overtaken; an order taken back; a ward that was merged into the department.
    """
    with store.reading() as tx:
        found = tx.execute(
            sa.text("SELECT a.id::text, t.title, a.post_id::text FROM assignments a JOIN tasks t ON t.id = a.task_id")
        )
        pieces = {(row.title, row.post_id): row.id for row in found}
    keys = itertools.count()

    def does(use_case, who: str, id_: str, **body) -> dict:
        procedure = getattr(tasks_contract, use_case.__name__)
        request = {"id": id_, "version": None, "idempotency_key": f"life {next(keys)}"} | body
        if use_case is many.move_assignments or use_case in ABOUT_A_PIECE:
            del request["version"]
        if use_case in ABOUT_A_PIECE:
            request["assignment_id"] = request.pop("id")
        with store.transaction() as tx:
            return use_case(tx, claims(who), procedure.request().load(request), clock.now())

    def piece(title: str, who: str) -> str:
        return pieces[title, post(who)]

    def is_given_to(id_: str, who: str, owner: str, **to) -> None:
        does(verbs.decline, owner, id_, reason="Không thuộc địa bàn", proposed_unit_id=unit("dept"))
        does(verbs.reassign, "committee vice_chairman", id_, **to)
        does(verbs.accept, who, id_)
        document = {"number": "1/BC", "issued_on": "2026-03-02"}
        does(verbs.submit_result, who, id_, summary="Đã xong", document=document)

    leader = "committee vice_chairman"
    is_given_to(piece("Việc một", "ward-2 head"), "dept head", "ward-2 head", unit_id=unit("dept"))
    does(verbs.approve_result, leader, piece("Việc một", "ward-2 head"), grade="good")
    is_given_to(piece("Việc hai", "ward-2 head"), "office chief_of_office", "ward-2 head", unit_id=unit("office"))

    third = piece("Việc một", "ward-3 head")
    first = piece("Việc hai", "ward-1 head")
    does(progress.report_progress, "ward-3 head", third, result="Một nửa", blocker={"text": "Thiếu tiền"})
    stops = does(progress.raise_blocker, "ward-1 head", first, text="Thiếu người", level="city")
    does(progress.answer_blocker, "committee chairman", stops["id"], text="Tăng cường")
    urged = does(urgings.urge, leader, first, text="Đề nghị báo cáo")
    does(urgings.answer_urging, "ward-1 clerk", urged["id"], text="Đang làm")
    does(urgings.urge, leader, first, text="Đề nghị xong ngay")
    does(urgings.urge, "office chief_of_office", third, text="Bổ sung minh chứng", kind="ask_evidence")
    told = piece("Việc hai", "dept head")
    wrong = does(corrections.propose_correction, leader, told, field="role", value="support", reason="Nhầm")
    does(corrections.accept_correction, "office chief_of_office", wrong["id"], reason="Đúng")
    does(verbs.accept, "dept head", told)
    later = str(today(clock.now()) + 2 * MONTH)
    does(corrections.propose_correction, "ward-1 head", first, field="current_due", value=later, reason="Nhầm")
    prepare(store, does)
    comes_from_above(store, does)
    is_taken_over(store)
    more = {
        "reason": "Chờ",
        "progress": "Một nửa",
        "plan": "Tuần sau",
        "requested_due_on": str(today(clock.now()) + 2 * MONTH),
    }
    does(verbs.pass_on, "ward-3 head", third, pieces=[{"post_id": post("ward-3 official")}])
    asked = does(more_time.request_extension, "ward-3 head", third, **more)
    does(more_time.grant_extension, leader, asked["id"])
    does(more_time.extend_children, "ward-3 head", third, due_on=later, reason="Đã được gia hạn")
    does(
        more_time.request_extension,
        "ward-3 head",
        third,
        **more | {"requested_due_on": str(today(clock.now()) + 3 * MONTH)},
    )
    does(verbs.revoke, leader, third, reason="Không cần nữa")

    does(verbs.pass_on, "ward-1 head", piece("Việc hai", "ward-1 head"), pieces=[{"post_id": post("ward-1 official")}])
    with store.transaction() as tx:
        ended = sa.text("UPDATE copy_units SET valid_to = :day WHERE id = :id")
        tx.execute(ended, {"day": today(clock.now()), "id": unit("ward-1")})
    does(many.move_assignments, "office chief_of_office", unit("ward-1"), unit_id=unit("dept"), reason="Sáp nhập")
    with store.reading() as tx:
        last = tx.execute(sa.text("SELECT id::text FROM tasks WHERE title = 'Việc ba'")).scalar_one()
    does(many.revoke_task, leader, last, reason="Trùng")


def prepare(store, does: Callable) -> None:
    """An order that is drafted, put before two leaders, sent back, put before one of them, and given."""
    order = {
        "title": "Việc bốn", "content": "Nội dung", "expected_result": "Báo cáo", "mode": "each", "no_deadline": True,
        "assignments": [{"unit_id": unit("ward-2")}],
    }  # fmt: skip
    request = tasks_contract.draft.request().load({"idempotency_key": "Việc bốn", "order": order})
    with store.transaction() as tx:
        task = drafts.draft(tx, claims("office chief_of_office"), request, clock.now())["id"]
    leaders = [post("committee chairman"), post("committee vice_chairman")]
    does(drafts.submit_for_issue, "office chief_of_office", task, leader_post_ids=leaders)
    does(drafts.return_draft, "committee vice_chairman", task, reason="Thiếu sản phẩm")
    does(drafts.submit_for_issue, "office chief_of_office", task, leader_post_ids=leaders[:1])
    does(drafts.issue, "committee chairman", task)


def comes_from_above(store, does: Callable) -> None:
    """A document with two clauses: one is given to a ward, of the other the Office says that nothing is to be done."""
    due = str(today(clock.now()) + MONTH)
    document = {
        "source": "government_office", "number": "812/TB-VPCP", "issued_on": str(DAY), "abstract": "Kết luận",
        "clauses": [{"label": name, "text": "Rà soát", "due_on": due} for name in ("Điểm 1", "Điểm 2")],
    }  # fmt: skip
    request = tasks_contract.enter_document.request().load({"idempotency_key": "812/TB-VPCP", **document})
    with store.transaction() as tx:
        entered = documents.enter_document(tx, claims("office chief_of_office"), request, clock.now())["id"]
    order = {
        "title": "Việc năm", "content": "Nội dung", "expected_result": "Báo cáo", "mode": "each", "due_on": due,
        "assignments": [{"unit_id": unit("ward-2")}], "clauses": [1],
    }  # fmt: skip
    does(documents.issue_from_document, "committee vice_chairman", entered, orders=[order])
    does(documents.declare_no_task, "office chief_of_office", entered, number=2, reason="Để biết")


def is_taken_over(store) -> None:
    """Work that was under way elsewhere."""
    raw = (A_FILE + TAKEN_OVER.format(due=today(clock.now()) + MONTH)).encode()
    chief, job = claims("office chief_of_office"), {"idempotency_key": "NV", "form": "csv", "size": len(raw)}
    job |= {"mapping": {}, "sha256": hashlib.sha256(raw).hexdigest(), "assigner_post_id": None, "dry_run": False}
    with store.transaction() as tx:
        id_ = imports.begin_import(tx, chief, job, clock.now())["id"]
    with store.transaction() as tx:
        part = {"id": id_, "number": 0, "content": base64.b64encode(raw).decode()}
        imports.add_part(tx, chief, part, clock.now())
    files.work_on_next(store, lambda wanted: carry_out(store.url, wanted, 10), clock.now())


def talk(store) -> None:
    """In each conversation of what is not done yet two people say something, one says it otherwise, and somebody is
    directed; what was said of the rest is sealed; and somebody begins another one.
    """
    with store.reading() as tx:
        request = messaging_contract.list_conversations.request().load({})
        found = conversations.list_conversations(tx, claims("dept head"), request, clock.now())["items"]
    assert len(found) == 3
    under_way = [each for each in found if each["closed_at"] is None]
    assert under_way
    for conversation in under_way:
        for who in ("dept head", "committee vice_chairman"):
            request = {"conversation_id": conversation["id"], "text": f"{who} nói", "idempotency_key": who}
            request = schema(messaging_contract.post_message.request).load(request)
            with store.transaction() as tx:
                said = messages.post_message(tx, claims(who), request, Pace(60), False, clock.now())
        request = {"id": said["id"], "version": 1, "text": "Thôi", "idempotency_key": said["id"]}
        request = schema(messaging_contract.edit_message.request).load(request)
        with store.transaction() as tx:
            messages.edit_message(tx, claims(who), request, Pace(60), timedelta(hours=1), clock.now())
        is_directed(store, conversation["id"])
        is_mentioned(store, conversation["id"])
    more = True
    while more:
        with store.transaction() as tx:
            more = transcripts.seal_next(tx, clock.now())
    wanted = {"kind": "direct", "participants": [{"person_id": person("dept head")}]}
    request = schema(messaging_contract.begin_conversation.request).load(
        {"conversation": wanted, "idempotency_key": "k"}
    )
    with store.transaction() as tx:
        taking_part.begin_conversation(tx, claims("committee vice_chairman"), request, Pace(60), clock.now())


def is_directed(store, conversation_id: str) -> None:
    """Somebody is directed, reads it, takes note, and is then told that it was a mistake."""
    contract, at = messaging_contract, clock.now()
    request = {
        "conversation_id": conversation_id, "kind": "directive", "asked": [post("dept head")], "text": "Báo cáo ngay",
        "idempotency_key": "directive",
    }  # fmt: skip
    with store.transaction() as tx:
        request = schema(contract.post_message.request).load(request)
        said = messages.post_message(tx, claims("committee vice_chairman"), request, Pace(60), False, at)
    reads(store, conversation_id, said["number"])
    with store.transaction() as tx:
        read = {"conversation_id": conversation_id, "number": said["number"]}
        messages.mark_read(tx, claims("dept head"), read, at)
    with store.transaction() as tx:
        request = schema(contract.acknowledge.request).load({"id": said["id"]})
        directives.acknowledge(tx, claims("dept head"), request, at)
    with store.transaction() as tx:
        request = {"id": said["id"], "version": 1, "reason": "Nhầm", "idempotency_key": said["id"]}
        request = schema(contract.withdraw_message.request).load(request)
        messages.withdraw_message(tx, claims("committee vice_chairman"), request, at)


def is_mentioned(store, conversation_id: str) -> None:
    """All are called, one of them reads it, and then only he was meant."""
    contract, at = messaging_contract, clock.now()
    request = {"conversation_id": conversation_id, "text": "@A", "idempotency_key": "mention"}
    everybody, one = [{"kind": kind, "id": id_, "offset": 0, "length": 2} for kind, id_ in
                      (("all", None), ("person", person("dept head")))]  # fmt: skip
    with store.transaction() as tx:
        request = schema(contract.post_message.request).load(request | {"mentions": [everybody]})
        said = messages.post_message(tx, claims("committee vice_chairman"), request, Pace(60), False, at)
    reads(store, conversation_id, said["number"])
    with store.transaction() as tx:
        request = {"id": said["id"], "version": 1, "text": "@A", "mentions": [one], "idempotency_key": said["id"]}
        request = schema(contract.edit_message.request).load(request)
        messages.edit_message(tx, claims("committee vice_chairman"), request, Pace(60), timedelta(hours=1), at)


def reads(store, conversation_id: str, number: int) -> None:
    with store.transaction() as tx:
        read = {"conversation_id": conversation_id, "number": number}
        messages.mark_read(tx, claims("dept head"), read, clock.now())


def announce(store) -> None:
    """A leader tells the city something, somebody sees it, and it is taken back."""
    now = clock.now()
    said = {
        "title": "Diễn tập", "text": "Toàn thành phố diễn tập.", "audience": "whole-city", "importance": "urgent",
    }  # fmt: skip
    request = {"announcement": said, "idempotency_key": "announced"}
    request = schema(messaging_contract.announce.request).load(request)
    with store.transaction() as tx:
        made = announcing.announce(tx, claims("committee vice_chairman"), request, False, now)
    with store.transaction() as tx:
        announcements.see(tx, claims("dept head"), {"id": made["id"]}, now)
    request = {"id": made["id"], "version": None, "idempotency_key": "withdrawn", "reason": "Nhầm ngày"}
    with store.transaction() as tx:
        announcing.withdraw(tx, claims("committee vice_chairman"), request, now)


def remind(store) -> None:
    """Somebody wanted to be reminded of something, and is."""
    now = clock.now()
    wanted = {"title": "Họp giao ban", "starts_at": (now + timedelta(hours=1)).isoformat()}
    request = schema(reminders_contract.create_reminder.request).load({"reminder": wanted, "idempotency_key": "k"})
    with store.transaction() as tx:
        personal.create_reminder(tx, claims("dept head"), request, now)
    then = now + timedelta(hours=1)
    firing.fire_due(store, then)
    with store.transaction() as tx:
        assert dispatching.tell(tx, then) == 1
