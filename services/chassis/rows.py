"""Statements that cost little: many values go as one parameter, and those that people wait for are written out once.

With many values as one parameter it is one statement and one round trip, be it for 1 row or for 400.

The values go as one text. The driver would write lists element by element in Python, which for an order to all units
takes longer than the database does with them.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import dialect

from chassis.wire import to_json

Id = sa.Uuid(as_uuid=False)
_SIZES = (20, 51, 201, 500)  # pages as most ask for them, with the row that shows that there is a next one
_DIALECT = dialect(paramstyle="numeric_dollar")


class _Ids(sa.types.UserDefinedType):
    """A list of ids, as PostgreSQL writes an array. It goes without a type of its own: a text would be read as an array
    again for each row that is compared with it.
    """

    cache_ok = True

    def bind_processor(self, dialect):
        return lambda ids: "{" + ",".join(ids) + "}"

    def bind_expression(self, bindvalue):
        return sa.cast(bindvalue, ARRAY(Id))


def any_of(ids: Iterable[str]):
    """`column == any_of(ids)`."""
    return func.any(sa.literal(list(ids), _Ids()))


def all_of(ids: Iterable[str]):
    """`column != all_of(ids)`: it is none of them."""
    return func.all(sa.literal(list(ids), _Ids()))


def among(ids: Iterable[str]):
    """`column.in_(among(ids))`: for thousands. Where no index serves, any_of reads its list again for each row."""
    return sa.select(func.unnest(sa.literal(list(ids), _Ids())))


def any_bound(name: str):
    """The same for a statement that is made once, at import, and given its ids by this name: making a statement costs
    more than running it.
    """
    return func.any(ids_bound(name))


def ids_bound(name: str):
    """The list itself in such a statement, whatever is done with it."""
    return sa.bindparam(name, type_=_Ids())


def unnested(**columns: tuple[sa.types.TypeEngine, list]):
    """Rows to select from, given column by column: `unnested(id=(Id, ids), role=(Text, roles))`."""
    rows = [
        dict(zip(columns, row, strict=True)) for row in zip(*(values for _, values in columns.values()), strict=True)
    ]
    shape = [sa.column(name, kind) for name, (kind, _) in columns.items()]
    given = func.json_to_recordset(sa.cast(sa.literal(to_json(rows)), sa.JSON))
    return given.table_valued(*shape).render_derived(name="given", with_types=True)


def size_for(limit: int) -> int:
    """So many rows or some more, to be cut off. A number that is written out makes a statement of its own, which each
    connection keeps its plan of: there shall be few, though a client chooses the number.
    """
    return next((size for size in _SIZES if size >= limit), limit)


class Written:
    """A statement that is written out once, for what people wait for most: SQLAlchemy makes its text, and has no part
    in running it, which would cost twice of what the driver does.
    """

    def __init__(self, statement: sa.Executable):
        compiled = statement.compile(dialect=_DIALECT)
        whole = compiled.construct_expanded_state(compiled.params)
        self.text = whole.statement
        self._names, self._known = whole.positiontup or [], whole.parameters
        self._given = {name for bound, name in compiled.bind_names.items() if bound.required}
        writers = ((name, bound.type.dialect_impl(_DIALECT)) for bound, name in compiled.bind_names.items())
        self._writers = {name: write for name, kind in writers if (write := kind.bind_processor(_DIALECT))}

    def values(self, given: Mapping) -> list:
        """In the order of their numbers in the text. Raises TypeError when one is missing, which would be NULL."""
        if given.keys() != self._given:
            raise TypeError(f"the statement is to be given {sorted(self._given)}, not {sorted(given)}")
        known = self._known | given
        known |= {name: write(known[name]) for name, write in self._writers.items() if known[name] is not None}
        return [known[name] for name in self._names]
