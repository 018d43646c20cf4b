"""What is not sent any more, and what is not kept: a channel that was away, and records that nobody asks for."""

from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from reminders.domain.deliveries import Permanent, Sent
from reminders.domain.preferences import Preferences
from reminders.storage import deliveries as storage
from reminders.storage import preferences
from reminders.tests.personal import MONDAY, made
from reminders.tests.support import MORNING, SUBJECT, occasion, plan, set_up, tell
from reminders.use_cases import attention, dispatching, erasing, feeds, notifications
from tests.support.town import claims, person, unit

HEAD, OTHER = person("ward-1 head"), person("ward-2 head")
DAY = timedelta(days=1)
LATE = MORNING + 2 * DAY + timedelta(minutes=1)
OLD = MORNING + dispatching.KEPT + 3 * DAY


class Taking:
    """A channel that takes everything."""

    def __init__(self):
        self.taken = []

    def send(self, delivery):
        self.taken.append([line.title for line in delivery.lines])
        return Sent()


@pytest.fixture
def here(town):
    found = town("reminders")
    set_up(found, "email")
    return found


def of_mail(here) -> list[tuple]:
    rows = here.rows("SELECT state, fault, count(*) AS n FROM nudges WHERE channel = 'email' GROUP BY 1, 2 ORDER BY 1")
    return [tuple(row.values()) for row in rows]


def housekeeping(here, now) -> None:
    for part in (dispatching.drop_late, dispatching.forget):
        more = True
        while more:
            with here.store.transaction() as tx:
                more = part(tx, now)


def gather(here, now) -> None:
    with here.store.transaction() as tx:
        dispatching.gather(tx, "email", now)


def test_what_a_channel_did_not_send_for_two_working_days_is_no_news_when_it_comes_back(here, dispatch):
    plan(here, occasion(1), occasion(2, urgency="express"))
    gather(here, MORNING)  # the express one is a delivery now
    plan(here, occasion(3), now=MORNING + DAY)
    mail = Taking()
    dispatch(here, "email", mail, LATE)
    assert [line[-1] for taken in mail.taken for line in taken] == ["3"]

    housekeeping(here, LATE)
    assert of_mail(here) == [("dropped", "late", 2), ("sent", None, 1)]
    assert here.rows("SELECT state, fault FROM deliveries WHERE channel = 'email' ORDER BY state") == [
        {"state": "dropped", "fault": "late"}, {"state": "sent", "fault": None},
    ]  # fmt: skip
    assert tell(here, LATE) == 3  # on the screen it stands all the same


def test_what_nobody_needs_any_more_holds_up_nothing(here, dispatch):
    urgent = [occasion(number, urgency="urgent") for number in range(20)]
    plan(here, *urgent)
    gather(here, MORNING)
    with here.store.transaction() as tx:
        attention.stop(tx, [one.subject_id for one in urgent])
    plan(here, occasion(30))
    mail = Taking()
    dispatch(here, "email", mail)
    assert len(mail.taken) == 1


def test_days_off_make_nothing_late(here, dispatch):
    friday = MORNING + 3 * DAY
    plan(here, occasion(1), now=friday)
    mail = Taking()
    housekeeping(here, friday + 3 * DAY)
    dispatch(here, "email", mail, friday + 3 * DAY)
    assert len(mail.taken) == 1


def test_a_channel_is_there_as_long_as_any_process_has_it(here):
    def note(*names, minutes) -> set[str]:
        with here.store.transaction() as tx:
            notifications.note_channels(tx, names, MORNING + timedelta(minutes=minutes))
            return preferences.channels(tx)

    assert note("sms", minutes=1) == {"email", "sms"}
    assert note(minutes=3) == {"email", "sms"}
    assert note("email", minutes=5) == {"email", "sms"}
    assert note("email", minutes=7) == {"email"}


WATCHED = """
    INSERT INTO watched (subject_id, version, at, title, link, state, role, is_child, unit_id, unit_name, post_id,
        urgency_rank, open)
    VALUES (:id, 1, :at, '', '', 'in_progress', 'lead', false, :unit, '', :unit, 3, true)
"""


