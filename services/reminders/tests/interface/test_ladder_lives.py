"""Whatever a piece lives through, and however that is heard and looked at: each rung at most once, and exactly those
that its words ask for.
"""

import random
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kernel.working_time import TZ, WorkingDays, end_of_day, today
from reminders.service import Service
from reminders.use_cases import climbing
from tests.support.hearing import hearing
from tests.support.orders import changed, issued, piece_id

BEGIN = datetime(2026, 9, 14, 9, 0, tzinfo=TZ)
DUES = [end_of_day(date(2026, 9, day)) for day in (15, 18, 22, 25)]
DAYS = WorkingDays({})
RUNGS = {"deadline": ("yellow", "red", "deep_red"), "unreceived": ("unreceived",), "answer": ("unanswered",)}
DECIDED_BY = {  # long ago
    "declined": datetime(2026, 3, 4, 16, 59, 59, tzinfo=UTC),
    "result_submitted": datetime(2026, 3, 3, 16, 59, 59, tzinfo=UTC),
}
MOVES = {  # what may follow, by state
    "assigned": ("accepted", "declined", "extended"),
    "declined": ("reassigned",),
    "in_progress": ("submitted", "suspended", "extended"),
    "suspended": ("resumed",),
    "result_submitted": ("returned", "completed"),
    "completed": ("reopened",),
}
AFTER = {
    "accepted": "in_progress", "declined": "declined", "reassigned": "assigned", "submitted": "result_submitted",
    "suspended": "suspended", "resumed": "in_progress", "returned": "in_progress", "completed": "completed",
    "reopened": "in_progress",
}  # fmt: skip


class Model:
    """What the rules mean, said once more in plain words."""

    def __init__(self, urgency: str, due: datetime):
        self.urgency, self.due, self.state, self.since = urgency, due, "assigned", BEGIN
        self.said: list[tuple[str, str, datetime]] = []

    def look(self, now: datetime) -> None:
        for rule, rung, base in self._true(now):
            done = [RUNGS[rule].index(name) for of, name, at in self.said if (of, at) == (rule, base)]
            if RUNGS[rule].index(rung) > max(done, default=-1):
                self.said.append((rule, rung, base))

    def _true(self, now: datetime):
        if self.state == "assigned":
            waits = timedelta(hours=2) if self.urgency == "express" else timedelta(hours=9, minutes=30)
            if DAYS.add_time(self.since, waits) <= now:
                yield "unreceived", "unreceived", self.since
        if self.state in DECIDED_BY:
            yield "answer", "unanswered", DECIDED_BY[self.state]
        if self.state in ("assigned", "declined", "in_progress"):
            missed = now if self.urgency == "express" else datetime.combine(today(now), time(), TZ)
            if self.due < missed:
                deep = today(now) > today(self.due) and DAYS.between(today(self.due), today(now)) >= 3
                yield "deadline", "deep_red" if deep else "red", self.due
            elif today(now) > today(self.since) and DAYS.between(today(now), today(self.due)) <= (
                3 if self.urgency == "normal" else 5
            ):
                yield "deadline", "yellow", self.due


few = settings(max_examples=8, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def test_each_rung_at_most_once_and_exactly_those_that_the_words_ask_for(town, store):
    here, other = town("reminders"), store("reminders")
    hear = hearing(Service, here.store)
    lives = iter(range(10**6))

    @few
    @given(st.integers(0, 2**32), st.sampled_from(["normal", "urgent", "express"]))
    def example(seed, urgency):
        live(here, other, hear, random.Random(seed), urgency, f"Việc {next(lives)}")

    example()


def live(here, other, hear, chance: random.Random, urgency: str, title: str) -> None:
    now, true, version, said = BEGIN, BEGIN, 1, []
    model = Model(urgency, DUES[1])
    order = issued(
        title, pieces=(("ward-1", "lead"),), due=model.due.isoformat(), issued_at=BEGIN.isoformat(), urgency=urgency
    )  # fmt: skip
    said.append(("task_issued", order))
    news = list(said)
    for _ in range(14):
        for _ in range(chance.randint(0, 3)):
            change = chance.choice(MOVES[model.state])
            before, model.state = model.state, AFTER.get(change, model.state)
            model.since = now if change == "reassigned" else model.since
            model.due = chance.choice(DUES) if change == "extended" else model.due
            version += 1
            data = changed(
                change, model.state, version, title=title, before=before, urgency=urgency, at=now.isoformat(),
                current_due=model.due.isoformat(),
            )  # fmt: skip
            said.append(("assignment_changed", data))
            news.append(said[-1])
        heard = news + chance.choices(said, k=2)  # some of it again, and all in any order
        chance.shuffle(heard)
        for event in heard:
            hear(*event)
        news = []
        look(here.store, other, now, breaks_off=chance.random() < 0.3)
        model.look(now)
        true += timedelta(hours=chance.choice([0, 1, 5, 20, 30, 70]))
        now = true + timedelta(hours=chance.choice([-1, 0, 0, 1]))  # the clock of the machine
    rows = here.rows(
        "SELECT rule, rung, deadline_version AS version FROM occasions WHERE subject_id = :id",
        id=piece_id("ward-1", title),
    )
    expected = [(rule, rung, int(base.timestamp()) // 60) for rule, rung, base in model.said]
    assert sorted((row["rule"], row["rung"], row["version"]) for row in rows) == sorted(expected)


def look(one, other, now: datetime, breaks_off: bool) -> None:
    """Two schedulers at once; if they break off, the other one comes first next time."""
    try:
        with one.transaction() as tx, other.transaction() as at_the_same_time:
            climbing.climb(tx, now)
            climbing.climb(at_the_same_time, now)
            if breaks_off:
                raise ConnectionError
        with one.transaction() as tx:  # all that is planned goes out at once
            tx.execute(sa.text("UPDATE nudges SET state = 'sent'"))
    except ConnectionError:
        look(other, one, now, breaks_off=False)
