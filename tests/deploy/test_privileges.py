"""One database and one least-privilege role per service, as PostgreSQL itself sees it."""

import psycopg
import pytest
from psycopg import errors

from contracts.catalogue import SERVICES


def in_database(url: str, service: str) -> str:
    return url.rsplit("/", 1)[0] + f"/congvu_interface_{service}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_own_database_only(world, service):
    for other in SERVICES:
        if other != service:
            for addresses in (world.databases, world.owners):
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    psycopg.connect(in_database(addresses[service], other))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE ROLE mine",
        "DROP TABLE outbox",
        "TRUNCATE outbox",
        "ALTER TABLE outbox ADD COLUMN mine int",
        "DELETE FROM alembic_version",
        "SELECT * FROM pg_authid",
    ],
)
def test_a_service_changes_rows_and_nothing_else(world, service, statement):
    with psycopg.connect(world.databases[service]) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_use_its_tables(world, service):
    with psycopg.connect(world.databases[service]) as connection:
        connection.execute("SELECT * FROM outbox LIMIT 1")
        connection.execute("DELETE FROM outbox WHERE false")
