"""An order brings its conversation; who takes part, and who does not."""

import itertools
from importlib import import_module

import pytest

from chassis import clock
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import messaging, tasks
from messaging.use_cases import cases
from tests.support.orders import PIECES, changed, issued, piece_now
from tests.support.town import claims, id_of, post, unit

HEAD = claims("ward-1 head")


@pytest.fixture
def conversation(here, caller) -> dict:
    with here.store.transaction() as tx:
        cases.open_case(tx, issued())
    [found] = caller(messaging.list_conversations, {}, claims=HEAD)["items"]
    return found


def test_an_order_told_over_the_bus_opens_one_conversation_however_often(here, caller, tell):
    order = issued()
    for _ in range(2):  # two different events about one task: the inbox does not stop them, the table does
        tell(tasks.task_issued, order, subject=order["task_id"])
    until(lambda: here.rows("SELECT count(*) AS n FROM inbox") == [{"n": 2}])

    [found] = caller(messaging.list_conversations, {"task_id": order["task_id"]}, claims=HEAD)["items"]
    assert (found["kind"], found["name"], found["role"], found["unread"]) == ("case", "Diễn tập", "responsible", 0)
    assert here.rows("SELECT count(*) AS n FROM participants") == [{"n": 5}]


def test_orders_that_were_under_way_elsewhere_have_their_conversations(here, caller, tell):
    orders = [issued(), issued("Việc khác")]
    told = {
        "import_id": id_of("file"), "at": orders[0]["issued_at"], "actor_person_id": id_of("clerk"), "acting_for": None,
        "orders": orders, "pieces": [], "task_ids": [order["task_id"] for order in orders],
    }  # fmt: skip
    tell(tasks.tasks_imported, told, subject=id_of("part"))
    until(lambda: here.rows("SELECT count(*) AS n FROM inbox") == [{"n": 1}])

    found = caller(messaging.list_conversations, {}, claims=HEAD)["items"]
    assert {each["name"] for each in found} == {"Diễn tập", "Việc khác"}


def test_a_change_of_a_piece_is_heard_and_says_nothing(here, tell):
    data = changed("accepted", "in_progress", 2)
    tell(tasks.assignment_changed, data, subject=data["assignment_id"], version=2)
    until(lambda: here.rows("SELECT count(*) AS n FROM inbox") == [{"n": 1}])

    assert here.rows("SELECT count(*) AS n FROM messages") == [{"n": 0}]
    assert here.events() == []


REASSIGNED = {"post_id": post("dept head"), "unit_id": unit("dept")}
MOVES = [
    (tasks.task_issued, issued()),
    (tasks.assignment_changed, changed("reassigned", "assigned", 3, **REASSIGNED)),
    (tasks.assignment_changed, changed("reassigned", "assigned", 5, post_id=post("office official"))),
    (tasks.assignment_changed, changed("reassigned", "assigned", 3, "ward-3", post_id=post("ward-1 head"))),
]


@pytest.mark.parametrize("arrival", list(itertools.permutations(MOVES)), ids=range(24))
def test_whoever_answers_for_a_piece_now_takes_part_in_its_part_and_who_did_does_not(town, arrival):
    here = town("messaging")
    for event, data in arrival:
        with here.store.transaction() as tx:
            if event is tasks.task_issued:
                cases.open_case(tx, data)
            else:
                cases.follow_pieces(tx, [data], data["at"])

    found = here.rows("SELECT post_id::text, role FROM participants")
    assert {row["post_id"]: row["role"] for row in found} == {
        post("committee vice_chairman"): "follower",
        post("office chief_of_office"): "follower",
        post("office official"): "responsible",
        post("ward-2 head"): "member",
        post("ward-1 head"): "follower",
    }


def test_who_comes_into_a_case_or_leaves_it_is_told_so_and_no_neighbour(here, conversation):
    acts = [
        [
            changed("reassigned", "assigned", 3, **REASSIGNED),
            changed("reassigned", "assigned", 3, "ward-2", **REASSIGNED),
        ],
        [changed("accepted", "in_progress", 4, **REASSIGNED)],  # nobody takes part otherwise
        [changed("revoked", "revoked", 5, **REASSIGNED)],
    ]
    for pieces in acts:
        with here.store.transaction() as tx:
            cases.follow_pieces(tx, pieces, pieces[0]["at"])

    told = [
        {
            (each["change"], one["id"], one["role"])
            for each in said["changed"] for one in each["participants"] if each["change"] != "closed"
        }
        for name, said in here.events() if name == "parts_changed"
    ]  # fmt: skip
    assert told == [
        {
            ("added", post("dept head"), "responsible"), ("removed", post("ward-1 head"), "responsible"),
            ("removed", post("ward-2 head"), "member"),
        },
        {("role_changed", post("dept head"), "member")},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("acts", "left"),
    [
        ([("reassigned", 3, "ward-1 head", post("dept head"))], {"dept head": "responsible"}),
        ([("reassigned", 3, "ward-1 head", post("dept head")), ("reassigned", 5, "dept head", post("office official"))],
         {"office official": "responsible"}),
        ([("reassigned", 5, "dept head", post("office official")), ("reassigned", 3, "ward-1 head", post("dept head"))],
         {"office official": "responsible"}),
        ([("corrected", 2, None, post("ward-1 head")), ("reassigned", 3, "ward-1 head", post("dept head"))],
         {"dept head": "responsible"}),
        ([("revoked", 2, None, post("ward-1 head"))], {"ward-1 head": "follower"}),
    ],
    ids=["once", "twice", "the later first", "after another change", "revoked"],
)  # fmt: skip
@pytest.mark.parametrize("follows", [False, True])
def test_a_part_from_before_reasons_were_kept_ends_with_the_pieces_first_change(town, acts, left, follows):
    here = town("messaging")
    order = issued()
    with here.store.transaction() as tx:
        cases.open_case(tx, order)
    here.do("DELETE FROM case_parts")
    here.do(import_module("messaging.migrations.versions.0004_case_parts").CARRIED_OVER)
    here.do("UPDATE case_parts SET leads = true WHERE role = 'responsible'")
    for change, version, former, owner in acts:
        former = former and {"post_id": post(former), "follows": follows and former == "ward-1 head"}
        after = "revoked" if change == "revoked" else "assigned"
        with here.store.transaction() as tx:
            act = changed(change, after, version, post_id=owner, former=former)
            cases.follow_pieces(tx, [act], act["at"])

    if follows:
        left = {"ward-1 head": "follower"} | left
    found = here.rows("SELECT post_id::text, role FROM participants")
    assert {row["post_id"]: row["role"] for row in found} == {post(name): role for name, role in left.items()} | {
        post("committee vice_chairman"): "follower", post("office chief_of_office"): "follower",
        post("ward-2 head"): "member", post("ward-3 head"): "follower",
    }  # fmt: skip


