"""PostgreSQL: a private instance on the loopback, or the address that was given."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from deploy.local import processes
from deploy.local.state import Account, State, write_private
from deploy.local.supervise import Program
from deploy.local.terminal import Refusal, step

ADMIN = "congvu_admin"
OLDEST = 15


def programs_folder() -> Path:
    """The newest installed version's programs."""
    found = {}
    for server in Path("/usr/lib/postgresql").glob("*/bin/postgres"):
        if re.fullmatch(r"\d+", version := server.parts[-3]) and int(version) >= OLDEST:
            found[int(version)] = server.parent
    if not found:
        raise Refusal(f"The programs of PostgreSQL {OLDEST} or later are missing: apt-get install postgresql.")
    return found[max(found)]


@dataclass(frozen=True)
class Postgres:
    """Where the databases are, and who may make them."""

    admin_url: str  # of the database `postgres`
    is_ours: bool = False

    def url(self, database: str, user: str, password: str) -> str:
        parts = urlsplit(self.admin_url)
        place = f"{quote(user)}:{quote(password)}@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit(parts._replace(netloc=place, path=f"/{database}"))

    def answers(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def given(url: str) -> Postgres:
    """An external instance. Raises Refusal when it cannot be used, without repeating its password."""
    parts = urlsplit(url)
    postgres = Postgres(url if parts.path.strip("/") else urlunsplit(parts._replace(path="/postgres")))
    try:
        with psycopg.connect(postgres.admin_url, connect_timeout=5) as connection:
            may = connection.execute(
                "SELECT rolsuper OR (rolcreatedb AND rolcreaterole) FROM pg_roles WHERE rolname = current_user"
            ).fetchone()[0]
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise Refusal(f"Wrong setting: CONGVU_POSTGRES_URL: PostgreSQL cannot be used: {reason}") from error
    if not may or version < OLDEST:
        raise Refusal(
            f"Wrong setting: CONGVU_POSTGRES_URL: PostgreSQL {OLDEST} or later and a role that may create databases "
            "and roles are needed."
        )
    return postgres


@dataclass(frozen=True)
class PrivatePostgres:
    """An instance of our own: data in the state folder, a password for everybody, no socket but the loopback's."""

    state: State
    port: int
    password: str
    for_tests: bool = False  # its data need not outlive the machine: what is written is not forced to the disk

    def __post_init__(self):
        object.__setattr__(self, "account", Account("postgres"))

    @property
    def folder(self) -> Path:
        return self.state.data / "postgres"

    @property
    def instance(self) -> Postgres:
        return Postgres(f"postgresql://{ADMIN}:{quote(self.password)}@127.0.0.1:{self.port}/postgres", is_ours=True)

    def prepare(self) -> None:
        """Make the data folder, once; one that an interrupted start left unfinished is made again."""
        self.account.folder(self.folder)
        if (self.folder / "data").exists():
            return
        unfinished = self.folder / "unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        password_file = self.folder / "password"
        write_private(password_file, self.password)
        self.account.own(password_file)
        command = [
            programs_folder() / "initdb", "-D", unfinished, "-U", ADMIN, "--pwfile", password_file,
            "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--data-checksums", "--no-instructions",
        ]  # fmt: skip
        with step("Making an empty PostgreSQL instance"):
            made = self.account.run(
                command, cwd="/", capture_output=True, text=True,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | processes.mark(self.state.root),
            )  # fmt: skip
        password_file.unlink()
        if made.returncode != 0:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Refusal(f"PostgreSQL's data folder {self.folder} could not be made: {reason}")
        unfinished.rename(self.folder / "data")

    def program(self) -> Program:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 250,
            "shared_buffers": "128MB",
            "max_wal_size": "512MB",
            "log_line_prefix": "%m [%p] %q%u@%d ",
        }
        if self.for_tests:
            options |= {"fsync": "off", "full_page_writes": "off"}
        command = [str(programs_folder() / "postgres"), "-D", str(self.folder / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            "postgres", command, {"LANG": "C.UTF-8"}, priority=10, stop_signal="INT",
            user=None if self.account.is_ours else self.account.name,
        )  # fmt: skip
