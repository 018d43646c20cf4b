"""Redmine with as many assignees as there are units, as the peer of the boxes: puma as its package has it, its own copy
of the program, its tables in a database beside ours, written by SQL. It sends no mail.

Its administrator asks, so that it looks up no rights. Each request has a connection of its own, as behind a proxy: one
that is kept open would stay with one of puma's processes while another has nothing to do.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from deploy.local import ports, processes
from deploy.local.state import CHECKOUT, State, write_private
from deploy.local.terminal import step
from tests.bench.client import Connection, Wrong

PACKAGE, PUMA = Path("/usr/share/redmine"), Path("/usr/bin/puma")
BUNDLERS = Path("/usr/share/rubygems-integration/all/gems")
ASSIGNEES, ISSUES = 184, 20_000
THREADS = 4  # of each of puma's processes, of which each processor has one
DATABASE = "bench_redmine"
NO_DATABASE = "redmine redmine/instances/default/dbconfig-install boolean false\n"
PATIENCE = 300  # seconds for making its tables, on a busy machine
ROWS = """
    UPDATE users SET must_change_passwd = false WHERE login = 'admin';
    INSERT INTO tokens (user_id, action, value, created_on, updated_on)
        SELECT id, 'api', %(key)s, now(), now() FROM users WHERE login = 'admin';
    INSERT INTO settings (name, value, updated_on) VALUES ('rest_api_enabled', '1', now()),
        ('notified_events', E'--- []\n', now());
    INSERT INTO projects (name, identifier, status, is_public, lft, rgt, created_on, updated_on)
        VALUES ('Nhiệm vụ', 'nhiem-vu', 1, true, 1, 2, now(), now());
    INSERT INTO enabled_modules (project_id, name) SELECT id, 'issue_tracking' FROM projects;
    INSERT INTO projects_trackers (project_id, tracker_id) SELECT p.id, t.id FROM projects p, trackers t;
    INSERT INTO users (login, firstname, lastname, status, language, type, mail_notification, created_on, updated_on)
        SELECT 'unit' || n, 'Đơn vị', n::text, 1, 'en', 'User', 'none', now(), now()
        FROM generate_series(1, %(assignees)s) AS n;
    INSERT INTO email_addresses (user_id, address, is_default, notify, created_on, updated_on)
        SELECT id, login || '@example.org', true, false, now(), now() FROM users WHERE login LIKE 'unit%%';
    INSERT INTO members (user_id, project_id, created_on)
        SELECT u.id, p.id, now() FROM users u, projects p WHERE u.login LIKE 'unit%%';
    INSERT INTO member_roles (member_id, role_id)
        SELECT id, (SELECT id FROM roles WHERE builtin = 0 ORDER BY position LIMIT 1) FROM members;
    INSERT INTO issues (tracker_id, project_id, subject, description, status_id, priority_id, author_id,
            assigned_to_id, start_date, due_date, created_on, updated_on, lft, rgt)
        SELECT t.id, p.id, 'Rà soát phương án phòng chống ngập, đợt ' || n,
            repeat('Các đơn vị rà soát, cập nhật phương án, báo cáo kết quả về Văn phòng Ủy ban. ', 2 + n %% 5),
            t.default_status_id, (SELECT id FROM enumerations WHERE type = 'IssuePriority' AND is_default),
            (SELECT id FROM users WHERE login = 'admin'), units.ids[1 + n %% %(assignees)s], current_date,
            current_date + 14, now() - interval '1 minute' * n, now() - interval '1 minute' * n, 1, 2
        FROM generate_series(1, %(issues)s) AS n, projects p,
            (SELECT id, default_status_id FROM trackers ORDER BY position LIMIT 1) AS t,
            (SELECT array_agg(id) AS ids FROM users WHERE login LIKE 'unit%%') AS units;
    UPDATE issues SET root_id = id
"""
KNOWN = """
    SELECT (SELECT id FROM projects), (SELECT id FROM trackers ORDER BY position LIMIT 1),
        (SELECT array_agg(id) FROM users WHERE login LIKE 'unit%')
"""


def install() -> bool:
    """Whether Redmine and puma are there; they are installed if we may."""
    if not _is_there() and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["debconf-set-selections"], input=NO_DATABASE, text=True, check=False)
        for packages in (["ruby-bundler"], ["redmine", "redmine-pgsql", "puma"]):
            script = ["bash", CHECKOUT / "deploy/local/install-packages.sh", *packages]
            silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(script, env=os.environ | _bundler(), check=False, **silent)
    return _is_there()


def _is_there() -> bool:
    return (PACKAGE / "config.ru").exists() and PUMA.exists() and bool(_bundler())


def _bundler() -> dict[str, str]:
    """Chooses the distribution's bundler: the one that comes with Ruby itself does not know packaged libraries."""
    versions = [found.name.partition("-")[2] for found in BUNDLERS.glob("bundler-*")]
    return {"BUNDLER_VERSION": versions[0]} if versions else {}


