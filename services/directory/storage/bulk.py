"""Many rows in few statements: one for each row would take longer than all else together."""

from collections.abc import Iterator

import sqlalchemy as sa

from chassis.wire import to_json

BATCH = 5000  # rows in a statement, so that none takes as long as to be stopped


def batches(items: list) -> Iterator[list]:
    return (items[first : first + BATCH] for first in range(0, len(items), BATCH))


def put(tx, table: sa.Table, rows: list[dict]) -> None:
    """Rows with the same columns, each inserted or in the place of the one with its id."""
    if not rows:
        return
    names = ", ".join(f'"{table.c[name].name}"' for name in rows[0])
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in rows[0] if name != "id")
    source = f"json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    inserted = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source}"  # noqa: S608 (names of our tables)
    statement = sa.text(f"{inserted} ON CONFLICT (id) DO UPDATE SET {changes}")
    for some in batches(rows):
        tx.execute(statement, {"rows": to_json(some)})
