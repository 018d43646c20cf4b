"""Personal reminders for tests: made, and fired at a chosen time."""

from datetime import datetime

from chassis import clock
from contracts import reminders as contract
from kernel.working_time import TZ
from reminders.use_cases import firing, personal
from tests.support.town import claims

HEAD = "ward-1 head"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=TZ)


def key() -> dict:
    return {"idempotency_key": clock.new_id()}


def wanted(**given) -> dict:
    """What a person asks for, as a handler gets it."""
    for name, value in given.items():
        if isinstance(value, datetime):
            given[name] = value.isoformat()
    return contract.NewReminder().load({"title": "Rà lại báo cáo"} | given)


def made(here, who: str = HEAD, now: datetime = MONDAY, deadline: dict | None = None, **given) -> dict:
    request = {"reminder": wanted(**given), "deadline": deadline} | key()
    with here.store.transaction() as tx:
        return _loaded(personal.create_reminder(tx, claims(who), request, now))


def act(
    here, verb, reminder: dict, who: str = HEAD, now: datetime = MONDAY, version: int | None = None, **more
) -> dict:
    request = {"id": reminder["id"], "version": version} | key() | more
    with here.store.transaction() as tx:
        return _loaded(verb(tx, claims(who), request, now))


def now_of(here, reminder: dict, who: str = HEAD) -> dict:
    """As it is shown now."""
    with here.store.reading() as tx:
        found = personal.get_reminder(tx, claims(who), {"id": reminder["id"]}, MONDAY)
    return _loaded(contract.ReminderDetail().dump(found))


def _loaded(answer: dict) -> dict:
    return contract.ReminderDetail().load(answer) if answer else {}


def fire(here, now: datetime) -> list[dict]:
    """What is said at this time."""
    before = len(said(here))
    firing.fire_due(here.store, now)
    return said(here)[before:]


def said(here) -> list[dict]:
    """Everything that people were nudged about so far."""
    return here.rows(SAID)


SAID = """
    SELECT subject_id::text AS reminder_id, person_id::text, title, text, link, occasions.urgency_rank,
        rung::timestamptz AS occurrence, missed
    FROM occasions JOIN nudges ON occasion_id = occasions.id AND channel = 'in_app'
    LEFT JOIN reminder_occurrences ON reminder_id = subject_id AND occurrence = rung::timestamptz
    ORDER BY occasions.id
"""
