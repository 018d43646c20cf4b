"""What siblings say that waits: in any order, however often, for posts that are known and for others."""

import itertools
from datetime import timedelta

import pytest

from chassis import clock
from chassis.contract import schema
from chassis.inbox import Heard, Unacceptable
from contracts import inbound, reminders
from kernel.directory_copy.facts import apply_page, read_state
from kernel.working_time import OPENS, TZ
from reminders.domain.items import subject_of
from reminders.service import Service
from reminders.use_cases import climbing, items, reading, siblings
from tests.support.orders import issued, piece_id
from tests.support.town import DELEGATION, claims, id_of, membership_of, person, post, unit

SAID = {
    "kind": "citizen_case", "unit_code": "ward-1", "title": "Đèn đường hỏng", "from_title": "Tổng đài 1022",
    "urgency": "urgent", "due": "2026-03-05T10:00:00+07:00", "link": "https://1022.tphcm.gov.vn/phan-anh/71",
}  # fmt: skip
A_UNIT = {"kind": "ward", "full_name_en": None, "parent_id": unit("committee"), "valid_from": "2026-01-01"}
HEAD = claims("ward-1 head")
OPENED, CHANGED, CLOSED = "waiting_item_opened", "waiting_item_changed", "waiting_item_closed"


@pytest.fixture
def say(here):
    """The handlers as the inbox calls them, each event in a transaction of its own."""

    def said(name: str, version: int = 1, subject: str = "pa/71", origin: str = "hotline", **changes) -> None:
        event = inbound.INBOUND[name]
        data = schema(event.data).load({} if name == CLOSED else SAID | changes)
        with here.store.transaction() as tx:
            heard = Heard("", name, subject, version, clock.now(), data, origin)
            getattr(Service, f"on_{name}")(Service(), tx, heard)

    return said


def seen(here, who: dict = HEAD, **wanted) -> list[dict]:
    request = schema(reminders.list_action_items.request).load(wanted)
    with here.store.reading() as tx:
        return reading.list_action_items(tx, who, request, clock.now())["items"]


def titles(here, who: dict = HEAD, **wanted) -> list[str]:
    return [item["title"] for item in seen(here, who, **wanted)]


def nudges(here, state: str = "waiting") -> list[tuple[str, str]]:
    """What has been planned once the clock has looked."""
    look(here, clock.now())
    rows = here.rows(
        "SELECT person_id::text, text FROM nudges JOIN occasions o ON o.id = occasion_id WHERE state = :state"
        " ORDER BY o.id, person_id", state=state,
    )  # fmt: skip
    return [(row["person_id"], row["text"]) for row in rows]


def becomes_known(here, *facts: tuple[str, str, dict]) -> None:
    """The directory says so, and the copy hears it."""
    with here.store.transaction() as tx:
        version = read_state(tx).version
        items = [
            {"kind": kind, "id": key, "version": version + number, "fact": fact and fact | {"valid_to": None}}
            for number, (kind, key, fact) in enumerate(facts, start=1)
        ]
        apply_page(tx, version, items, version + len(items), True, clock.now())


def place(here) -> None:
    more = True
    while more:
        with here.store.transaction() as tx:
            more = siblings.place_some(tx, clock.now())


def look(here, now) -> None:
    with here.store.transaction() as tx:
        items.nudge_some(tx, now)


def looked(here, now) -> int:
    """How many nudges there are after it."""
    look(here, now)
    return len(nudges(here))


def morning(here):
    [row] = here.rows("SELECT nudge_at AS at FROM action_items WHERE open AND nudge_at IS NOT NULL")
    assert row["at"].astimezone(TZ).time() == OPENS
    return row["at"]


