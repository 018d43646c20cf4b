"""Personal reminders: one's own, at their time, each time once."""

from datetime import UTC, date, datetime, timedelta

import eventlet
import psycopg
import pytest
import sqlalchemy as sa

from kernel.errors import Refused
from kernel.working_time import TZ
from reminders.domain.items import URGENCY_RANKS
from reminders.domain.preferences import Preferences
from reminders.storage import personal as storage
from reminders.storage import preferences
from reminders.tests.personal import HEAD, MONDAY, act, fire, made, now_of, said, wanted
from reminders.tests.support import set_up
from reminders.use_cases import firing, personal
from tests.support.town import claims, person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = MONDAY.replace(hour=23)
NORMAL = URGENCY_RANKS["normal"]


def refused(code: str, act_, *args, **kwargs) -> dict:
    with pytest.raises(Refused) as raised:
        act_(*args, **kwargs)
    assert raised.value.refusal_code == code
    return raised.value.details


# what one has


def test_a_reminder_is_shown_as_it_was_asked_for(here):
    link = f"/api/v1/tasks/{person('any id')}"
    reminder = made(
        here, note="Kèm phụ lục", link=link, urgency="urgent", starts_at=MONDAY + DAY, before_minutes=15,
        rrule="FREQ=DAILY;COUNT=3",
    )  # fmt: skip
    assert now_of(here, reminder) == reminder
    shown = {name: reminder[name] for name in ("title", "note", "link", "urgency", "rrule", "state", "version")}
    assert shown == {
        "title": "Rà lại báo cáo", "note": "Kèm phụ lục", "link": link, "urgency": "urgent",
        "rrule": "FREQ=DAILY;COUNT=3", "state": "active", "version": 1,
    }  # fmt: skip
    assert (reminder["starts_at"], reminder["next_at"]) == (MONDAY + DAY, MONDAY + DAY - timedelta(minutes=15))
    assert reminder["upcoming"] == [MONDAY + n * DAY for n in (1, 2, 3)]


