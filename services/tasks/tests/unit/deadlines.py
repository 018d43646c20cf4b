"""`python -m tasks.tests.unit.deadlines`: what becomes of 10,000 dates, as one line to compare."""

import hashlib
import random
import sys
from datetime import UTC, date, datetime, timedelta

from kernel.working_time import WorkingDays, end_of_day, today
from tasks.domain.due import due_state, overdue_before
from tasks.domain.load import week_of
from tasks.domain.order import due_of_task

COUNT = 10_000
FIRST = date(2025, 1, 1)


def main() -> None:
    chance = random.Random(10)
    exceptions = {FIRST + timedelta(days=chance.randrange(1500)): chance.random() < 0.3 for _ in range(120)}
    days, said = WorkingDays(exceptions), hashlib.sha256()
    for _ in range(COUNT):
        day = FIRST + timedelta(days=chance.randrange(1400))
        now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=chance.randrange(86_400))
        ahead, urgency = chance.randrange(-40, 40), chance.choice(["normal", "urgent", "express"])
        target = days.add(day, ahead)
        order = {"due_on": max(target, today(now)) + timedelta(days=9), "due_at": None, "urgency": urgency}
        told = (
            today(now), end_of_day(day).timestamp(), target, days.on_or_before(day), days.on_or_after(day),
            days.between(day, target), due_state(end_of_day(target), urgency, now, days),
            overdue_before("normal", now).timestamp(), [each.timestamp() for each in week_of(day)],
            due_of_task(order, days, now, []).timestamp(),
        )  # fmt: skip
        said.update(repr(told).encode())
    sys.stdout.write(f"{COUNT} {said.hexdigest()}\n")


if __name__ == "__main__":
    main()