def test_what_waits_there_is_before_the_head_of_the_unit_until_it_is_closed(here, say):
    say(OPENED)
    [item] = seen(here)
    assert {name: item[name] for name in ("kind", "origin", "link", "from_title", "urgency", "post_id", "task_id")} == {
        "kind": "citizen_case", "origin": "hotline", "link": SAID["link"], "from_title": "Tổng đài 1022",
        "urgency": "urgent", "post_id": post("ward-1 head"), "task_id": None,
    }  # fmt: skip
    assert (titles(here, claims("ward-1 clerk")), titles(here, claims("ward-2 head"))) == ([SAID["title"]], [])
    assert nudges(here) == [(person("ward-1 head"), "Phản ánh 1022 chờ xử lý")]

    say(CLOSED, 2)
    assert seen(here) == []
    assert [name for name, _ in here.events()] == ["action_items_raised", "action_items_closed"]
    assert (nudges(here), len(nudges(here, "dropped"))) == ([], 1)
    assert here.rows("SELECT title, link FROM action_items") == [{"title": "", "link": ""}]


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(4))), ids=range(24))
def test_whatever_comes_first_and_however_often_the_newest_version_stands(here, say, arrival):
    acts = [(OPENED, 1), (CHANGED, 2), (CLOSED, 3), (OPENED, 4)]
    for number in (*arrival, *arrival):
        name, version = acts[number]
        say(name, version, title=f"lần {version}")

    assert titles(here) == ["lần 4"]
    assert here.rows("SELECT version FROM action_items") == [{"version": 4}]


def test_closing_before_opening_keeps_the_place(here, say):
    say(CLOSED, 2)
    say(OPENED, 1)

    assert (seen(here), here.events(), nudges(here)) == ([], [], [])


def test_a_change_is_shown_and_whoever_had_it_is_not_nudged_again(here, say):
    say(OPENED)
    say(CHANGED, 2, title="Đèn đường và dây điện", urgency="express")
    say(CHANGED, 3, unit_code="ward-2")

    assert (titles(here), titles(here, claims("ward-2 head"))) == ([], [SAID["title"]])
    assert nudges(here) == [(person("ward-2 head"), "Phản ánh 1022 chờ xử lý")]
    name, said = here.events()[-1]
    assert (name, [item["post_id"] for item in said["closed"]]) == ("action_items_raised", [post("ward-1 head")])


def test_it_may_be_for_a_post_or_for_one_person_only(here, say):
    say(OPENED, subject="1", unit_code=None, post_id=post("ward-1 official"), title="của chức vụ")
    say(OPENED, subject="2", unit_code=None, person_id=person("ward-1 official"), title="của riêng")

    official = claims("ward-1 official")
    assert titles(here, official) == ["của chức vụ", "của riêng"]
    assert titles(here) == []
    assert [who for who, _ in nudges(here)] == [person("ward-1 official")] * 2
    [_, (_, said)] = here.events()
    assert [(item["person_id"], item["post_id"]) for item in said["items"]] == [(person("ward-1 official"), None)]


def test_a_sibling_touches_nothing_of_another_or_of_ours(here, say):
    with here.store.transaction() as tx:
        Service.on_task_issued(Service(), tx, Heard("", "task_issued", "", 1, clock.now(), issued()))
    say(OPENED)
    for subject in ("pa/71", piece_id("ward-1")):
        say(CLOSED, 9, subject=subject, origin="mail")

    assert sorted(titles(here)) == ["Diễn tập", SAID["title"]]
    assert titles(here, origin="hotline") == [SAID["title"]]


@pytest.mark.parametrize(("subject", "version"), [("a b", 1), ("", 1), ("x" * 101, 1), ("a", 0), ("a", 2**31)])
def test_what_has_no_name_or_no_version_is_parked(here, say, subject, version):
    for name in (OPENED, CLOSED):
        with pytest.raises(Unacceptable):
            say(name, version, subject)
    assert here.rows("SELECT id FROM action_items") == []