def test_what_comes_first_stands_first_and_what_has_ended_last(here):
    titles = ["Thứ tư", "Thứ ba", "Đã qua", "Thứ năm"]
    times = [MONDAY + 2 * DAY, MONDAY + DAY, MONDAY + HOUR, MONDAY + 3 * DAY]
    for title, at in zip(titles, times, strict=True):
        made(here, title=title, starts_at=at)
    made(here, "ward-1 clerk", starts_at=MONDAY + DAY)
    fire(here, MONDAY + HOUR)

    def listed(state: str | None) -> list[str]:
        seen, cursor = [], None
        while True:
            request = {"state": state, "limit": 2, "cursor": cursor}
            with here.store.reading() as tx:
                page = personal.list_reminders(tx, claims(HEAD), request, MONDAY)
            seen += [item["title"] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                return seen

    assert listed(None) == ["Thứ ba", "Thứ tư", "Thứ năm", "Đã qua"]
    assert listed("active") == ["Thứ ba", "Thứ tư", "Thứ năm"]
    assert listed("ended") == ["Đã qua"]


@pytest.mark.parametrize(
    "verb", [personal.change_reminder, personal.discard_reminder, personal.mark_done, personal.skip_occurrence]
)
def test_somebody_elses_is_not_there_and_an_old_version_is_stale(here, verb):
    reminder = made(here, starts_at=MONDAY + DAY)
    more = {"changes": {"title": "Khác"}, "deadline": None, "occurrence": MONDAY + DAY}
    refused("not_found", act, here, verb, reminder, "ward-1 clerk", **more)
    refused("stale_version", act, here, verb, reminder, version=2, **more)
    assert now_of(here, reminder) == reminder


def test_the_same_key_makes_one_reminder(here):
    request = {"reminder": wanted(starts_at=MONDAY + DAY), "deadline": None, "idempotency_key": "k"}
    answers = []
    for _ in range(2):
        with here.store.transaction() as tx:
            answers.append(personal.create_reminder(tx, claims(HEAD), request, MONDAY))
    assert answers[0] == answers[1]
    assert len(here.rows("SELECT 1 FROM reminders")) == 1


@pytest.mark.parametrize(
    "given, code",
    [
        ({"starts_at": MONDAY}, "time_has_passed"),
        ({"starts_at": MONDAY - 3 * DAY, "rrule": "FREQ=DAILY;COUNT=3"}, "time_has_passed"),
        ({"starts_at": MONDAY + 4000 * DAY}, "day_too_far"),
        ({"starts_at": MONDAY + DAY, "rrule": "FREQ=MINUTELY"}, "recurrence_too_often"),
        ({"link": f"/api/v1/tasks/{person('any id')}"}, "no_deadline_to_follow"),
    ],
)
def test_what_never_comes_is_refused_and_nothing_is_left(here, given, code):
    refused(code, made, here, **given)
    assert here.rows("SELECT 1 FROM reminders") == []


def test_a_person_has_so_many_and_no_more(here, monkeypatch):
    monkeypatch.setattr(personal, "ACTIVE_AT_MOST", 2)
    for _ in range(2):
        made(here, starts_at=MONDAY + DAY)
    refused("too_many_reminders", made, here, starts_at=MONDAY + DAY)
    fire(here, MONDAY + DAY)
    made(here, starts_at=MONDAY + 2 * DAY)


def test_a_change_moves_it_and_what_is_not_named_stays(here):
    reminder = made(here, note="Giữ nguyên", starts_at=MONDAY + DAY, rrule="FREQ=DAILY;COUNT=5", before_minutes=10)
    changed = act(here, personal.change_reminder, reminder, changes={"before_minutes": 0}, deadline=None)
    assert changed == reminder | {"version": 2, "before_minutes": 0, "next_at": MONDAY + DAY}
    weekly = {"starts_at": MONDAY + 2 * DAY, "working_day": {"nth": 1, "of": "month"}}
    changed = act(here, personal.change_reminder, reminder, changes=weekly, deadline=None)
    assert (changed["rrule"], changed["note"], changed["starts_at"]) == (
        None,
        "Giữ nguyên",
        datetime(2026, 12, 1, 8, 0, tzinfo=TZ),
    )


# the clock


def test_it_is_said_once_at_its_time_be_it_at_night(here):
    reminder = made(here, starts_at=NIGHT)
    assert fire(here, NIGHT - timedelta(seconds=1)) == []
    [item] = fire(here, NIGHT)
    assert (item["reminder_id"], item["person_id"], item["missed"]) == (reminder["id"], person(HEAD), 0)
    assert item["text"] == "23:00 23/11/2026" and item["link"] == f"/api/v1/reminders/{reminder['id']}"
    assert here.rows("SELECT person_id::text, due_at, state FROM nudges") == [
        {"person_id": person(HEAD), "due_at": NIGHT, "state": "waiting"}
    ]
    assert fire(here, NIGHT + HOUR) == []
    assert now_of(here, reminder)["state"] == "ended"


def test_what_was_missed_is_said_in_one(here):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=HOURLY", note="Uống nước")
    [item] = fire(here, MONDAY + 8 * HOUR)
    assert (item["missed"], item["occurrence"]) == (7, MONDAY + 8 * HOUR)
    assert item["text"] == "16:00 23/11/2026 · đã lỡ 7 lần trước đó · Uống nước"
    assert now_of(here, reminder)["next_occurrence"] == MONDAY + 9 * HOUR
    assert len(here.rows("SELECT 1 FROM nudges")) == 1


def test_after_hours_of_downtime_each_is_said_once_by_whoever_is_faster_the_most_urgent_first(here):
    """Three processes, each with a transaction open while the others look."""
    with here.store.transaction() as tx:
        tx.execute(sa.text(MANY), {"people": [person(HEAD), person("ward-2 head")], "due": MONDAY - 8 * HOUR, "n": 900})
    clocks = [eventlet.spawn(firing.fire_due, here.store, MONDAY) for _ in range(3)]
    for each in clocks:
        each.wait()
    items = said(here)
    assert len(items) == len({item["reminder_id"] for item in items}) == 900
    assert [row["n"] for row in here.rows("SELECT count(*) AS n FROM nudges")] == [900]
    assert {item["missed"] for item in items if item["title"] == "Hằng giờ"} == {8}
    urgency = {item["reminder_id"]: item["urgency_rank"] for item in items}
    batches = [[urgency.pop(item["reminder_id"]) for item in data["items"]] for _, data in here.events()]
    assert not urgency and all(len(set(batch)) == 1 for batch in batches)
    alone = [batch[0] for batch in batches]
    assert alone.index(NORMAL) >= 1 and fire(here, MONDAY) == []


MANY = """
    INSERT INTO reminders (id, version, person_id, title, urgency_rank, starts_at, zone, before_minutes, rrule,
        occurs_at, next_at, changed_at)
    SELECT gen_random_uuid(), 1, CAST((CAST(:people AS text[]))[1 + n % 2] AS uuid),
        CASE WHEN n % 3 = 0 THEN 'Hằng giờ' ELSE 'Một lần' END, CASE WHEN n % 9 = 0 THEN 2 ELSE 3 END,
        CAST(:due AS timestamptz) AT TIME ZONE 'Asia/Ho_Chi_Minh', 'Asia/Ho_Chi_Minh', 0,
        CASE WHEN n % 3 = 0 THEN 'FREQ=HOURLY' END, :due, :due, now()
    FROM generate_series(1, :n) AS n
"""


def test_a_clock_that_is_set_back_says_nothing_again(here):
    made(here, starts_at=MONDAY + HOUR, rrule="FREQ=HOURLY")
    assert len(fire(here, MONDAY + 3 * HOUR)) == 1
    assert fire(here, MONDAY + HOUR) == fire(here, MONDAY + 3 * HOUR) == []
    [item] = fire(here, MONDAY + 4 * HOUR)
    assert item["missed"] == 0


def test_a_rule_that_fails_stops_nobody_else(here):
    broken = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=DAILY")
    here.do("UPDATE reminders SET rrule = 'FREQ=DAILY;BYDAY=' WHERE id = :id", id=broken["id"])
    made(here, starts_at=MONDAY + HOUR)
    assert len(fire(here, MONDAY + HOUR)) == 2
    assert now_of(here, broken)["state"] == "ended"


def test_the_clock_looks_only_at_what_is_due(here, world):
    """With a million others waiting it reads as much as with none."""
    future = MONDAY + 30 * DAY
    with here.store.transaction() as tx:
        tx.execute(sa.text(MANY), {"people": [person(HEAD)] * 2, "due": future, "n": 20_000})
    made(here, "ward-1 clerk", starts_at=MONDAY + HOUR)
    with psycopg.connect(world.owners["reminders"]) as owner:
        owner.execute("ANALYZE reminders")
    assert read_by(here, storage.CLAIM, "reminders_due", rank=3, now=MONDAY + HOUR) < 30


def read_by(here, query, index: str, **values) -> int:
    """The pages that it reads, walking this index and no more."""
    with here.store.transaction(keep_plans=True) as tx:
        text = str(query.compile(dialect=tx.connection.dialect))
        for number, name in enumerate(values, start=1):
            text = text.replace(f"%({name})s", f"${number}")
        tx.connection.exec_driver_sql(f"PREPARE asked AS {text}")
        given = ", ".join(f"'{value}'" for value in values.values())
        run = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked ({given})"
        [found] = tx.connection.exec_driver_sql(run).scalar_one()
        tx.connection.exec_driver_sql("DEALLOCATE asked")
    nodes = _nodes(found["Plan"])
    assert [node["Index Name"] for node in nodes if "Index Name" in node] == [index]
    assert not [node for node in nodes if node["Node Type"] in ("Seq Scan", "Sort")]
    return found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]


