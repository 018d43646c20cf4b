"""Transactions, idempotency and timers on a real PostgreSQL."""

import contextlib
import itertools
import time

import eventlet
import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.database import Store
from chassis.errors import CallFailed, DatabaseUnavailable, DeadlineExceeded
from chassis.idempotency import answer_once
from chassis.listening import Follower
from chassis.rows import Id, Written, any_bound, any_of
from chassis.testing import until
from chassis.tests.interface import samples
from chassis.tests.interface.samples import CLAIMS, Speaker, said
from chassis.timers import every

_PID = sa.text("SELECT pg_backend_pid()")


@pytest.fixture(autouse=True)
def empty(clean):
    clean("tasks", "reminders", "messaging")


def test_one_transaction_emits_at_most_one_event(store):
    with pytest.raises(RuntimeError), store("tasks").transaction() as tx:
        tx.emit(said, subject="s", version=1, data={"text": "one"})
        tx.emit(said, subject="s", version=2, data={"text": "two"})
    with store("tasks").reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM outbox")).scalar() == 0


def test_a_reading_transaction_can_neither_write_nor_emit(store):
    with pytest.raises(RuntimeError), store("tasks").reading() as tx:
        tx.emit(said, subject="s", version=1, data={"text": "one"})
    with pytest.raises(sa.exc.InternalError), store("tasks").reading() as tx:
        tx.execute(sa.text("INSERT INTO timers VALUES ('x', now())"))


def test_a_database_that_is_away_is_named_as_such(world):
    away = Store("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable), away.transaction():
        pass
    assert not away.answers()


def test_the_runtime_role_may_not_change_the_schema(store):
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), store("tasks").transaction() as tx:
        tx.execute(sa.text("CREATE TABLE mine (id int)"))


