"""What goes out: the same lines that an import reads back without a difference."""

from collections.abc import Sequence
from datetime import datetime

from chassis.paging import an_id, page, position
from directory.domain.columns import COLUMNS, written
from directory.storage import exports, units
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
    everything = policy.allows(action, actor)
    rows = exports.LINES[what](tx, day, scope, after, request["limit"] + 1, everything)
    rows, next_cursor = page(rows, request["limit"], lambda row: (row.place, row.second_place))
    return {
        "headers": [column.headers[0] for column in columns],
        "rows": [[written(column, getattr(row, column.name)) for column in columns] for row in rows],
        "next_cursor": next_cursor,
    }


def _path(tx, unit_id: str | None, day) -> Sequence[str]:
    if unit_id is None:
        return ()
    if units.one(tx, unit_id, day) is None:
        raise Refused("not_found")
    return units.path(tx, unit_id)
