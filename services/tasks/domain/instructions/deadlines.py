"""By when: days, months, quarters, hours and spans, seen from the day on which the text is read."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from re import Match

from kernel.working_time import ONE_DAY, TZ, WorkingDays, today
from tasks.domain.instructions.reading import Reading, rule

_BY = (
    r"(?<!\w)(?:(?:trước|chậm nhất(?: là)?|muộn nhất(?: là)?|đến hết|đến|hết|hạn(?: chót| cuối)?(?: là)?"
    r"|thời hạn(?: hoàn thành)?|thời gian(?: hoàn thành| thực hiện)?|hoàn thành|hoàn tất|xong|trong|vào)[ :]{1,2}){1,3}"
)
_YEAR = r"(?:(?:/|-|\.| ?, năm | năm )(?P<year>\d{4}))?"
_HOUR = r"(?:(?P<hour>\d{1,2}) ?(?:giờ|h|:)(?: ?(?P<minute>\d{2})(?: phút)?)?,? ?)?"
_DAY = rule(
    rf"{_BY}{_HOUR}(?:thứ (?:hai|ba|tư|năm|sáu|bảy),? |chủ nhật,? )?\(?(?:ngày )?(?P<day>\d{{1,2}})(?:/|-|\.| tháng )"
    rf"(?P<month>\d{{1,2}}){_YEAR}(?![\d%])"
)
_MONTH = rule(rf"{_BY}(?P<part>đầu |giữa |cuối )?tháng (?:(?P<month>\d{{1,2}}){_YEAR}(?!\d)|(?P<near>này|sau|tới))")
_PART_OF_MONTH = rule(
    rf"(?<!\w)(?P<part>cuối |giữa |đầu )tháng (?:(?P<month>\d{{1,2}}){_YEAR}(?!\d)|(?P<near>này|sau|tới))"
)
_QUARTER = rule(rf"{_BY}(?:cuối )?quý (?P<quarter>iv|i{{1,3}}|[1-4])\b{_YEAR}")
_IN_YEAR = rule(rf"{_BY}(?:cuối )?năm (?:(?P<year>\d{{4}})(?!\d)|nay|này)")
_SPAN = rule(
    r"(?<!\w)(?:(?:chậm nhất|trong|sau|thời hạn|thời gian|hạn|vòng|không quá|tối đa|là)[ :]{1,2}){1,4}"
    r"(?P<count>\d{1,3})(?: ?\(\w{2,6}(?: \w{2,6}){0,2}\))? (?P<unit>ngày làm việc|ngày|tuần|tháng|giờ|tiếng)\b"
    r"(?! (?:đầu năm|cuối năm|đầu|một lần)|/| \d{1,2}[/-])"
)
_TODAY = rule(
    r"(?<!\w)(?:ngay )?(?:trong|trước cuối|hết|cuối) (?:ngày hôm nay|hôm nay|ngày)\b(?! (?:\d|mai|làm|lễ|tết|nghỉ))"
)
_TOMORROW = rule(rf"{_BY}(?:sáng |chiều |hết )?ngày mai\b")
_WEEKDAY = rule(
    rf"{_BY}(?:ngày )?(?:thứ (?P<weekday>hai|ba|tư|năm|sáu|bảy)|(?P<sunday>chủ nhật))\b(?: tuần (?P<near>này|sau|tới))?"
    r"(?!,? (?:ngày )?\d)"
)
_WEEK = rule(r"(?<!\w)(?:trong|hết|cuối|trước cuối|ngay trong) tuần (?P<near>này|sau|tới)\b")
_REPORTING = rule(
    r"(?<!\w)(?:định kỳ )?(?:hằng|hàng|mỗi) (?P<period>tuần|tháng|quý)\b|(?<!\w)định kỳ (?:hằng|hàng) (?P<yearly>năm)\b"
)

_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_WEEKDAYS = {"hai": 0, "ba": 1, "tư": 2, "tu": 2, "năm": 3, "nam": 3, "sáu": 4, "sau": 4, "bảy": 5, "bay": 5}


@dataclass(frozen=True, slots=True)
class Deadline:
    """`days` are what it may mean, none if that cannot be said; `at` is the instant where an hour is named.

    `doubt`: None, "past" (gone by), "which_year" (gone by this year: this or the next is meant), "no_such_day",
    "vague".
    """

    start: int
    end: int
    days: tuple[date, ...]
    at: datetime | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Reporting:
    start: int
    end: int
    period: str


class Calendar:
    """What words about time mean on a day."""

    def __init__(self, now: datetime, days: WorkingDays):
        self.now, self.days, self.today = now, days, today(now)

    def deadlines(self, reading: Reading, start: int, end: int) -> list[Deadline]:
        found: list[Deadline] = []
        for pattern, meaning in self._meanings():
            for match in reading.find(pattern, start, end):
                if all(match.end() <= each.start or match.start() >= each.end for each in found):
                    found.append(meaning(match))
        return sorted(found, key=lambda each: each.start)

    def _meanings(self) -> Iterator[tuple[object, Callable[[Match], Deadline]]]:
        yield _DAY, self._day
        yield _SPAN, self._span
        yield _MONTH, self._month
        yield _PART_OF_MONTH, self._month
        yield _QUARTER, self._quarter
        yield _IN_YEAR, self._year
        yield _TOMORROW, lambda match: Deadline(*match.span(), (self.today + ONE_DAY,))
        yield _TODAY, lambda match: Deadline(*match.span(), (self.today,))
        yield _WEEKDAY, self._weekday
        yield _WEEK, self._week

    def _day(self, match: Match) -> Deadline:
        def on(year: int) -> date:
            return date(year, int(match["month"]), int(match["day"]))

        try:
            deadline = self._in_year(match, on)
        except ValueError:
            return Deadline(*match.span(), (), None, "no_such_day")
        return self._at_hour(deadline, match)

    def _at_hour(self, deadline: Deadline, match: Match) -> Deadline:
        if match["hour"] is None or len(deadline.days) != 1:
            return deadline
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        if hour == 24 and minute == 0:
            return deadline
        if hour > 23 or minute > 59:
            return Deadline(deadline.start, deadline.end, (), None, "no_such_day")
        at = datetime.combine(deadline.days[0], time(hour, minute), TZ)
        doubt = "past" if at <= self.now else None
        return Deadline(deadline.start, deadline.end, deadline.days, at, doubt)

    def _month(self, match: Match) -> Deadline:
        part, month = match["part"], match["month"]
        if part and not part.startswith(("cuối", "cuoi")):
            return Deadline(*match.span(), (), None, "vague")
        if month is None:
            this = match["near"] in ("này", "nay")
            first = self.today.replace(day=1)
            day = _last_of(first if this else first + timedelta(days=32))
            return Deadline(*match.span(), (day,))
        if not 1 <= int(month) <= 12:
            return Deadline(*match.span(), (), None, "no_such_day")
        ends_before = part is None and match[0].startswith(("trước tháng", "truoc thang"))

        def last(year: int) -> date:
            first = date(year, int(month), 1)
            return first - ONE_DAY if ends_before else _last_of(first)

        return self._in_year(match, last)

    def _quarter(self, match: Match) -> Deadline:
        quarter = _QUARTERS.get(match["quarter"]) or int(match["quarter"])
        return self._in_year(match, lambda year: _last_of(date(year, quarter * 3, 1)))

    def _year(self, match: Match) -> Deadline:
        return self._in_year(match, lambda year: date(year, 12, 31))

    def _in_year(self, match: Match, on: Callable[[int], date]) -> Deadline:
        """The day in the year that is named; without one in this year, and if that is gone by, the next as well."""
        if match["year"]:
            day = on(int(match["year"]))
            return Deadline(*match.span(), (day,), None, "past" if day < self.today else None)
        day = on(self.today.year)
        if day >= self.today:
            return Deadline(*match.span(), (day,))
        return Deadline(*match.span(), (day, on(self.today.year + 1)), None, "which_year")

    def _span(self, match: Match) -> Deadline:
        count, unit = int(match["count"]), match["unit"]
        if unit in ("giờ", "gio", "tiếng", "tieng"):
            at = self.now + timedelta(hours=count)
            return Deadline(*match.span(), (today(at),), at.astimezone(TZ).replace(microsecond=0))
        if unit in ("ngày làm việc", "ngay lam viec"):
            return Deadline(*match.span(), (self.days.add(self.today, count),))
        if unit in ("tháng", "thang"):
            return Deadline(*match.span(), (_months_after(self.today, count),))
        return Deadline(*match.span(), (self.today + timedelta(days=count * (7 if unit.startswith("tu") else 1)),))

    def _weekday(self, match: Match) -> Deadline:
        weekday = 6 if match["sunday"] else _WEEKDAYS[match["weekday"]]
        monday = self.today - timedelta(days=self.today.weekday())
        if match["near"] in ("sau", "tới", "toi"):
            monday += timedelta(days=7)
        day = monday + timedelta(days=weekday)
        if match["near"] is None and day < self.today:
            day += timedelta(days=7)
        return Deadline(*match.span(), (day,), None, "past" if day < self.today else None)

    def _week(self, match: Match) -> Deadline:
        sunday = self.today + timedelta(days=6 - self.today.weekday())
        if match["near"] not in ("này", "nay"):
            sunday += timedelta(days=7)
        return Deadline(*match.span(), (max(self.today, self.days.on_or_before(sunday)),))


def reporting_in(reading: Reading, start: int, end: int) -> list[Reporting]:
    return [Reporting(*match.span(), _period(match)) for match in reading.find(_REPORTING, start, end)]


def _period(match: Match) -> str:
    if match["yearly"]:
        return "yearly"
    return {"tu": "weekly", "th": "monthly"}.get(match["period"][:2], "quarterly")


def _last_of(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_after(day: date, count: int) -> date:
    years, month = divmod(day.month - 1 + count, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
