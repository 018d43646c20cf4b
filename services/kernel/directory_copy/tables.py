"""The copy's tables, one per kind of fact. Ids and dates only: no name or number of a person is ever copied."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()
Id = sa.Uuid(as_uuid=False)


def _facts(name: str, *columns: sa.Column, key: sa.types.TypeEngine = Id) -> sa.Table:
    return sa.Table(
        name, metadata,
        sa.Column("id", key, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        *columns,
    )  # fmt: skip


def _period() -> tuple[sa.Column, sa.Column]:
    """From `valid_from` up to, without, `valid_to`; no end when it is empty."""
    return sa.Column("valid_from", sa.Date, nullable=False), sa.Column("valid_to", sa.Date)


units = _facts(
    "copy_units",
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("full_name_en", sa.Text),
    sa.Column("parent_id", Id),
    *_period(),
)
posts = _facts(
    "copy_posts",
    sa.Column("unit_id", Id, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("is_head", sa.Boolean, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    *_period(),
)
memberships = _facts(
    "copy_memberships",
    sa.Column("person_id", Id, nullable=False, index=True),
    sa.Column("post_id", Id, nullable=False, index=True),
    sa.Column("primary", sa.Boolean, nullable=False),
    *_period(),
)
delegations = _facts(
    "copy_delegations",
    sa.Column("grantor_post_id", Id, nullable=False, index=True),
    sa.Column("grantee_person_id", Id, nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    *_period(),
)
audiences = _facts(
    "copy_audiences",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("unit_ids", postgresql.ARRAY(Id), nullable=False),
    key=sa.Text(),
)
working_days = _facts(
    "copy_working_days",
    sa.Column("working", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    key=sa.Date(),
)

# One row, or none before the first fill. `version`: every fact up to it is here. `newest`: the newest version heard of.
# `fresh_at`: the last moment at which the copy was known to lack nothing.
state = sa.Table(
    "copy_state", metadata,
    sa.Column("only", sa.Boolean, sa.CheckConstraint('"only"'), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("newest", sa.BigInteger, nullable=False),
    sa.Column("filled", sa.Boolean, nullable=False),
    sa.Column("fresh_at", sa.DateTime(timezone=True)),
)  # fmt: skip

KINDS = {
    "unit": units,
    "post": posts,
    "membership": memberships,
    "delegation": delegations,
    "audience": audiences,
    "working_day": working_days,
}


def create_tables() -> None:
    """For a service's first migration: the empty copy."""
    from alembic import op

    metadata.create_all(op.get_bind())
    op.execute('INSERT INTO copy_state ("only", version, newest, filled) VALUES (true, 0, 0, false)')
