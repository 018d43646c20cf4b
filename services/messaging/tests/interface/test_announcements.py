"""Announcements: whose word it is, whom it reaches, what of it is counted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.contract import schema
from chassis.errors import CallFailed
from chassis.testing import explained
from contracts import messaging
from messaging.storage import announcements as storage
from messaging.use_cases import announcing
from tests.support.town import DELEGATION, claims, membership_of, person, post, unit

VICE, OFFICE = claims("committee vice_chairman"), claims("office chief_of_office")
HEAD, CLERK, OFFICIAL = (claims(f"ward-1 {kind}") for kind in ("head", "clerk", "official"))
DIVISION = claims("division division_head")
DEPUTY = claims("office deputy_chief_of_office")
EVERYBODY = [VICE, OFFICE, HEAD, CLERK, OFFICIAL, DIVISION, claims("ward-2 official")]


def later(**span) -> str:
    return (clock.now() + timedelta(**span)).isoformat()


@pytest.fixture
def write(here, caller):
    keys = iter(range(10_000))

    def writing(who=VICE, procedure=messaging.announce, key=None, **given) -> dict:
        content = {"title": "Nghỉ Tết", "text": "Nghỉ bảy ngày."} | given
        if not {"audience", "to"} & content.keys():
            content["audience"] = "whole-city"
        request = {"announcement": content, "idempotency_key": key or f"write-{next(keys)}"}
        return caller(procedure, request, claims=who)

    return writing


@pytest.fixture
def step(caller):
    keys = iter(range(10_000))

    def stepping(procedure, one: dict, who, version=None, **given) -> dict:
        request = {"id": one["id"], "version": version, "idempotency_key": f"step-{next(keys)}"}
        return caller(procedure, request | given, claims=who)

    return stepping


@pytest.fixture
def box(caller):
    return lambda who, **wanted: [
        each["title"] for each in caller(messaging.list_announcements, wanted, claims=who)["items"]
    ]


def refused(act, *args, **kwargs) -> str:
    with pytest.raises(CallFailed) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


# whom it reaches


def test_one_row_reaches_the_whole_city(here, write, box):
    said = write()

    assert said["state"] == "published" and said["by_title"] == "Phó Chủ tịch"
    assert [box(who) for who in EVERYBODY] == [["Nghỉ Tết"]] * len(EVERYBODY)
    assert here.rows("SELECT address FROM announcement_addresses") == [{"address": "audience:whole-city"}]
    assert here.rows("SELECT * FROM announcement_marks") == []
    [(name, told)] = here.events()
    assert (name, told["to"]) == ("announcement_published", [{"kind": "audience", "id": "whole-city"}])
    assert "text" not in told


def test_each_kind_of_address_reaches_whom_it_names(write, box):
    write(title="phường 1", to=[{"unit_id": unit("ward-1")}])
    write(title="sở", to=[{"unit_id": unit("dept")}])
    write(title="ủy ban", to=[{"unit_id": unit("committee")}])  # its own people, not the whole city below it
    write(title="các phường", audience="all-wards")  # their heads, and who works for them
    write(title="trưởng phòng", to=[{"post_kind": "division_head"}])
    write(title="một người", to=[{"person_id": person("ward-2 official")}, {"person_id": person("ward-1 official")}])

    assert box(HEAD) == ["các phường", "phường 1"] == box(CLERK)
    assert box(OFFICIAL) == ["một người", "phường 1"]
    assert box(DIVISION) == ["trưởng phòng", "sở"]
    assert box(claims("dept official")) == ["sở"]
    assert box(VICE) == ["ủy ban"] == box(DEPUTY)  # he has the vice chairman's powers


def test_whoever_comes_later_finds_what_is_still_valid(here, write, box):
    write(title="sở", to=[{"unit_id": unit("dept")}])
    here.do("UPDATE copy_memberships SET post_id = :post WHERE person_id = :id",
            post=post("dept official"), id=person("ward-1 official"))  # fmt: skip

    assert box(OFFICIAL) == ["sở"]


def test_lists_go_on_where_they_ended_and_name_each_once(write, caller):
    for number in range(5):
        write(title=str(number), to=[{"unit_id": unit("ward-1")}, {"person_id": person("ward-1 head")}])
    seen, cursor = [], None
    while True:
        answer = caller(messaging.list_announcements, {"limit": 2, "cursor": cursor}, claims=HEAD)
        seen += [each["title"] for each in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]


def test_pages_of_all_sizes_are_few_statements(write, box):
    for number in range(4):
        write(title=str(number))
    storage._received.cache_clear()
    assert [len(box(HEAD, limit=limit)) for limit in range(1, 201, 7)] == [1, *[4] * 28]
    assert storage._received.cache_info().currsize <= 3


def test_what_is_over_is_in_another_box(here, write, box):
    write(title="cũ", valid_until=later(days=1))
    write(title="mới")
    here.do("UPDATE announcement_addresses SET valid_until = now() WHERE valid_until IS NOT NULL")

    assert box(HEAD) == ["mới"] and box(HEAD, box="past") == ["cũ"]


def test_whom_it_does_not_reach_it_does_not_exist_for(write, caller):
    said = write(HEAD, to=[{"unit_id": unit("ward-1")}])
    stranger = claims("ward-2 head")
    for procedure in (messaging.get_announcement, messaging.see_announcement, messaging.acknowledge_announcement):
        assert refused(caller, procedure, {"id": said["id"]}, claims=stranger) == "not_found"
    assert refused(caller, messaging.get_reach, {"id": said["id"]}, claims=stranger) == "not_found"
    assert refused(caller, messaging.get_reach, {"id": said["id"]}, claims=OFFICIAL) == "not_authorised"


# whose word it is


def test_a_unit_is_spoken_to_by_its_head_and_the_city_by_its_leaders(write):
    assert write(HEAD, to=[{"unit_id": unit("ward-1")}])["state"] == "published"
    assert refused(write, HEAD) == "not_authorised"
    assert refused(write, HEAD, to=[{"unit_id": unit("ward-2")}]) == "not_authorised"
    assert refused(write, HEAD, to=[{"post_kind": "official"}]) == "not_authorised"
    assert refused(write, OFFICE) == "not_authorised"  # the Office approves what others write
    assert write(DIVISION, to=[{"person_id": person("division division_head")}])["state"] == "published"
    assert refused(write, OFFICIAL, to=[{"unit_id": unit("ward-1")}]) == "not_authorised"


def test_what_is_refused_leaves_nothing(here, write):
    refused(write, HEAD)
    assert here.rows("SELECT id FROM announcements") == [] and here.events() == []


def test_a_draft_is_put_before_a_second_person(here, write, step, box):
    draft = write(DEPUTY, messaging.draft_announcement)
    assert (draft["state"], draft["allowed"]) == ("draft", ["edit", "discard", "submit"])
    assert box(HEAD) == [] == box(OFFICE, box="to_approve") and box(DEPUTY, box="ours") == ["Nghỉ Tết"]
    assert refused(step, messaging.approve_announcement, draft, DEPUTY) == "wrong_state"

    step(messaging.submit_announcement, draft, DEPUTY)
    assert box(OFFICE, box="to_approve") == ["Nghỉ Tết"] and box(HEAD, box="to_approve") == []
    assert refused(step, messaging.approve_announcement, draft, DEPUTY) == "own_announcement"
    returned = step(messaging.return_announcement, draft, OFFICE, reason="Thiếu ngày")
    assert (returned["state"], returned["reason"]) == ("draft", "Thiếu ngày")
    content = {"title": "Nghỉ Tết", "text": "Từ ngày 15.", "audience": "whole-city"}
    step(messaging.edit_announcement, draft, DEPUTY, announcement=content)
    step(messaging.submit_announcement, draft, DEPUTY)
    said = step(messaging.approve_announcement, draft, OFFICE)

    assert (said["state"], said["text"], said["by_title"]) == ("published", "Từ ngày 15.", "Chánh Văn phòng")
    assert box(HEAD) == ["Nghỉ Tết"]
    assert [name for name, _ in here.events()] == ["announcement_published"]
    assert refused(step, messaging.edit_announcement, draft, DEPUTY, announcement=content) == "wrong_state"


def test_in_a_unit_a_clerk_writes_and_the_head_approves(write, step, box):
    draft = write(CLERK, messaging.draft_announcement, to=[{"unit_id": unit("ward-1")}])
    step(messaging.submit_announcement, draft, CLERK)
    assert box(HEAD, box="to_approve") == ["Nghỉ Tết"] and box(OFFICE, box="to_approve") == []
    assert refused(step, messaging.approve_announcement, draft, claims("ward-2 head")) == "not_found"
    assert step(messaging.approve_announcement, draft, HEAD)["state"] == "published"


def test_a_head_does_not_approve_what_goes_beyond_his_unit(write, step):
    draft = write(CLERK, messaging.draft_announcement, to=[{"unit_id": unit("ward-1")}, {"unit_id": unit("ward-2")}])
    step(messaging.submit_announcement, draft, CLERK)
    assert refused(step, messaging.approve_announcement, draft, HEAD) == "not_found"
    assert step(messaging.approve_announcement, draft, VICE)["state"] == "published"


def test_a_draft_is_the_word_of_its_unit_whoever_edits_it(here, write, step, box):
    second = membership_of("ward-2 post of the clerk of ward-1")
    here.do("INSERT INTO copy_memberships (id, version, person_id, post_id, \"primary\", valid_from)"
            " SELECT CAST(:id AS uuid), version, person_id, CAST(:post AS uuid), false, valid_from"
            " FROM copy_memberships WHERE id = :own",
            id=second, post=post("ward-2 official"), own=membership_of("ward-1 clerk"))  # fmt: skip
    there = claims("ward-1 clerk", membership_id=second)
    draft = write(CLERK, messaging.draft_announcement, to=[{"unit_id": unit("ward-1")}])
    content = {"title": "Nghỉ Tết", "text": "Từ ngày 15.", "to": [{"unit_id": unit("ward-2")}]}
    step(messaging.edit_announcement, draft, there, announcement=content)
    step(messaging.submit_announcement, draft, CLERK)

    assert box(HEAD, box="to_approve") == [] and box(OFFICE, box="to_approve") == ["Nghỉ Tết"]
    assert refused(step, messaging.approve_announcement, draft, HEAD) == "not_found"


def test_a_changed_draft_is_not_approved_as_it_was(write, step):
    draft = write(CLERK, messaging.draft_announcement, to=[{"unit_id": unit("ward-1")}])
    submitted = step(messaging.submit_announcement, draft, CLERK, version=1)
    assert submitted["version"] == 2
    assert refused(step, messaging.approve_announcement, draft, HEAD, version=1) == "stale_version"


def test_a_discarded_draft_is_gone(here, write, step, caller):
    draft = write(CLERK, messaging.draft_announcement)
    assert step(messaging.discard_announcement, draft, CLERK) == {}
    assert here.rows("SELECT id FROM announcements") == []
    assert refused(caller, messaging.get_announcement, {"id": draft["id"]}, claims=CLERK) == "not_found"


def test_the_same_request_announces_once(here, write):
    assert write(key="k") == write(key="k")
    assert len(here.events()) == 1


def test_powers_that_were_lent_announce_while_the_copy_is_fresh(here, write):
    lent = DEPUTY | {"delegation_id": DELEGATION}
    assert write(lent)["by_title"] == "Phó Chủ tịch"
    here.do("UPDATE copy_state SET fresh_at = now() - interval '6 minutes'")
    assert refused(write, lent) == refused(write, VICE) == "directory_stale"


# its time


def test_what_is_approved_for_later_is_heard_of_then(here, write, box):
    said = write(valid_from=later(hours=1), valid_until=later(hours=3))
    assert said["state"] == "approved" and box(HEAD) == [] and here.events() == []

    def look(now) -> bool:
        with here.store.transaction() as tx:
            return announcing.publish_due(tx, now)

    assert not look(clock.now() + timedelta(minutes=59))
    assert look(clock.now() + timedelta(minutes=61))
    assert not look(clock.now() + timedelta(minutes=61))
    assert box(HEAD) == ["Nghỉ Tết"] and [name for name, _ in here.events()] == ["announcement_published"]


def test_a_withdrawn_one_disappears_and_says_why(here, write, step, box, caller):
    said = write()
    caller(messaging.see_announcement, {"id": said["id"]}, claims=HEAD)
    assert refused(step, messaging.withdraw_announcement, said, HEAD, reason="Không đúng") == "not_authorised"
    step(messaging.withdraw_announcement, said, OFFICE, reason="Nhầm ngày")

    assert box(HEAD) == []
    found = caller(messaging.get_announcement, {"id": said["id"]}, claims=HEAD)
    assert (found["state"], found["reason"], found["text"]) == ("withdrawn", "Nhầm ngày", None)
    assert caller(messaging.get_announcement, {"id": said["id"]}, claims=VICE)["text"] == "Nghỉ bảy ngày."
    assert [name for name, _ in here.events()] == ["announcement_published", "announcement_withdrawn"]
    acts = [row["action"] for row in here.rows("SELECT action FROM audit_log WHERE action <> 'denied' ORDER BY number")]
    assert acts == ["announcement.published", "announcement.withdrawn"]


# what of it is counted


def test_what_one_has_seen_is_one_row_and_his_own(here, write, caller):
    said = write()
    assert caller(messaging.get_unread, {}, claims=HEAD)["announcements"]["count"] == 1
    for _ in range(2):
        caller(messaging.see_announcement, {"id": said["id"]}, claims=HEAD)

    assert len(here.rows("SELECT * FROM announcement_marks")) == 1
    assert caller(messaging.get_unread, {}, claims=HEAD)["announcements"] == {"count": 0, "items": []}
    assert [each["id"] for each in caller(messaging.get_unread, {}, claims=CLERK)["announcements"]["items"]] == [
        said["id"]
    ]


def test_only_what_asks_for_it_is_acknowledged_and_the_first_time_counts(write, step, caller):
    plain, asking = write(), write(acknowledge=True, acknowledge_by=later(days=1))
    assert (
        refused(caller, messaging.acknowledge_announcement, {"id": plain["id"]}, claims=HEAD)
        == "nothing_to_acknowledge"
    )
    caller(messaging.acknowledge_announcement, {"id": asking["id"]}, claims=HEAD)
    first = caller(messaging.get_announcement, {"id": asking["id"]}, claims=HEAD)
    caller(messaging.acknowledge_announcement, {"id": asking["id"]}, claims=HEAD)
    assert caller(messaging.get_announcement, {"id": asking["id"]}, claims=HEAD) == first
    assert first["acknowledged_at"] and first["seen_at"]
    step(messaging.withdraw_announcement, asking, VICE, reason="Nhầm")
    assert refused(caller, messaging.acknowledge_announcement, {"id": asking["id"]}, claims=CLERK) == "wrong_state"


def test_reach_counts_each_person_once_by_his_own_unit(write, caller):
    said = write(to=[{"unit_id": unit("dept")}, {"unit_id": unit("ward-1")}, {"person_id": person("ward-1 head")}],
                 acknowledge=True)  # fmt: skip
    caller(messaging.see_announcement, {"id": said["id"]}, claims=DIVISION)
    caller(messaging.acknowledge_announcement, {"id": said["id"]}, claims=HEAD)
    found = caller(messaging.get_reach, {"id": said["id"], "limit": 1}, claims=VICE)

    assert (found["could_see"], found["seen"], found["acknowledged"]) == (8, 2, 1)
    [dept] = found["items"]
    assert dept == {"unit_id": unit("dept"), "unit_name": "Sở Nội vụ", "could_see": 5, "seen": 1, "acknowledged": 0}
    rest = caller(messaging.get_reach, {"id": said["id"], "cursor": found["next_cursor"]}, claims=VICE)
    assert [(each["unit_name"], each["could_see"]) for each in rest["items"]] == [("Phường 1", 3)]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("to", [
    {"audience": "whole-city"}, {"audience": "all-wards"}, {"unit_id": unit("dept")}, {"post_kind": "head"},
    {"person_id": person("ward-2 clerk")}, {"unit_id": unit("division")},
])  # fmt: skip
def test_those_whom_it_reaches_are_those_who_can_see_it(here, write, box, caller, to):
    """Both ends of an address: who finds it, and how many are counted."""
    said = write(to=[to])
    names = [row["person_id"] for row in here.rows("SELECT DISTINCT person_id::text FROM copy_memberships")]
    finders = [each for each in names if box({**VICE, "sub": each})]
    assert caller(messaging.get_reach, {"id": said["id"]}, claims=VICE)["could_see"] == len(finders) > 0


# bad input


@pytest.mark.parametrize("given, code", [
    ({"to": [{"unit_id": post("none")}]}, "unknown_unit"),
    ({"to": [{"person_id": post("none")}]}, "unknown_person"),
    ({"audience": "no-such"}, "unknown_audience"),
    ({"to": []}, "invalid_request"),
    ({"to": [{}]}, "invalid_request"),
    ({"to": [{"unit_id": unit("dept"), "post_kind": "head"}]}, "invalid_request"),
    ({"to": [{"post_kind": "king"}]}, "invalid_request"),
    ({"to": [{"unit_id": unit("dept")}] * 201}, "invalid_request"),
    ({"to": [{"unit_id": unit("dept")}], "audience": "whole-city"}, "invalid_request"),
    ({"title": "x" * 301}, "invalid_request"),
    ({"title": "\u202e\u200b"}, "invalid_request"),
    ({"text": "x" * 100_000}, "invalid_request"),
    ({"valid_until": "2020-01-01T00:00:00Z"}, "time_has_passed"),
    ({"valid_from": later(days=2), "valid_until": later(days=1)}, "dates_in_wrong_order"),
    ({"acknowledge": True, "acknowledge_by": later(days=2), "valid_until": later(days=1)}, "dates_in_wrong_order"),
    ({"acknowledge_by": later(days=2)}, "invalid_request"),
    ({"file_ids": [post("none")]}, "unknown_file"),
])  # fmt: skip
def test_bad_input_is_refused_and_leaves_nothing(here, write, given, code):
    assert refused(write, **given) == code
    assert here.rows("SELECT id FROM announcements") == []


# cost


def test_the_newest_are_walked_however_many_there_are(here):
    """Ten years of a thousand announcements each: a page reads what it shows, from each of the reader's addresses."""
    with here.store.transaction() as tx:
        tx.execute(sa.text("""
            INSERT INTO announcements (id, version, state, title, text, addressed, importance, acknowledge, unit_id,
                for_city, by_post_id, by_title, writer_post_id, writers, written_at, published_at)
            SELECT gen_random_uuid(), 1, 'published', 'T' || n, '', '[]', 'normal', false, :unit, true, :post, 'x',
                :post, '{}', now(), now() - n * interval '1 hour' FROM generate_series(1, 10000) n
        """), {"unit": unit("committee"), "post": post("committee chairman")})  # fmt: skip
        tx.execute(sa.text("""
            INSERT INTO announcement_addresses (address, published_at, announcement_id)
            SELECT CASE n % 4 WHEN 0 THEN 'audience:whole-city' ELSE 'unit:' || n % 40 END, published_at, id
            FROM (SELECT *, substr(title, 2)::int AS n FROM announcements) numbered
        """))  # fmt: skip
    here.do("ANALYZE announcements, announcement_addresses")
    keys = ["audience:whole-city", "unit:1", "unit:2", "unit:3"]
    with here.store.reading(walks=True) as tx:
        _, [plan] = explained(tx, lambda: storage.received(tx, person("ward-1 head"), keys, clock.now(), None, 51))
    assert _rows_read(plan) < 2_000