@pytest.mark.parametrize("first", ["task_issued", "assignment_changed"])
def test_whose_piece_was_revoked_only_follows(town, first):
    here = town("messaging")
    acts = [
        lambda tx: cases.open_case(tx, issued()),
        lambda tx: cases.follow_pieces(tx, [changed("revoked", "revoked", 2)], clock.now()),
    ]
    for act in acts if first == "task_issued" else reversed(acts):
        with here.store.transaction() as tx:
            act(tx)

    found = {row["post_id"]: row["role"] for row in here.rows("SELECT post_id::text, role FROM participants")}
    assert (found[post("ward-1 head")], found[post("ward-2 head")]) == ("follower", "member")


def test_when_an_order_is_taken_back_all_only_follow(here, conversation, tell):
    act = {
        "at": "2026-03-02T03:00:00+00:00",
        "actor_person_id": id_of("somebody"),
        "acting_for": None,
        "reason": "Thôi",
    }
    about = {"task_id": conversation["task_id"], "title": "Diễn tập", "unit_ids": [], "concerns": []}
    pieces = [piece_now("revoked", "revoked", 2, ward) for ward, _ in PIECES]
    revoked = tasks.task_revoked.data().load(act | about | {"pieces": pieces})
    tell(tasks.task_revoked, revoked, subject=conversation["task_id"], version=2)

    roles = "SELECT role, count(*) AS n FROM participants GROUP BY role"
    until(lambda: here.rows(roles) == [{"role": "follower", "n": 5}])


def test_what_a_unit_does_inside_is_no_matter_of_the_others(conversation, here):
    with here.store.transaction() as tx:
        inside = changed("reassigned", "assigned", 3, "ward-1", parent_id=id_of("parent"), **REASSIGNED)
        cases.follow_pieces(tx, [inside], inside["at"])

    assert here.rows("SELECT count(*) AS n FROM participants") == [{"n": 5}]


def test_everybody_named_takes_part_the_responsible_first(conversation, caller):
    seen, cursor = [], None
    while True:
        asked = {"conversation_id": conversation["id"], "limit": 2, "cursor": cursor}
        answer = caller(messaging.list_participants, asked, claims=HEAD)
        seen += [(item["role"], item["post_id"], item["unit_id"]) for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    followers = sorted(
        [("ward-3 head", "ward-3"), ("committee vice_chairman", "committee"), ("office chief_of_office", "office")],
        key=lambda pair: post(pair[0]),
    )
    assert seen == [
        ("responsible", post("ward-1 head"), unit("ward-1")),
        ("member", post("ward-2 head"), unit("ward-2")),
        *(("follower", post(name), unit(of)) for name, of in followers),
    ]


@pytest.mark.parametrize(
    ("who", "role"),
    [("ward-1 clerk", "responsible"), ("ward-2 head", "member"), ("committee vice_chairman", "follower")],
)
def test_who_takes_part_sees_it_in_his_part(conversation, caller, who, role):
    assert caller(messaging.get_conversation, {"id": conversation["id"]}, claims=claims(who))["role"] == role


@pytest.mark.parametrize("who", ["dept head", "ward-1 official", "committee chairman"])
def test_for_everybody_else_it_does_not_exist(conversation, caller, who):
    about = {"conversation_id": conversation["id"]}
    for procedure, request in [
        (messaging.get_conversation, {"id": conversation["id"]}),
        (messaging.list_participants, about),
        (messaging.list_messages, about),
        (messaging.post_message, about | {"text": "Tôi đây", "idempotency_key": "k"}),
        (messaging.mark_read, about | {"number": 1}),
    ]:
        with pytest.raises(CallFailed) as refusal:
            caller(procedure, request, claims=claims(who))
        assert refusal.value.code == "not_found"
    assert caller(messaging.list_conversations, {}, claims=claims(who))["items"] == []
