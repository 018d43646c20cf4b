"""Many values as one array parameter: one statement and one round trip, be it for 1 row or for 400."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import ARRAY

Id = sa.Uuid(as_uuid=False)


def any_of(ids: Iterable[str]):
    """`column == any_of(ids)`."""
    return func.any(sa.literal(list(ids), ARRAY(Id)))


def any_bound(name: str):
    """The same for a statement that is made once, at import, and given its ids by this name: making a statement costs
    more than running it.
    """
    return func.any(sa.bindparam(name, type_=ARRAY(Id)))


def unnested(**columns: tuple[sa.types.TypeEngine, list]):
    """Rows to select from, given column by column: `unnested(id=(Id, ids), role=(Text, roles))`."""
    arrays = [sa.literal(list(values), ARRAY(kind)) for kind, values in columns.values()]
    shape = [sa.column(name, kind) for name, (kind, _) in columns.items()]
    return func.unnest(*arrays).table_valued(*shape, name="given").render_derived()
