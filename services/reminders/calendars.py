"""iCalendar (RFC 5545), by icalendar: a person's feed is written, invitations are read."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, vDuration, vRecur

from kernel.errors import Refused
from kernel.working_time import OPENS, TZ, WorkingDays
from reminders.domain.calendar import EVENTS_AT_MOST, SAID_BEFORE, UID_AT_MOST, Content, Invited
from reminders.domain.personal import link_of
from reminders.domain.recurrence import Recurrence
from reminders.domain.texts import address_of

SHOWN_AHEAD = timedelta(days=92)  # of what no RRULE says
SHOWN_AT_MOST = 64
ZONES_FOR = 11  # years before now, in which a reminder may have begun
BEFORE_AT_MOST = 90 * 24 * 60
_EVENT = re.compile(r"^BEGIN:VEVENT[ \t]*\n.*?^END:VEVENT[ \t]*$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_METHOD = re.compile(r"^METHOD(?:;[^:\n]*)?:(\w+)", re.MULTILINE | re.IGNORECASE)
_BEGINS = re.compile(r"\ufeff?BEGIN:VCALENDAR[ \t]*\n", re.IGNORECASE)


# the feed


def feed(content: Content, now: datetime, address: str) -> str:
    """Reminders that wait, with their rules, and what is due by when; each leads to its page at this address."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Công Vụ//Nhắc việc//VI")
    calendar.add("x-wr-calname", "Công Vụ")
    calendar.add("refresh-interval", vDuration(timedelta(hours=1)), parameters={"VALUE": "DURATION"})
    for row in content.reminders:
        rule, settled = content.rules.get(row["id"]), content.settled.get(row["id"], ())
        for event in _events(row, rule, settled, content.days, now):
            event.add("url", address_of(link_of(row), address))
            calendar.add_component(event)
    for row in content.deadlines:
        event = _deadline(row)
        event.add("url", address_of(row["link"], address))
        calendar.add_component(event)
    calendar.add_missing_timezones(first_date=date(now.year - ZONES_FOR, 1, 1))
    return calendar.to_ical().decode()


def _events(
    row: Mapping, rule: Recurrence | None, settled: Collection[datetime], days: WorkingDays, now: datetime
) -> Iterator[Event]:
    """One with its RRULE; what is said in working days, one by one."""
    if row["occurs_at"] is None and (rule is None or rule.working_day is not None):
        return  # it is over
    if rule is None:
        yield _event(row, row["id"], row["occurs_at"].astimezone(TZ))
    elif rule.working_day is None:
        event = _event(row, row["id"], rule.starts_at.replace(tzinfo=ZoneInfo(rule.zone)))
        if rule.rrule is not None:
            event.add("rrule", _ending_in_utc(rule))
            if settled:
                event.add("exdate", [each.astimezone(ZoneInfo(rule.zone)) for each in sorted(settled)])
        yield event
    else:
        coming = takewhile(lambda each: each < now + SHOWN_AHEAD, rule.since(row["occurs_at"], days))
        for each in islice((each for each in coming if each not in settled), SHOWN_AT_MOST):
            local = each.astimezone(ZoneInfo(rule.zone))
            yield _event(row, f"{row['id']}-{local:%Y%m%d}", local)