def test_what_waits_for_a_post_that_nobody_knows_is_kept_and_comes_with_it(here, say):
    new_unit, new_post, new_person = unit("ward-9"), post("ward-9 head"), person("ward-9 head")
    say(OPENED, subject="1", unit_code="ward-9", title="theo mã")
    say(OPENED, subject="2", unit_code=None, post_id=new_post, title="theo chức vụ")
    say(OPENED, subject="3", unit_code=None, person_id=new_person, title="theo người")
    say(OPENED, subject="4", unit_code="ward-9", title="đóng trước")
    say(CLOSED, 2, subject="4")
    say(OPENED, subject="5", unit_code="ward-10", title="không ai biết")
    place(here)
    assert (here.events(), nudges(here)) == ([], [])

    from_day = {"valid_from": "2026-01-01"}
    becomes_known(
        here,
        ("unit", new_unit, A_UNIT | {"code": "ward-9", "name": "Phường 9", "full_name": "Phường 9"}),
        ("post", new_post,
         from_day | {"unit_id": new_unit, "kind": "head", "title": "Chủ tịch", "is_head": True, "rank": 0}),
        ("membership", id_of("new"), from_day | {"person_id": new_person, "post_id": new_post, "primary": True}),
    )  # fmt: skip
    place(here)
    place(here)

    head = claims("ward-9 head")
    assert sorted(titles(here, head)) == ["theo chức vụ", "theo mã", "theo người"]
    assert [who for who, _ in nudges(here)] == [new_person] * 3
    [(name, said)] = here.events()
    assert (name, len(said["items"])) == ("action_items_raised", 3)
    [left] = here.rows("SELECT unplaced ->> 'title' AS title, tried FROM action_items WHERE unplaced IS NOT NULL")
    with here.store.reading() as tx:
        assert left == {"title": "không ai biết", "tried": read_state(tx).version}


def test_no_word_of_a_sibling_wakes_anybody_at_night(here, say):
    say(OPENED, urgency="express")
    assert seen(here)[0]["urgency"] == "express"
    look(here, clock.now())
    assert here.rows("SELECT urgency_rank FROM nudges") == [{"urgency_rank": 1}]


def test_two_processes_never_place_the_same(here, say):
    say(OPENED, unit_code="ward-9", subject="1")
    becomes_known(here, ("unit", unit("ward-3"), A_UNIT | {"code": "ward-9", "name": "Phường 9", "full_name": "9"}))
    with here.store.transaction() as one, here.store.transaction() as other:
        assert siblings.place_some(one, clock.now())
        assert not siblings.place_some(other, clock.now())
    place(here)
    assert nudges(here) == [(person("ward-3 head"), "Phản ánh 1022 chờ xử lý")]


def test_what_is_not_understood_any_more_does_not_keep_the_others_waiting(here, say):
    for subject in ("1", "2"):
        say(OPENED, unit_code="ward-9", subject=subject)
    here.do("UPDATE action_items SET unplaced = '{}' WHERE subject_id = :id", id=subject_of("hotline", "1"))
    becomes_known(here, ("unit", unit("ward-3"), A_UNIT | {"code": "ward-9", "name": "Phường 9", "full_name": "9"}))
    place(here)
    assert nudges(here) == [(person("ward-3 head"), "Phản ánh 1022 chờ xử lý")]


def test_a_sibling_has_so_many_waiting_for_posts_that_nobody_knows(here, say, monkeypatch):
    monkeypatch.setattr(siblings, "MOST_UNPLACED", 2)
    for subject in ("1", "2"):
        say(OPENED, unit_code="ward-9", subject=subject)
    with pytest.raises(Unacceptable):
        say(OPENED, unit_code="ward-9", subject="3")
    say(CHANGED, 2, unit_code="ward-10", subject="2")
    say(OPENED, subject="3")
    say(OPENED, unit_code="ward-9", subject="1", origin="mail")
    say(CLOSED, 2, subject="1")
    say(OPENED, unit_code="ward-9", subject="4")
    assert here.rows("SELECT count(unplaced) AS kept, count(*) AS n FROM action_items") == [{"kept": 3, "n": 5}]


