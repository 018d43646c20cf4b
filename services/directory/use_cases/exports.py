"""What goes out: for administrators the same lines that an import reads back without a difference."""

from collections.abc import Sequence
from datetime import datetime

from chassis.paging import an_id, page, position
from directory.domain import contact
from directory.domain.columns import COLUMNS, written
from directory.storage import exports, people, units
from kernel import policy
from kernel.actor import Actor
from kernel.errors import Refused
from kernel.working_time import today


def export_lines(tx, actor: Actor, action: str, request: dict, now: datetime) -> dict:
    """A page of lines. The first one is written down as the export."""
    what, unit_id, day = request["what"], request["unit_id"], today(now)
    policy.require(action, actor, _path(tx, unit_id, day))
    after = position(request["cursor"], an_id, an_id)
    if after is None:
        tx.audit("directory.exported", subject=unit_id or "city", what=what)
    columns = COLUMNS[what]
    scope = units.with_sub_units(tx, unit_id) if unit_id else None
    rows = exports.LINES[what](tx, day, scope, after, request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.place, row.second_place))
    if what == "people" and not policy.allows(action, actor):
        lines = _as_seen(tx, rows, actor.person_id, day)
    else:
        lines = [row._mapping for row in rows]
    return {
        "headers": [column.headers[0] for column in columns],
        "rows": [[written(column, line[column.name]) for column in columns] for line in lines],
        "next_cursor": next_cursor,
    }


def _as_seen(tx, rows: Sequence, seeker_id: str, day) -> list[dict]:
    """Who does not take out the whole city gets what he may see in it of how people can be reached, and no number but
    his own: those are told to administrators only.
    """
    places = people.places(tx, {seeker_id, *(row.id for row in rows)}, day)
    lines = []
    for row in rows:
        visibilities = contact.visibilities(row.shown_to, places[row.id])
        hidden = ["employee_number"] + [
            field
            for field, visibility in visibilities.items()
            if not contact.may_see(visibility, places[seeker_id], places[row.id])
        ]
        if row.id == seeker_id:
            hidden = []
        lines.append(dict(row._mapping) | dict.fromkeys(hidden))
    return lines


def _path(tx, unit_id: str | None, day) -> Sequence[str]:
    if unit_id is None:
        return ()
    if units.one(tx, unit_id, day) is None:
        raise Refused("not_found")
    return units.path(tx, unit_id)
