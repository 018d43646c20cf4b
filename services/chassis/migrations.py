"""The tables that the chassis keeps in each service's database, and the environment of its Alembic migrations."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import context, op

from chassis.audit.tables import AUDIT_TABLES

CHASSIS_TABLES = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    name text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    data jsonb NOT NULL,
    thin jsonb,
    trace jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE TABLE inbox (
    handler text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (handler, event_id)
);
CREATE INDEX inbox_received ON inbox (received_at);
CREATE TABLE idempotency (
    who text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (who, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
CREATE TABLE timers (
    name text PRIMARY KEY,
    ran_at timestamptz NOT NULL
);
"""


def create_audit_tables() -> None:
    """For the migration with which a service's audit log begins."""
    op.get_bind().exec_driver_sql(AUDIT_TABLES, execution_options={"no_parameters": True})


def create_chassis_tables() -> None:
    """For a service's first migration."""
    op.execute(CHASSIS_TABLES)


def run(afterwards: Callable[[sa.Connection], None] | None = None) -> None:
    """What a service's migrations/env.py calls. `afterwards` is for code that knows the newest tables only, which a
    migration that others follow cannot call.
    """
    url = context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sa.create_engine(url, connect_args={"options": "-c lock_timeout=5000"})
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    if afterwards is not None:
        with engine.begin() as connection:
            afterwards(connection)
    engine.dispose()