def test_nobody_looks_again_for_what_finds_nobody(here, say):
    say(OPENED, unit_code="ward-10")
    becomes_known(here, ("working_day", "2026-11-20", {"working": False, "name": "Nghỉ"}))
    with here.store.transaction() as tx:
        assert siblings.place_some(tx, clock.now()) is False


def test_nobody_looks_again_while_the_directory_stays_as_it_is(here, say):
    say(OPENED, unit_code="ward-10")
    with here.store.transaction() as tx:
        assert siblings.place_some(tx, clock.now()) is False


def test_an_item_follows_its_post_to_the_next_holder_and_to_whom_its_powers_are_lent(here, say):
    say(OPENED, unit_code=None, post_id=post("committee vice_chairman"))
    deputy = claims("office deputy_chief_of_office")
    assert titles(here, deputy) == titles(here, deputy | {"delegation_id": DELEGATION}) == [SAID["title"]]

    new = {"person_id": person("new vice"), "post_id": post("committee vice_chairman"), "primary": True}
    becomes_known(
        here, ("membership", id_of("membership committee vice_chairman"), None),
        ("membership", id_of("new"), new | {"valid_from": "2026-01-01"}),
    )  # fmt: skip
    assert titles(here, claims("new vice")) == [SAID["title"]]
    assert titles(here, deputy) == []  # what his predecessor lent died with his membership


def test_whoever_answers_for_a_post_is_nudged(here, say):
    say(OPENED, unit_code=None, post_id=post("committee vice_chairman"))
    assert sorted(who for who, _ in nudges(here)) == sorted([
        person("committee vice_chairman"), person("office deputy_chief_of_office"),
    ])  # fmt: skip
    here.do("DELETE FROM copy_memberships WHERE id = :id", id=membership_of("ward-1 head"))
    say(OPENED, subject="pa/72")
    assert person("ward-1 clerk") in [who for who, _ in nudges(here)]


def test_what_reaches_nobody_is_tried_again_every_working_morning(here, say):
    everybody = {"a": person("ward-1 head"), "b": person("ward-1 clerk")}
    until = "UPDATE copy_memberships SET valid_to = {} WHERE person_id IN (:a, :b)"
    here.do(until.format("DATE '2026-01-02'"), **everybody)
    say(OPENED)
    say(CHANGED, 2, title="Đèn đường và dây điện")
    say(OPENED, subject="pa/72")
    say(CLOSED, 2, subject="pa/72")
    assert (len(here.rows("SELECT id FROM action_items WHERE open")), looked(here, clock.now())) == (1, 0)

    here.do("UPDATE action_items SET nudge_at = raised_at, raised_at = raised_at - interval '1 day'")
    assert looked(here, clock.now()) == 0
    mornings = [morning(here)]
    assert looked(here, mornings[0]) == 0
    mornings.append(morning(here))
    assert mornings[0] < mornings[1]
    here.do(until.format("NULL"), **everybody)
    assert looked(here, mornings[0]) == 0
    assert looked(here, mornings[1]) == 1
    assert here.rows("SELECT id FROM action_items WHERE nudge_at IS NOT NULL AND open") == []
    assert nudges(here) == [(person("ward-1 head"), "Phản ánh 1022 chờ xử lý")]


def climbed(here, now) -> list[str]:
    """Who has been told by the ladders that an answer is overdue."""
    with here.store.transaction() as tx:
        climbing.climb(tx, now)
    query = "SELECT person_id::text AS who FROM nudges JOIN occasions o ON o.id = occasion_id WHERE rung = 'unanswered'"
    return [row["who"] for row in here.rows(f"{query} AND state = 'waiting'")]