def _nodes(node: dict) -> list[dict]:
    return [node, *(each for child in node.get("Plans", ()) for each in _nodes(child))]


def test_whoever_has_muted_them_hears_nothing_and_a_unit_pays_for_no_message(here):
    set_up(here, "sms", "voice")
    with here.store.transaction() as tx:
        muted = {"personal": {"in_app": False, "sms": True, "voice": True}}
        assert preferences.choose(tx, person(HEAD), 0, Preferences(muted))
    for who in (HEAD, "ward-1 clerk"):
        made(here, who, starts_at=MONDAY + HOUR, urgency="urgent")
    fire(here, MONDAY + HOUR)
    planned = here.rows("SELECT person_id::text, channel FROM nudges")
    assert planned == [{"person_id": person("ward-1 clerk"), "channel": "in_app"}]
    [(name, data)] = here.events()
    assert name == "reminder_fired" and not [item for item in data["items"] if "title" in item or "text" in item]


# another time


@pytest.mark.parametrize("rrule", [None, "FREQ=DAILY"])
def test_what_was_said_is_said_again_at_another_lead_time(here, rrule):
    reminder = made(here, starts_at=MONDAY + 3 * HOUR, before_minutes=120, rrule=rrule)
    assert len(fire(here, MONDAY + HOUR)) == 1
    changes = {"before_minutes": 60}
    changed = act(
        here, personal.change_reminder, reminder, changes=changes, deadline=None, now=MONDAY + HOUR
    )  # fmt: skip
    assert (changed["next_occurrence"], changed["next_at"]) == (MONDAY + 3 * HOUR, MONDAY + 2 * HOUR)
    assert [item["occurrence"] for item in fire(here, MONDAY + 2 * HOUR)] == [MONDAY + 3 * HOUR]
    assert fire(here, MONDAY + 3 * HOUR) == []
    states = [row["state"] for row in here.rows("SELECT state FROM nudges ORDER BY due_at")]
    assert states == ["dropped", "waiting"]


