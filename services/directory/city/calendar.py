"""The days on which the city works although it is a weekend, or does not although it is not."""

from datetime import date

import holidays


def exceptions(first_year: int, last_year: int) -> dict[date, tuple[bool, str]]:
    """Day -> (worked, name), for the days that differ from Monday to Friday. Later years are the known rules only:
    the government decides swap and make-up days year by year, and operators enter them."""
    vietnam = holidays.country_holidays("VN", years=range(first_year, last_year + 1), language="vi")
    days = {day: (False, name) for day, name in vietnam.items() if day.weekday() < 5}
    for day in vietnam.weekend_workdays:
        if first_year <= day.year <= last_year:
            days[day] = (True, "Ngày làm bù")
    return dict(sorted(days.items()))
