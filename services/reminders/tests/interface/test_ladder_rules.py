"""The rules of the ladders: read, changed, tried out; and open work that is reckoned anew."""

from copy import deepcopy
from datetime import date, datetime, timedelta

import pytest

from kernel.errors import Refused
from kernel.working_time import TZ, end_of_day
from reminders.domain.default_ladders import DEFAULT
from reminders.use_cases import climbing, ladders, simulating
from tests.support.orders import changed, issued, piece_id
from tests.support.town import claims, person, unit

NOW = datetime(2026, 9, 14, 9, 0, tzinfo=TZ)  # a Monday
DUE = end_of_day(date(2026, 9, 25))  # a Friday
CHIEF, CLERK = claims("office chief_of_office"), claims("office official")
A_DAY_EARLIER = deepcopy(list(DEFAULT))
A_DAY_EARLIER[0]["rungs"][0]["after"]["urgent"] = {"days": -6}


def change(here, rules, version=1, who=CHIEF) -> dict:
    with here.store.transaction() as tx:
        request = {"rules": rules, "reason": "Nhắc sớm hơn", "version": version}
        return ladders.change_ladders(tx, who, request, NOW)


def recount(here, at_once: int) -> bool:
    with here.store.transaction() as tx:
        return climbing.recount(tx, NOW, at_once)


def climb(here, now: datetime) -> int:
    with here.store.transaction() as tx:
        return climbing.climb(tx, now).pieces


def next_looks(here) -> set[datetime]:
    return {row["next_at"] for row in here.rows("SELECT next_at FROM watched")}


def test_the_program_has_rules_of_its_own_until_somebody_sets_others(here):
    with here.store.reading() as tx:
        shown = ladders.get_ladders(tx, CHIEF, NOW)
    assert (shown["version"], shown["rules"], shown["recount"]) == (1, list(DEFAULT), None)