def _rows_read(plan: dict) -> int:
    own = 0 if plan.get("Plans") else plan["Actual Rows"] * plan["Actual Loops"] + plan.get("Rows Removed by Filter", 0)
    return own + sum(map(_rows_read, plan.get("Plans", ())))


def test_a_form_is_taken_as_the_edge_reads_it():
    """What the edge has read goes over the bus and is read once more."""
    content = {"title": "a", "text": "b", "to": [{"unit_id": unit("dept")}], "valid_until": later(days=1)}
    once = schema(messaging.NewAnnouncement).load(content)
    again = once | {"valid_until": once["valid_until"].isoformat()}
    assert schema(messaging.NewAnnouncement).load(again) == once


def test_only_what_is_told_says_who_has_seen_it_and_the_first_time(here, write, caller):
    for given in ({}, {"importance": "urgent"}, {"acknowledge": True}):
        one = write(title="x", **given)["id"]
        for procedure in (messaging.see_announcement, messaging.acknowledge_announcement) * 2:
            if procedure is messaging.see_announcement or given.get("acknowledge"):
                caller(procedure, {"id": one}, claims=HEAD)

    told = [data for name, data in here.events() if name == "announcement_seen"]
    assert [(each["person_id"], each["acknowledged"]) for each in told] == [
        (HEAD["sub"], False), (HEAD["sub"], False), (HEAD["sub"], True),
    ]  # fmt: skip