def test_the_same_times_again_say_nothing_again(here):
    reminder = made(here, starts_at=MONDAY + 3 * HOUR, before_minutes=120, rrule="FREQ=DAILY")
    fire(here, MONDAY + HOUR)
    same = {"title": "Khác", "starts_at": MONDAY + 3 * HOUR, "before_minutes": 120, "rrule": "FREQ=DAILY"}
    changed = act(here, personal.change_reminder, reminder, changes=same, deadline=None, now=MONDAY + HOUR)
    assert (changed["title"], changed["next_occurrence"]) == ("Khác", MONDAY + 3 * HOUR + DAY)
    assert fire(here, MONDAY + 2 * HOUR) == []
    assert here.rows("SELECT state FROM nudges") == [{"state": "waiting"}]


@pytest.mark.parametrize("rrule, then", [(None, None), ("FREQ=DAILY", MONDAY + HOUR + DAY)])
def test_what_was_done_ahead_stays_done_at_another_lead_time(here, rrule, then):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule=rrule)
    act(here, personal.mark_done, reminder, occurrence=MONDAY + HOUR)
    changed = act(here, personal.change_reminder, reminder, changes={"before_minutes": 30}, deadline=None)
    assert changed["next_occurrence"] == then
    assert fire(here, MONDAY + HOUR) == []


# done and skipped


def test_what_was_said_is_done_and_nobody_is_nudged_about_it(here):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=DAILY")
    fire(here, MONDAY + HOUR)
    done = act(here, personal.mark_done, reminder, occurrence=MONDAY + HOUR, now=MONDAY + 2 * HOUR)
    assert done["next_occurrence"] == MONDAY + HOUR + DAY
    assert here.rows("SELECT state FROM nudges") == [{"state": "dropped"}]
    [row] = occurrences(here, reminder)
    assert (row["outcome"], row["fired_at"], row["settled_at"]) == ("done", MONDAY + HOUR, MONDAY + 2 * HOUR)


def test_one_occurrence_is_left_out_and_the_others_come(here):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=DAILY;COUNT=4")
    skipped = act(here, personal.skip_occurrence, reminder, occurrence=MONDAY + HOUR + DAY)
    assert skipped["upcoming"] == [MONDAY + HOUR + n * DAY for n in (0, 2, 3)]
    skipped = act(here, personal.skip_occurrence, reminder, occurrence=MONDAY + HOUR)
    assert skipped["next_occurrence"] == MONDAY + HOUR + 2 * DAY
    assert fire(here, MONDAY + HOUR + DAY) == []
    [item] = fire(here, MONDAY + HOUR + 3 * DAY)
    assert item["missed"] == 1
    assert [row["outcome"] for row in occurrences(here, reminder)] == ["fired", "skipped", "skipped"]
    assert now_of(here, reminder)["state"] == "ended"


@pytest.mark.parametrize("moment", [MONDAY, MONDAY + 2 * HOUR, MONDAY + HOUR + 4 * DAY])
def test_an_occurrence_that_does_not_come_is_refused(here, moment):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=DAILY;COUNT=4")
    assert refused("no_such_occurrence", act, here, personal.skip_occurrence, reminder, occurrence=moment) == {
        "field": "occurrence"
    }


def test_a_discarded_reminder_says_nothing_more(here):
    reminder = made(here, starts_at=MONDAY + HOUR, rrule="FREQ=HOURLY")
    fire(here, MONDAY + HOUR)
    act(here, personal.discard_reminder, reminder)
    assert here.rows("SELECT state FROM nudges") == [{"state": "dropped"}]
    assert fire(here, MONDAY + 9 * HOUR) == []