def test_after_half_a_year_nothing_is_left_but_what_would_be_said_again(here, dispatch):
    """Sent, acted on before it went out, for nobody, waiting for a channel that never came back; and a piece that is
    still watched.
    """
    here.do(WATCHED, id=SUBJECT.format(1), at=MORNING, unit=unit("ward-1"))
    plan(here, occasion(1), occasion(2), occasion(3))
    tell(here)
    with here.store.transaction() as tx:
        attention.stop(tx, [SUBJECT.format(3)])
        attention.call_for(tx, [occasion(4), occasion(5)], MORNING)
    tell(here)
    gather(here, MORNING)
    plan(here, occasion(6))
    housekeeping(here, MORNING + dispatching.KEPT)
    assert here.rows("SELECT count(*) AS n FROM occasions") == [{"n": 6}]

    plan(here, occasion(7), now=OLD - DAY)
    tell(here, OLD - DAY)  # the sixth too, so late
    housekeeping(here, OLD)
    said = here.rows("SELECT right(title, 1) AS n FROM occasions ORDER BY 1")
    assert [row["n"] for row in said] == ["1", "6", "7"]
    for table, left in {"nudges": 3, "deliveries": 1, "nudge_counts": 1}.items():
        assert here.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": left}], table
    assert plan(here, occasion(1), now=OLD) == 0

    here.do("UPDATE watched SET open = false")
    housekeeping(here, OLD)
    assert here.rows("SELECT count(*) AS n FROM occasions") == [{"n": 2}]


def test_what_failed_is_kept_and_forgotten_like_the_rest(here, dispatch):
    class Refusing:
        def send(self, delivery):
            return Permanent("answers_550")

    plan(here, occasion(1, HEAD, OTHER))
    dispatch(here, "email", Refusing())
    housekeeping(here, MORNING + DAY)
    assert of_mail(here) == [("failed", "answers_550", 2)]
    tell(here)
    housekeeping(here, OLD)
    assert here.rows("SELECT count(*) AS n FROM occasions") == [{"n": 0}]


MANY = """
    INSERT INTO occasions (id, subject_id, rule, rung, deadline_version, title, text, link, urgency_rank, at)
        SELECT id, id, 'r', 'red', 1, 't', 't', '/x', 3, CAST(:at AS timestamptz)
        FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 20000)) AS new;
    INSERT INTO nudges (id, occasion_id, person_id, channel, state, urgency_rank, due_at)
        SELECT id, id, id, 'in_app', 'dropped', 3, at FROM occasions;
    INSERT INTO deliveries (id, channel, person_id, state, urgency_rank, any_hour, due_at, made_at)
        SELECT id, 'email', id, 'sent', 3, false, at, at FROM occasions
"""


def test_whoever_looks_for_what_is_old_does_not_read_what_is_new(here, world):
    for statement in MANY.split(";\n"):
        parameters = {"at": MORNING.isoformat()} if ":at " in statement else {}
        here.do(statement, **parameters)
    with psycopg.connect(world.owners["reminders"], autocommit=True) as owner:
        owner.execute("ANALYZE occasions, nudges, deliveries")
    with here.store.transaction() as tx:
        for query in (storage._ENDED, *storage._FORGET[:2]):
            explaining = sa.text(f"EXPLAIN (FORMAT JSON) {query.text}")
            [explained] = tx.execute(explaining, {"before": MORNING - DAY, "most": 100}).scalar()
            assert not read_whole(explained["Plan"]) & {"deliveries", "nudges", "occasions"}, query.text


def read_whole(plan: dict) -> set[str]:
    here = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return here.union(*(read_whole(each) for each in plan.get("Plans", ())))


def test_of_whose_name_was_erased_nothing_of_his_own_remains(here):
    for who in ("ward-1 head", "ward-2 head"):
        made(here, who, starts_at=MONDAY + DAY)
        with here.store.transaction() as tx:
            preferences.add_device(tx, {
                "id": clock.new_id(), "person_id": person(who), "endpoint": who, "p256dh": "p", "auth": "a",
                "created_at": MORNING,
            })  # fmt: skip
            preferences.choose(tx, person(who), 0, Preferences(digest=True))
            feeds.make_feed(tx, claims(who), MORNING)
    for _ in range(2):
        with here.store.transaction() as tx:
            erasing.forget(tx, HEAD)

    tables = ("reminders", "push_subscriptions", "notification_settings", "calendar_feeds")
    left = {table: [str(row["person_id"]) for row in here.rows(f"SELECT person_id FROM {table}")] for table in tables}
    assert left == {table: [OTHER] for table in tables}