def test_many_ids_are_read_once_and_not_for_each_row_that_is_compared_with_them(world):
    """The plan holds them as what they are: a text that becomes ids would be read again for each row."""
    ids = [clock.new_id() for _ in range(20)]
    outbox = sa.table("outbox", sa.column("name", sa.Text), sa.column("event_id", sa.Uuid(as_uuid=False)))
    engine = sa.create_engine(world.databases["tasks"].replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        sa.event.listen(
            connection, "before_cursor_execute", lambda _c, _cursor, text, values, *_: (f"EXPLAIN {text}", values),
            retval=True,
        )  # fmt: skip
        plan = connection.execute(sa.select(outbox.c.name).where(outbox.c.event_id == any_of(ids))).scalars().all()
    engine.dispose()
    assert f"(event_id = ANY ('{{{','.join(ids)}}}'::uuid[]))" in " ".join(plan)


def test_the_same_key_has_one_answer_and_another_request_is_refused(run, caller):
    run(Speaker)
    first = caller(samples.count_once, {"text": "a"}, CLAIMS)
    assert caller(samples.count_once, {"text": "a"}, CLAIMS) == first
    assert caller(samples.count_once, {"text": "a"}, CLAIMS | {"sub": "person-2"}) != first
    with pytest.raises(CallFailed) as raised:
        caller(samples.count_once, {"text": "b"}, CLAIMS)
    assert raised.value.code == "idempotency_key_reused"


def test_two_requests_with_one_key_at_the_same_time_act_once(run, caller):
    run(Speaker)
    before = Speaker.calls
    threads = [eventlet.spawn(caller, samples.count_once, {"text": "a"}, CLAIMS) for _ in range(8)]
    answers = {thread.wait()["text"] for thread in threads}
    assert len(answers) == 1
    assert Speaker.calls == before + 1


def test_a_key_is_kept_with_its_answer_for_a_day(run, store, world):
    numbers = itertools.count()
    tasks = store("tasks")

    def ask(key: str) -> dict:
        with tasks.transaction() as tx:
            return answer_once(tx, who="person-1", key=key, request="a", produce=lambda: {"number": next(numbers)})

    first = {key: ask(key) for key in ("of yesterday", "of today")}
    with psycopg.connect(world.owners["tasks"]) as owner:
        for key, hours in (("of yesterday", 25), ("of today", 23)):
            aged = "UPDATE idempotency SET created_at = now() - make_interval(hours => %s) WHERE key = %s"
            owner.execute(aged, (hours, key))
    run(Speaker)  # its relay begins with forgetting

    def keys() -> list[str]:
        with tasks.reading() as tx:
            return list(tx.execute(sa.text("SELECT key FROM idempotency")).scalars())

    until(lambda: keys() == ["of today"])
    assert ask("of today") == first["of today"]
    assert ask("of yesterday") != first["of yesterday"]


_KEYS = sa.table("idempotency", sa.column("who", sa.Text), sa.column("key", sa.Text))
_SOME = Written(
    sa.select(_KEYS.c.key, sa.cast(sa.bindparam("id", type_=Id), Id).label("id"), sa.literal(7).label("seven"))
    .where(_KEYS.c.who.in_(("a", "b")), _KEYS.c.key != sa.bindparam("but", type_=sa.Text))
    .where(sa.literal(clock.new_id(), Id) != any_bound("ids"))
    .order_by(_KEYS.c.key)
)
_SLEEP = Written(sa.select(sa.func.pg_sleep(sa.bindparam("seconds", type_=sa.Float)).label("nothing")))


def test_what_is_written_out_once_finds_what_it_would_otherwise(store):
    tasks, an_id = store("tasks"), clock.new_id()
    with tasks.transaction() as tx:
        for who, key in (("a", "1"), ("b", "2"), ("b", "3"), ("c", "4")):
            answer_once(tx, who=who, key=key, request="", produce=dict)
    with tasks.reading(keep_plans=True) as tx:
        for but, left in (("2", ["1", "3"]), ("1", ["2", "3"])):
            found = tx.rows(_SOME, {"id": an_id, "but": but, "ids": [clock.new_id()]})
            assert found == [{"key": key, "id": an_id, "seven": 7} for key in left]


@pytest.mark.parametrize("given", [{}, {"second": 1.0}, {"seconds": 0.0, "minutes": 1.0}])
def test_what_is_written_out_once_takes_all_its_values_and_no_others(given):
    with pytest.raises(TypeError, match="seconds"):
        _SLEEP.values(given)


def test_what_is_written_out_once_fails_as_everything_else(store, world):
    tasks = store("tasks")
    with pytest.raises(DeadlineExceeded), tasks.transaction() as tx:
        tx.execute(sa.text("SET LOCAL statement_timeout = 50"))
        tx.rows(_SLEEP, {"seconds": 30.0})
    with pytest.raises(DatabaseUnavailable), tasks.reading() as tx:
        pid = tx.execute(_PID).scalar_one()
        with psycopg.connect(world.databases["tasks"]) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        tx.rows(_SLEEP, {"seconds": 0.0})
    with tasks.reading() as tx:
        assert len(tx.rows(_SLEEP, {"seconds": 0.0})) == 1


def test_a_timer_that_should_run_alone_runs_once_per_interval_over_all_processes(run):
    ticks = []

    class Ticking:
        name = "reminders"

        @every(seconds=0.5, alone="test tick")
        def tick(self):
            ticks.append(1)

    first, second = run(Ticking), run(Ticking)
    until(lambda: len(ticks) >= 4, 6)
    eventlet.sleep(1.0)
    assert 5 <= len(ticks) <= 7
    assert first is not second


def test_a_timer_that_was_held_up_skips_what_it_missed(run):
    """Five ticks fall into the long one; afterwards it goes on at its pace, not in a burst."""
    ticks = []

    class Ticking:
        name = "reminders"

        @every(seconds=0.5)
        def tick(self):
            ticks.append(time.monotonic())
            if len(ticks) == 2:
                eventlet.sleep(2.6)

    run(Ticking)
    until(lambda: len(ticks) >= 6, 10)
    pauses = [later - earlier for earlier, later in itertools.pairwise(ticks[2:6])]
    assert min(pauses) > 0.05  # in a burst they follow within a millisecond


def test_connections_that_broke_while_idle_are_replaced_unnoticed(store, world):
    tasks = store("tasks")
    with contextlib.ExitStack() as stack:
        pids = {stack.enter_context(tasks.reading()).execute(_PID).scalar_one() for _ in range(3)}
    assert len(pids) == 3
    with psycopg.connect(world.databases["tasks"], autocommit=True) as connection:
        for pid in pids:
            connection.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))
    with contextlib.ExitStack() as stack:
        replaced = {stack.enter_context(tasks.transaction()).execute(_PID).scalar_one() for _ in range(3)}
    assert not pids & replaced


def test_a_follower_ends_at_once_when_it_waits_and_after_its_look_when_it_looks(world):
    looks = []

    def look(_connection):
        looks.append("begun")
        eventlet.sleep(0.5)
        looks.append("ended")

    follower = Follower(world.databases["tasks"], "nothing", look, every=30)
    follower.start()
    until(lambda: looks)
    follower.stop(patience=10)
    assert looks == ["begun", "ended"]

    follower = Follower(world.databases["tasks"], "nothing", lambda _connection: looks.append("again"), every=30)
    follower.start()
    until(lambda: "again" in looks)
    eventlet.sleep(0.2)
    began = time.monotonic()
    follower.stop(patience=10)
    assert time.monotonic() - began < 5


def test_a_follower_that_did_not_succeed_tries_again_soon_whatever_its_usual_pause(world):
    looks = []

    def look(_connection):
        looks.append("look")
        return len(looks) == 1

    follower = Follower(world.databases["tasks"], "nothing", look, every=3600)
    follower.start()
    until(lambda: len(looks) == 2, 20)
    follower.stop(patience=10)