def test_rules_are_set_with_a_reason_and_every_version_is_kept(here):
    shown = change(here, A_DAY_EARLIER)
    assert (shown["version"], shown["rules"], shown["person_id"]) == (2, A_DAY_EARLIER, CHIEF["sub"])
    change(here, list(DEFAULT), version=2)

    with here.store.reading() as tx:
        first = ladders.list_ladder_versions(tx, CHIEF, {"cursor": None, "limit": 2}, NOW)
        rest = ladders.list_ladder_versions(tx, CHIEF, {"cursor": first["next_cursor"], "limit": 2}, NOW)
    assert [row["version"] for row in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    [entry, _] = here.rows("SELECT action, subject FROM audit_log ORDER BY number")
    assert entry == {"action": "ladders.changed", "subject": "2"}


def test_to_say_the_same_again_changes_nothing(here):
    change(here, A_DAY_EARLIER)
    assert change(here, A_DAY_EARLIER, version=1)["version"] == 2


def test_whoever_saw_older_rules_is_told(here):
    change(here, A_DAY_EARLIER)
    with pytest.raises(Refused) as refused:
        change(here, list(DEFAULT))
    assert refused.value.refusal_code == "stale_version"


def test_only_who_looks_after_the_platform_or_the_office_sets_them(here):
    for who in (CLERK, claims("committee vice_chairman"), claims("ward-1 head")):
        with pytest.raises(Refused) as refused:
            change(here, A_DAY_EARLIER, who=who)
        assert refused.value.refusal_code == "not_authorised"


def test_other_rules_reckon_open_work_anew_part_by_part(here, hear):
    hear("task_issued", issued(due=DUE.isoformat(), issued_at=NOW.isoformat()))
    assert climb(here, NOW) == 3
    before = next_looks(here)
    change(here, A_DAY_EARLIER)
    assert recount(here, 2)
    with here.store.reading() as tx:
        progress = ladders.get_ladders(tx, CHIEF, NOW)["recount"]
    assert (progress["done"], progress["total"], progress["ended_at"]) == (2, 3, None)

    assert recount(here, 2)
    assert not recount(here, 2)
    with here.store.reading() as tx:
        progress = ladders.get_ladders(tx, CHIEF, NOW)["recount"]
    assert (progress["done"], progress["ended_at"]) == (3, NOW)
    assert climb(here, NOW) == 3
    assert next_looks(here) == before  # to be received comes first
    assert climb(here, datetime(2026, 9, 17, tzinfo=TZ)) == 3
    assert len(here.rows("SELECT FROM occasions WHERE rung = 'yellow'")) == 2


def test_other_working_days_do_so_too(here, hear):
    hear("task_issued", issued(due=DUE.isoformat(), issued_at=NOW.isoformat()))
    hear("assignment_changed", changed("accepted", "in_progress", 2, current_due=DUE.isoformat(), at=NOW.isoformat()))
    climb(here, NOW)
    for _ in range(2):
        with here.store.transaction() as tx:
            climbing.follow_calendar(tx, NOW)
    assert len(here.rows("SELECT FROM ladder_recounts")) == 1  # what it is at the beginning
    while recount(here, 2):
        pass
    climb(here, NOW)

    here.do("INSERT INTO copy_working_days (id, version, working, name) VALUES ('2026-09-22', 999, false, 'Nghỉ')")
    with here.store.transaction() as tx:
        climbing.follow_calendar(tx, NOW)
    while recount(here, 2):
        pass
    climb(here, NOW)
    [row] = here.rows("SELECT next_at FROM watched WHERE subject_id = :id", id=piece_id("ward-1"))
    assert row["next_at"] == datetime(2026, 9, 17, tzinfo=TZ)


def simulate(here, rules, **more) -> dict:
    with here.store.reading() as tx:
        return simulating.simulate_ladders(tx, CHIEF, {"rules": rules}, NOW + timedelta(days=30), **more)


def rungs(simulated: dict) -> dict[str, int]:
    return {each["rung"]: each["messages"] for each in simulated["per_rung"]}


def test_the_simulator_lives_through_what_happened_and_says_nothing(here, hear):
    hear("task_issued", issued(due=DUE.isoformat(), issued_at=NOW.isoformat()))
    accepted = changed("accepted", "in_progress", 2, current_due=DUE.isoformat(), at=NOW.isoformat())
    hear("assignment_changed", accepted)
    in_time = {"at": (DUE - timedelta(days=1)).isoformat(), "current_due": DUE.isoformat()}
    hear(
        "assignment_changed", changed("submitted", "result_submitted", 3, before="in_progress", awaits=None, **in_time)
    )
    no_deadline = [A_DAY_EARLIER[1]]

    found = simulate(here, no_deadline)
    assert (found["pieces"], found["one_in"]) == (3, 1)
    # ward 1 has its yellow; ward 2 climbs all rungs and, like ward 3, receives nothing
    assert rungs(found["in_force"]) == {"yellow": 4, "red": 4, "deep_red": 5, "unreceived": 8}
    assert rungs(found["changed"]) == {"unreceived": 8}
    assert {each["unit_id"]: each["messages"] for each in found["in_force"]["per_unit"]} == {
        unit("ward-1"): 2, unit("ward-2"): 15, unit("ward-3"): 4,
    }  # fmt: skip
    busiest = found["in_force"]["per_person"][0]
    assert busiest == {
        "person_id": person("office chief_of_office"), "messages": 6, "days": 4, "on_worst_day": 2,
    }  # fmt: skip
    assert here.rows("SELECT FROM occasions") == []


def test_the_simulator_agrees_with_the_clock(here, hear):
    hear("task_issued", issued(due=DUE.isoformat(), issued_at=NOW.isoformat()))
    found = simulate(here, list(DEFAULT))
    now = NOW
    while (nexts := {at for at in next_looks(here) if at}) and min(nexts) < NOW + timedelta(days=30):
        now = max(now, min(nexts))
        climb(here, now)
    rows = here.rows("SELECT rung, count(*) AS n FROM nudges JOIN occasions ON occasions.id = occasion_id GROUP BY 1")
    assert {row["rung"]: row["n"] for row in rows} == rungs(found["in_force"]) == rungs(found["changed"])


def test_of_a_great_many_pieces_one_in_so_many_stands_for_all(here, hear):
    for number in range(10):
        hear("task_issued", issued(f"Việc {number}", due=DUE.isoformat(), issued_at=NOW.isoformat()))
    found = simulate(here, list(DEFAULT), at_most=10)
    assert found["one_in"] == 3
    assert 0 < found["pieces"] < 30