class Client:
    """Asks for issues, and makes them; the next assignee each time."""

    def __init__(self, port: int, key: str, project_id: int, tracker_id: int, assignee_ids: list[int]):
        self._base_url, self._key = f"http://127.0.0.1:{port}", key
        self._issue = {"project_id": project_id, "tracker_id": tracker_id}
        self._assignees = itertools.cycle(assignee_ids)

    def find(self, limit: int = 25) -> None:
        wanted = next(self._assignees)
        found = self._asked("GET", f"/issues.json?assigned_to_id={wanted}&limit={limit}")["issues"]
        if len(found) != limit or any(issue["assigned_to"]["id"] != wanted for issue in found):
            raise Wrong(f"Redmine showed {len(found)} issues, not all of them of whom they were asked")

    def make(self, title: str, content: str, due_on: str) -> None:
        wanted = next(self._assignees)
        issue = {"subject": title, "description": content, "due_date": due_on, "assigned_to_id": wanted}
        if self._asked("POST", "/issues.json", {"issue": self._issue | issue})["issue"]["assigned_to"]["id"] != wanted:
            raise Wrong("Redmine made an issue for somebody else")

    def _asked(self, method: str, path: str, body: dict | None = None) -> dict:
        connection = Connection(self._base_url)
        try:
            expected = 201 if body else 200
            headers = {"X_Redmine_API_Key": self._key, "Connection": "close"}
            return json.loads(connection.ask(method, path, body, expected, **headers))
        finally:
            connection.close()


@contextlib.contextmanager
def serving(state: State, admin_url: str) -> Iterator[Client]:
    """A Redmine with its issues, begun empty, in a database of the server whose administrator's address this is."""
    folder = state.root / "redmine"
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
        try:
            environment = _copy(folder, url) | processes.mark(state.root)
            with step(f"Making a Redmine with {ISSUES:,} issues"):
                for task in ("db:migrate", "redmine:load_default_data"):
                    _run(folder, environment, "exec", "rake", task)
                key = secrets.token_hex(20)
                known = _write(url, key)
            with _puma(folder, environment) as port:
                yield Client(port, key, *known)
        finally:
            server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            shutil.rmtree(folder, ignore_errors=True)


def _copy(folder: Path, url: str) -> dict[str, str]:
    """The packaged program in a folder of its own: it keeps what it writes beside itself. Answers its environment."""
    shutil.rmtree(folder, ignore_errors=True)
    here = shutil.ignore_patterns("Gemfile.lock", "instances", "database.yml")
    shutil.copytree(PACKAGE, folder, symlinks=True, ignore=here)
    instance = folder / "instances" / "bench"
    for name in ("config", "log", "files", "tmp/cache", "tmp/pids"):
        (instance / name).mkdir(parents=True)
    for config in (folder / "config", instance / "config"):
        database = {"adapter": "postgresql", "encoding": "utf8", "pool": 2 * THREADS, "url": url}
        write_private(config / "database.yml", json.dumps({"production": database}))  # which is YAML too
    write_private(instance / "config" / "secret_key.txt", secrets.token_hex(32))
    (folder / "config" / "additional_environment.rb").write_text("config.log_level = :warn\n")
    gemfile = folder / "Gemfile"
    gemfile.write_text(gemfile.read_text().replace(str(PACKAGE), str(folder)))
    (folder / "Gemfile.local").write_text("gem 'puma'\n")
    environment = os.environ | _bundler() | {
        "RAILS_ENV": "production", "REDMINE_INSTANCE": "bench", "REDMINE_LANG": "en", "LANG": "C.UTF-8",
        "BUNDLE_GEMFILE": str(gemfile), "HOME": str(folder), "SCHEMA": os.devnull,
    }  # fmt: skip
    _run(folder, environment, "install", "--local", "--quiet")
    return environment


def _run(folder: Path, environment: dict[str, str], *command: str) -> None:
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    ran = subprocess.run(["bundle", *command], cwd=folder, env=environment, text=True, timeout=PATIENCE, **output)
    if ran.returncode:
        raise Wrong(f"Redmine could not be made by bundle {' '.join(command)}:\n{ran.stdout[-2000:]}")


def _write(url: str, key: str) -> tuple[int, int, list[int]]:
    """Its people and issues. Answers the project's id, the tracker's, and the assignees'."""
    with psycopg.connect(url) as database:
        for statement in ROWS.split(";\n"):
            values = {"key": key, "assignees": ASSIGNEES, "issues": ISSUES}
            database.execute(statement, values)
        known = database.execute(KNOWN).fetchone()
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")
    return known


@contextlib.contextmanager
def _puma(folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """At the port that is answered."""
    (port,) = ports.free(1)
    command = [
        "bundle", "exec", "puma", "-e", "production", "-b", f"tcp://127.0.0.1:{port}", "-w", str(os.cpu_count()),
        "-t", f"{THREADS}:{THREADS}", "--preload", "config.ru",
    ]  # fmt: skip
    log = folder / "puma.log"
    with (
        log.open("ab") as file,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file) as server,
    ):
        try:
            _wait(server, port, log)
            yield port
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(OSError, Wrong):
            connection = Connection(f"http://127.0.0.1:{port}")
            connection.ask("GET", "/login")
            return
        time.sleep(0.2)
    raise Wrong(f"Redmine does not answer:\n{log.read_text()[-2000:]}")
