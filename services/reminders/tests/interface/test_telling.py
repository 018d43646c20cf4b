"""What is due is told in the application: once, bundled, the most urgent first, in working hours."""

from collections import Counter
from datetime import timedelta

import eventlet
import psycopg
import sqlalchemy as sa

from reminders.storage import deliveries as storage
from reminders.tests.support import MORNING, occasion, plan, tell, told
from reminders.use_cases import attention, dispatching
from tests.support.town import id_of, person

HEAD, VICE = person("ward-1 head"), person("committee vice_chairman")
NIGHT = MORNING - timedelta(hours=12)


def test_what_is_not_urgent_comes_at_once_and_what_is_urgent_first_and_by_itself(town):
    here = town("reminders")
    urgent = occasion(4, HEAD, VICE, urgency="urgent")
    plan(here, occasion(1, HEAD, VICE), occasion(2), occasion(3), urgent)

    assert tell(here) == 6
    assert tell(here) == 0
    found = [(each["person_id"], [nudge["title"][-1] for nudge in each["nudges"]]) for each in told(here)]
    assert found[:2] in ([(HEAD, ["4"]), (VICE, ["4"])], [(VICE, ["4"]), (HEAD, ["4"])])
    assert sorted(found[2:]) == sorted([(HEAD, ["1", "2", "3"]), (VICE, ["1"])])
    assert {(nudge["kind"], nudge["link"]) for nudge in told(here)[0]["nudges"]} == {("red", "/api/v1/assignments/4")}
    counted = here.rows("SELECT CAST(person_id AS text), nudges, deliveries FROM nudge_counts")
    assert {(row["person_id"], row["nudges"], row["deliveries"]) for row in counted} == {(HEAD, 4, 2), (VICE, 2, 2)}


def test_of_very_many_the_first_are_told_and_how_many_more_there_are(town):
    here = town("reminders")
    plan(here, *[occasion(number) for number in range(25)])
    assert tell(here) == 25
    [at_once] = told(here)
    assert (len(at_once["nudges"]), at_once["more"]) == (10, 15)


def test_at_night_what_is_express_or_wanted_then_is_told_and_the_rest_in_the_morning(town):
    here = town("reminders")
    plan(here, occasion(1), occasion(2, urgency="express"), occasion(3, at_once=True), now=NIGHT)
    assert [tell(here, NIGHT), tell(here, NIGHT + timedelta(hours=1)), tell(here, MORNING)] == [2, 0, 1]


def test_a_day_that_has_become_a_holiday_is_waited_out(town):
    here = town("reminders")
    plan(here, occasion(1), occasion(2, urgency="express"))
    here.do(
        "INSERT INTO copy_working_days (id, version, working, name) VALUES (:day, 999, false, 'Nghỉ')",
        day=MORNING.date(),
    )
    assert tell(here) == 1  # what is express
    assert tell(here, MORNING + timedelta(days=1)) == 1


def test_what_was_acted_on_is_not_told(town):
    here = town("reminders")
    plan(here, occasion(1), occasion(2))
    with here.store.transaction() as tx:
        attention.stop(tx, [occasion(1).subject_id])
    assert tell(here) == 1


def test_two_that_tell_side_by_side_tell_each_nudge_once_and_leave_the_bundles_whole(town, store):
    here = town("reminders")
    people = [id_of(f"somebody {number}") for number in range(300)]
    plan(here, *[occasion(number, *people) for number in range(6)], occasion(7, *people, urgency="very_urgent"))
    stores = [here.store, store("reminders")]

    def all_of_it(of_mine) -> None:
        idle = 0
        while idle < 3:
            with of_mine.transaction() as tx:
                idle = 0 if dispatching.tell(tx, MORNING) else idle + 1
            eventlet.sleep(0)

    for thread in [eventlet.spawn(all_of_it, each) for each in stores]:
        thread.wait()
    each = told(here)
    assert Counter(len(one["nudges"]) for one in each) == {6: 300, 1: 300}
    ids = [nudge["id"] for one in each for nudge in one["nudges"]]
    assert len(ids) == len(set(ids)) == 2100
    urgencies = [one["nudges"][0]["urgency"] for one in each]
    assert urgencies == ["very_urgent"] * 300 + ["normal"] * 300


def test_while_one_gathers_another_does_not_take_what_is_left_of_a_bundle(town, store):
    here = town("reminders")
    plan(here, occasion(1), occasion(2))
    with here.store.transaction() as gathering, store("reminders").transaction() as another:
        assert storage.is_my_turn(gathering, "in_app")
        gathering.execute(sa.text("SELECT id FROM nudges LIMIT 1 FOR UPDATE"))
        assert dispatching.tell(another, MORNING) == 0
    assert tell(here) == 2
    assert len(told(here)) == 1


TO_COME = """
    INSERT INTO occasions (id, subject_id, rule, rung, deadline_version, title, text, link, urgency_rank, at)
        VALUES (:id, :id, 'r', 'red', 1, 't', 't', '/x', 3, now());
    INSERT INTO nudges (id, occasion_id, person_id, channel, state, urgency_rank, any_hour, due_at)
        SELECT gen_random_uuid(), :id, gen_random_uuid(), 'in_app', 'waiting', n % 4, n % 3 = 0, '2030-01-01'
        FROM generate_series(1, 20000) n;
"""


def test_what_is_to_come_costs_nothing(town, world):
    here = town("reminders")
    for statement in TO_COME.split(";\n")[:-1]:
        here.do(statement, id=id_of("to come"))
    with psycopg.connect(world.owners["reminders"], autocommit=True) as owner:
        owner.execute("ANALYZE nudges")
    plan(here, occasion(1))
    with here.store.transaction() as tx:
        for query in (storage._URGENT, storage._REST):
            explaining = sa.text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query.text}")
            explained = tx.execute(explaining, storage.When("in_app", MORNING, None, True).asked(500)).scalar()
            assert rows_read(explained[0]["Plan"]) < 20


def rows_read(node: dict) -> int:
    here = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
    return max([here, *(rows_read(each) for each in node.get("Plans", ()))])