def _event(row: Mapping, uid: str, starts: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@congvu")
    event.add("dtstamp", row["changed_at"].astimezone(UTC))
    event.add("dtstart", starts)
    event.add("summary", row["title"])
    if row["note"]:
        event.add("description", row["note"])
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", row["title"])
    alarm.add("trigger", -timedelta(minutes=row["before_minutes"]))
    event.add_component(alarm)
    return event


def _ending_in_utc(rule: Recurrence) -> vRecur:
    parts = [part for part in rule.rrule.split(";") if not part.startswith("UNTIL=")]
    if len(parts) < len(rule.rrule.split(";")):
        until = rule.ends_at.replace(tzinfo=ZoneInfo(rule.zone)).astimezone(UTC)
        parts.append(f"UNTIL={until:%Y%m%dT%H%M%SZ}")
    return vRecur.from_ical(";".join(parts))


def _deadline(row: Mapping) -> Event:
    event = Event()
    event.add("uid", f"{row['id']}@congvu")
    event.add("dtstamp", row["raised_at"].astimezone(UTC))
    event.add("dtstart", row["due"].astimezone(TZ))
    event.add("summary", f"Hạn: {row['title']}")
    event.add("description", row["from_title"])
    event.add("transp", "TRANSPARENT")
    return event


# invitations


def read_invitation(text: str) -> list[Invited]:
    """Its events. Nothing else of the file is read: what it says of time zones is not computed with, names of zones
    are looked up; nothing that it points at is fetched.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    events = _EVENT.findall(text)
    if not _BEGINS.match(text) or not events:
        raise _not_understood("It is no calendar with events.")
    if len(events) > EVENTS_AT_MOST:
        raise Refused("invitation_too_large", f"{EVENTS_AT_MOST} events at most.", most=EVENTS_AT_MOST)
    method = _METHOD.search(text)
    cancelled = method is not None and method[1].upper() == "CANCEL"
    return [_read(event, cancelled) for event in events]


def _read(text: str, cancelled: bool) -> Invited:
    try:
        return _invited(Event.from_ical(text), cancelled)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError):
        raise _not_understood("An event cannot be read.") from None


def _invited(event: Event, cancelled: bool) -> Invited:
    uid, title = _text(event, "uid"), _text(event, "summary")
    if event.errors or not uid or len(uid) > UID_AT_MOST or event.get("dtstart") is None:
        raise _not_understood("An event has a UID and a DTSTART.")
    if "RDATE" in event or isinstance(event.get("rrule"), list):
        raise Refused("recurrence_not_understood", "One rule, and no RDATE.", field="rrule")
    starts = _moment(event["dtstart"])
    rrule, instead_of = event.get("rrule"), event.get("recurrence-id")
    return Invited(
        uid=uid,
        sequence=int(event.get("sequence", 0)),
        cancelled=cancelled or _text(event, "status").upper() == "CANCELLED",
        title=title[:300] or "(Không có tiêu đề)",
        note="\n".join(filter(None, (_text(event, "location"), _text(event, "description"))))[:5000] or None,
        starts_at=starts,
        zone=_zone_of(starts),
        rrule=None if rrule is None else rrule.to_ical().decode(),
        before_minutes=_minutes_before(event),
        instead_of=None if instead_of is None else _moment(instead_of),
        left_out=[_moment(each) for given in _each(event.get("exdate")) for each in given.dts],
    )


def _text(event: Event, name: str) -> str:
    """The first of it, if there are several."""
    return next((str(each) for each in _each(event.get(name))), "")


def _each(value: object) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _moment(value: object) -> datetime:
    """In a zone that has a name. A day begins with work, and what has no zone is the city's."""
    given = getattr(value, "dt", None)
    if isinstance(given, datetime):
        if given.tzinfo is None and "TZID" in getattr(value, "params", {}):
            raise Refused("unknown_time_zone", "A time zone has no known name.", zone=str(value.params["TZID"])[:100])
        return given if given.tzinfo is not None else given.replace(tzinfo=TZ)
    if isinstance(given, date):
        return datetime.combine(given, OPENS, TZ)
    raise _not_understood("An event has one moment at which it starts.")


def _zone_of(moment: datetime) -> str:
    return getattr(moment.tzinfo, "key", "UTC")


def _minutes_before(event: Event) -> int:
    """By its first alarm that is shown or heard; those that would send something are none of ours."""
    for alarm in event.walk("VALARM"):
        trigger = getattr(alarm.get("trigger"), "dt", None)
        if str(alarm.get("action", "")).upper() in ("DISPLAY", "AUDIO") and isinstance(trigger, timedelta):
            return min(max(int(-trigger.total_seconds() // 60), 0), BEFORE_AT_MOST)
    return SAID_BEFORE if isinstance(event["dtstart"].dt, datetime) else 0


def _not_understood(message: str) -> Refused:
    return Refused("invitation_not_understood", message)