def test_what_waits_there_beyond_its_deadline_climbs_the_ladder_until_it_is_closed(here, say):
    due = clock.now() + timedelta(days=10)
    overdue = due + timedelta(days=1)
    say(OPENED, due=due.isoformat())
    assert climbed(here, clock.now()) == []
    say(CHANGED, 2, due=(due + timedelta(days=30)).isoformat())
    assert climbed(here, overdue) == []
    say(CHANGED, 3, due=due.isoformat())
    assert climbed(here, overdue) == climbed(here, overdue) == [person("ward-1 head")]
    [item] = seen(here)
    said = here.rows("SELECT link, text FROM occasions WHERE rung = 'unanswered'")
    assert [(row["link"], "Tổng đài 1022 đang chờ" in row["text"]) for row in said] == [
        (f"/api/v1/action-items/{item['id']}", True)
    ]
    say(CLOSED, 4)
    assert climbed(here, overdue + timedelta(days=30)) == []
    assert here.rows("SELECT open, state, version, title, unit_name, link FROM watched") == [
        {"open": False, "state": "answered", "version": 4, "title": "", "unit_name": "", "link": ""}
    ]
    assert here.rows("SELECT version, state FROM watched_log ORDER BY version")[-1] == {
        "version": 4,
        "state": "answered",
    }


def test_what_a_sibling_calls_express_climbs_no_ladder_at_night(here, say):
    due = clock.now() + timedelta(days=10)
    say(OPENED, urgency="express", due=due.isoformat())
    climbed(here, due + timedelta(days=1))
    assert [row["rank"] for row in here.rows("SELECT urgency_rank AS rank FROM occasions")] == [1]


def test_without_a_deadline_nothing_climbs_and_one_that_is_taken_away_ends_it(here, say):
    say(OPENED, due=None)
    assert here.rows("SELECT subject_id FROM watched") == []
    due = clock.now() + timedelta(days=10)
    say(CHANGED, 2, due=due.isoformat())
    say(CHANGED, 3, due=None)
    assert climbed(here, due + timedelta(days=1)) == []
    say(CHANGED, 4, due=due.isoformat())
    assert climbed(here, due + timedelta(days=1)) == [person("ward-1 head")]


def test_what_loses_its_place_and_finds_one_again_climbs_as_well(here, say):
    due = clock.now() + timedelta(days=10)
    say(OPENED, due=due.isoformat())
    say(CHANGED, 2, unit_code="ward-9", due=due.isoformat())
    assert climbed(here, due + timedelta(days=1)) == []
    becomes_known(here, ("unit", unit("ward-2"), A_UNIT | {"code": "ward-9", "name": "Phường 9", "full_name": "9"}))
    place(here)
    assert climbed(here, due + timedelta(days=1)) == [person("ward-2 head")]


def test_powers_lent_for_tasks_alone_do_not_show_what_a_sibling_says(here, say):
    due = clock.now() + timedelta(days=10)
    say(OPENED, unit_code=None, post_id=post("committee vice_chairman"), due=due.isoformat())
    here.do("UPDATE copy_delegations SET scope = 'tasks'")
    assert [who for who, _ in nudges(here)] == [person("committee vice_chairman")]
    assert climbed(here, due + timedelta(days=1)) == [person("committee vice_chairman")]


def test_what_was_closed_before_it_was_opened_or_waits_for_a_person_climbs_no_ladder(here, say):
    say(CLOSED, 2)
    say(OPENED, 1)
    say(OPENED, subject="pa/72", unit_code=None, person_id=person("ward-1 official"))
    assert here.rows("SELECT subject_id FROM watched") == []


def test_what_is_placed_later_climbs_as_well(here, say):
    say(OPENED, unit_code="ward-9")
    assert here.rows("SELECT subject_id FROM watched") == []
    becomes_known(here, ("unit", unit("ward-1"), A_UNIT | {"code": "ward-9", "name": "Phường 9", "full_name": "9"}))
    place(here)
    assert here.rows("SELECT open, post_id::text AS post FROM watched") == [{"open": True, "post": post("ward-1 head")}]
