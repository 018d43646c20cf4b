"""What a town lives through: facts of its directory, orders, acceptances, messages, told by the real services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from chassis import clock
from contracts import directory as directory_contract
from contracts import messaging as messaging_contract
from contracts import tasks as tasks_contract
from directory.domain.names import fold
from directory.storage import facts, tables
from directory.tests.support import moved
from directory.use_cases import facts as feed
from messaging import use_cases as messaging
from tasks import use_cases as tasks
from tests.support.town import claims, id_of, person, post, unit
from tests.support.town import facts as town_facts

DAY = date(2026, 3, 2)
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
        lambda tx: feed.beat(tx, clock.now()),
    ]


def give_orders(store) -> None:
    """Two orders to the three wards, one of them joint; of the six pieces four are received."""
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
    text = {"content": "Nội dung", "expected_result": "Báo cáo", "no_deadline": True}
    pieces = {}
    for title, wanted in (("Việc một", each), ("Việc hai", joint)):
        request = {"idempotency_key": title, "order": {"title": title, **text, **wanted}}
        with store.transaction() as tx:
            loaded = tasks_contract.assign.request().load(request)
            task = tasks.assign(tx, claims("committee vice_chairman"), loaded, clock.now())
        for piece in task["assignments"]["items"]:
            pieces[title, piece["post_id"]] = piece["id"]
    for title, who in (
        ("Việc một", "ward-1 head"),
        ("Việc một", "ward-3 head"),
        ("Việc hai", "ward-1 head"),
        ("Việc hai", "dept head"),
    ):
        request = {"id": pieces[title, post(who)], "version": 1, "idempotency_key": f"{title} {who}"}
        with store.transaction() as tx:
            tasks.accept(tx, claims(who), request, clock.now())


def foretell(store) -> None:
    """Moves that the contract names and no verb makes yet, said in the name of tasks: two pieces go to another post,
    where one still waits and the other is received and submitted.
    """
    with store.reading() as tx:
        waiting = sa.text("SELECT a.*, t.title FROM assignments a JOIN tasks t ON t.id = a.task_id WHERE a.version = 1")
        pieces = tx.execute(waiting).mappings().all()
    assert len(pieces) == 2
    moves = [("declined", "assigned", "declined"), ("reassigned", "declined", "assigned")]
    ends = [("accepted", "assigned", "in_progress"), ("submitted", "in_progress", "result_submitted")]
    for piece, changes in zip(pieces, (moves, moves + ends), strict=True):
        for version, (change, before, after) in enumerate(changes, start=2):
            owner = {} if version == 2 else {"post_id": post("office official"), "unit_id": unit("office")}
            said = dict(piece) | owner
            with store.transaction() as tx:
                tx.emit(
                    tasks_contract.assignment_changed, subject=str(piece["id"]), version=version,
                    data=said | {
                        "change": change, "assignment_id": piece["id"], "before": before, "after": after,
                        "version": version, "at": clock.now(), "actor_person_id": person("dept head"),
                        "acting_for": None, "concerns": [said["post_id"], post("committee vice_chairman")],
                    },
                )  # fmt: skip


def talk(store) -> None:
    """In each conversation two people say something."""
    with store.reading() as tx:
        request = messaging_contract.list_conversations.request().load({})
        found = messaging.list_conversations(tx, claims("ward-1 head"), request, clock.now())["items"]
    assert len(found) == 2
    for conversation in found:
        for who in ("ward-1 head", "committee vice_chairman"):
            request = {"conversation_id": conversation["id"], "text": f"{who} nói", "idempotency_key": who}
            request["idempotency_key"] += conversation["id"]
            with store.transaction() as tx:
                messaging.post_message(tx, claims(who), request, clock.now())
