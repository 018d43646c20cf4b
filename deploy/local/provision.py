"""Roles, databases, schemas and data of a world. All of it may be repeated: what exists is kept."""

import hashlib
import json
import os
import subprocess
import sys

import psycopg
from psycopg import sql

from contracts.catalogue import SERVICES
from deploy.local import processes
from deploy.local.state import CHECKOUT, read_json
from deploy.local.terminal import Refusal, say, step
from deploy.local.world import World

CITY_EXISTS = 3  # the loader's exit code


def make_databases(world: World) -> None:
    """One database for each service, which its owner role alone may change and its runtime role alone may use."""
    with psycopg.connect(world.postgres.admin_url, autocommit=True) as admin:
        if world.postgres.is_ours:
            admin.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
        roles = {name for (name,) in admin.execute("SELECT rolname FROM pg_roles")}
        databases = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
        for service in SERVICES:
            for role, password in (world.owner(service), world.role(service)):
                _make_role(admin, role, password, exists=role in roles)
            if world.database(service) not in databases:
                _make_database(admin, world, service)
    for service in SERVICES:
        _grant_use(world, service)


def _make_role(admin: psycopg.Connection, role: str, password: str, exists: bool) -> None:
    # the server is told the verifier, so that no password can stand in its log
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
    statement = sql.SQL("{verb} ROLE {role} {rights} PASSWORD {verifier}").format(
        verb=sql.SQL("ALTER" if exists else "CREATE"),
        role=sql.Identifier(role),
        rights=sql.SQL(rights),
        verifier=sql.Literal(verifier),
    )
    admin.execute(statement)


def _make_database(admin: psycopg.Connection, world: World, service: str) -> None:
    names = {
        "database": sql.Identifier(world.database(service)),
        "owner": sql.Identifier(world.owner(service)[0]),
        "role": sql.Identifier(world.role(service)[0]),
    }
    # an administrator that is no superuser makes databases for others only as a member of their role
    admin.execute(sql.SQL("GRANT {owner} TO CURRENT_USER").format(**names))
    admin.execute(
        sql.SQL(
            "CREATE DATABASE {database} OWNER {owner} TEMPLATE template0"
            " ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        ).format(**names)
    )


def _grant_use(world: World, service: str) -> None:
    """As the owner: everything it makes later may be read and written by the runtime role, and by nobody else."""
    names = {
        "database": sql.Identifier(world.database(service)),
        "role": sql.Identifier(world.role(service)[0]),
    }
    with psycopg.connect(world.postgres.url(world.database(service), *world.owner(service))) as owner:
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        ):
            owner.execute(sql.SQL(statement).format(**names))


def make_schemas(world: World) -> None:
    """Run the migrations of the databases that the present code has not brought to its schema yet."""
    code = _fingerprint()
    owners = {service: world.postgres.url(world.database(service), *world.owner(service)) for service in SERVICES}
    behind = {service: url for service, url in owners.items() if _made_by(url) != code}
    if not behind:
        return
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "deploy.local.schemas"],
        cwd=CHECKOUT,
        env=os.environ | processes.mark(world.state.root),
        input=json.dumps(behind),
        text=True,
        stderr=subprocess.PIPE,
    )
    if made.returncode != 0:
        raise Refusal(made.stderr.strip())
    for service, url in behind.items():
        names = {
            "database": sql.Identifier(world.database(service)),
            "role": sql.Identifier(world.role(service)[0]),
            "code": sql.Literal(code),
        }
        with psycopg.connect(url) as owner:
            # which schema this is, is the owner's to say
            owner.execute(sql.SQL("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}").format(**names))
            owner.execute(sql.SQL("COMMENT ON DATABASE {database} IS {code}").format(**names))


def _fingerprint() -> str:
    """Of all code that a migration may use; asking Alembic instead would take seconds of every start."""
    digest = hashlib.sha256()
    for file in sorted((CHECKOUT / "services").rglob("*.py")):
        digest.update(file.relative_to(CHECKOUT).as_posix().encode() + b"\0" + file.read_bytes())
    return f"schema made by code {digest.hexdigest()[:16]}"


def _made_by(owner_url: str) -> str | None:
    with psycopg.connect(owner_url) as owner:
        statement = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        return owner.execute(statement).fetchone()[0]


def load_city(world: World, people: int, seed: int) -> list[dict]:
    """The city's data, when the directory is empty; a city that is there stays. Answers the demo accounts."""
    file = world.state.accounts_file
    owner_url = world.postgres.url(world.database("directory"), *world.owner("directory"))
    command = [sys.executable, "-W", "ignore", "-m", "directory.load", "--people", str(people), "--seed", str(seed)]
    command += ["--accounts-file", str(file)]
    addresses = {"CONGVU_DATABASE_OWNER_URL": owner_url, "CONGVU_SEALING_KEYS": str(world.state.sealing_keys)}
    environment = os.environ | addresses | processes.mark(world.state.root)
    said = ""
    loading = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True)
    with step("Filling the directory, if it is empty"), loading:
        for line in loading.stderr:
            said = line.strip()
            if not said.startswith("congvu:"):
                say(line.rstrip())
    if loading.returncode not in (0, CITY_EXISTS):
        raise Refusal(said or f"The city's data could not be loaded (exit code {loading.returncode}).")
    if (known := read_json(file)) is None:
        raise Refusal(f"The database has a city, but {file} with its accounts is gone: make clean, and start anew.")
    return known["accounts"]
