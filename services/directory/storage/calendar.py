"""The days that differ, or once differed, from Monday to Friday."""

from datetime import date

from sqlalchemy import select

from directory.storage import tables as t


def of_year(tx, year: int):
    days = t.working_days.c.id.between(date(year, 1, 1), date(year, 12, 31))
    return tx.execute(select(t.working_days).where(days).order_by(t.working_days.c.id)).all()