def occurrences(here, reminder: dict) -> list[dict]:
    request = {"reminder_id": reminder["id"], "limit": 50, "cursor": None}
    with here.store.reading() as tx:
        return personal.list_occurrences(tx, claims(HEAD), request, MONDAY)["items"]


# working days


def test_when_the_calendar_changes_what_is_to_come_moves_with_it(here):
    reminder = made(here, starts_at=MONDAY + DAY, working_day={"nth": 1, "of": "month"})
    other = made(here, starts_at=MONDAY + DAY, rrule="FREQ=MONTHLY;BYMONTHDAY=1")
    first = datetime(2026, 12, 1, 8, 0, tzinfo=TZ)
    assert reminder["next_occurrence"] == other["next_occurrence"] == first
    day_off(here, date(2026, 12, 1))
    firing.recount(here.store, MONDAY)
    assert now_of(here, reminder)["next_occurrence"] == first + DAY
    assert now_of(here, other)["next_occurrence"] == first
    assert firing.recount_some(here.store, MONDAY) == 0


def day_off(here, day: date) -> None:
    """As the copy gets it, be it by an event or with all that it had missed."""
    here.do("INSERT INTO copy_working_days (id, version, working, name) VALUES (:day, 99, false, '')", day=day)


def test_a_day_that_comes_nearer_than_the_lead_time_is_told_at_once(here):
    reminder = made(here, starts_at=MONDAY, working_day={"nth": -1, "of": "month"}, before_minutes=3 * 24 * 60)
    assert reminder["next_occurrence"] == MONDAY + 7 * DAY
    day_off(here, date(2026, 11, 30))
    firing.recount(here.store, MONDAY + 3 * DAY)
    assert [item["occurrence"] for item in fire(here, MONDAY + 3 * DAY)] == [MONDAY + 4 * DAY]


def test_a_rule_that_fails_keeps_its_day_and_the_others_move(here):
    broken, reminder = (made(here, starts_at=MONDAY + DAY, working_day={"nth": 1, "of": "month"}) for _ in range(2))
    here.do('UPDATE reminders SET working_day = \'{"of": "month"}\' WHERE id = :id', id=broken["id"])
    day_off(here, date(2026, 12, 1))
    firing.recount(here.store, MONDAY)
    assert now_of(here, reminder)["next_occurrence"] == reminder["next_occurrence"] + DAY
    [kept] = here.rows("SELECT occurs_at FROM reminders WHERE id = :id", id=broken["id"])
    assert kept["occurs_at"] == broken["next_occurrence"]


def test_whether_days_are_other_ones_is_asked_without_reading_all(here, world):
    with here.store.transaction() as tx:
        tx.execute(sa.text(MANY), {"people": [person(HEAD)] * 2, "due": MONDAY + DAY, "n": 20_000})
    here.do('UPDATE reminders SET working_day = \'{"nth": 1, "of": "month"}\', calendar = \'same\'')
    with psycopg.connect(world.owners["reminders"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE reminders")
    for query in storage.OTHERWISE:
        assert read_by(here, query, "reminders_of_calendar", calendar="same") < 30


# forgetting


@pytest.mark.parametrize("at_once", [1, 1000])
def test_what_ended_lately_stays_however_long_ago_it_was_made(here, monkeypatch, at_once):
    monkeypatch.setattr(firing, "FORGOTTEN_AT_ONCE", at_once)
    far = MONDAY + 500 * DAY
    reminders = [made(here, starts_at=far) for _ in range(3)]
    fire(here, far)
    firing.forget(here.store, far + HOUR)
    assert [now_of(here, each)["state"] for each in reminders] == ["ended"] * 3
    firing.forget(here.store, far + 401 * DAY)
    assert here.rows("SELECT 1 FROM reminders") == here.rows("SELECT 1 FROM reminder_occurrences") == []


def test_what_is_long_over_is_forgotten(here):
    reminder = made(here, starts_at=MONDAY + HOUR)
    fire(here, MONDAY + HOUR)
    firing.forget(here.store, MONDAY + 300 * DAY)
    assert now_of(here, reminder)["state"] == "ended"
    firing.forget(here.store, (MONDAY + 402 * DAY).astimezone(UTC))
    assert here.rows("SELECT 1 FROM reminders") == here.rows("SELECT 1 FROM reminder_occurrences") == []
