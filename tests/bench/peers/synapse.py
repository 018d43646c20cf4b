"""Matrix Synapse as the peer of messages: one process with its own limits taken off and nothing to federate with, in a
virtual environment of its own (synapse.txt, pinned by hash), its tables in a database beside ours.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from deploy.local import ports, processes
from deploy.local.state import CHECKOUT, State, write_private
from deploy.local.terminal import step
from tests.bench.client import Wrong

PINS = Path(__file__).with_suffix(".txt")
UV = CHECKOUT / ".local" / "tools" / "bin" / "uv"
HOME = CHECKOUT / ".local" / "synapse"
DATABASE = "bench_synapse"
PATIENCE = 120  # seconds for its start, on a busy machine
SYNC = 2_000  # milliseconds that one look at what is new may wait
V3 = "/_matrix/client/v3"
NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}


def install() -> bool:
    """Whether Synapse is there; it is installed if it can be fetched."""
    stamp = HOME / "pins"
    wanted = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return True
    if not UV.exists():
        return False
    shutil.rmtree(HOME, ignore_errors=True)
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(HOME)],
        ["pip", "install", "--quiet", "--require-hashes", "--python", str(HOME / "bin" / "python"), "-r", str(PINS)],
    ):
        if subprocess.run([UV, *command], env=environment, check=False).returncode:
            return False
    stamp.write_text(wanted)
    return True


class Member:
    """Somebody with an account and a connection that is kept open."""

    def __init__(self, port: int, name: str, token: str):
        self.name, self._port, self._token = name, port, token
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        return _ask(self._connection, method, path, body, self._token)

    def say(self, room: str, text: str) -> str:
        """The event's id."""
        path = f"{V3}/rooms/{room}/send/m.room.message/{uuid.uuid4().hex}"
        return self.ask("PUT", path, {"msgtype": "m.text", "body": text})["event_id"]

    def another(self) -> "Member":
        """The same, on a connection of its own."""
        return Member(self._port, self.name, self._token)

    def close(self) -> None:
        self._connection.close()


def room_of(members: Sequence[Member], joined: bool = True) -> str:
    """A room that the first one made; the others were invited, and have joined."""
    first, *others = members
    wanted = {"preset": "private_chat", "name": "bench", "invite": [each.name for each in others]}
    room = first.ask("POST", f"{V3}/createRoom", wanted)["room_id"]
    for each in others if joined else ():
        each.ask("POST", f"{V3}/join/{room}", {})
    return room


class Listeners:
    """Each member waits for what is new in a room, as clients do; remembers when what came to whom."""

    def __init__(self, members: Sequence[Member], room: str):
        self._members, self._room = [each.another() for each in members], room
        self.came: list[dict[str, float]] = [{} for _ in members]
        self._ended = threading.Event()

    def __enter__(self) -> "Listeners":
        begun = [each.ask("GET", f"{V3}/sync?timeout=0")["next_batch"] for each in self._members]
        self._threads = [
            threading.Thread(target=self._listen, args=each, daemon=True)
            for each in zip(self._members, begun, self.came, strict=True)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        for each in self._members:
            each.close()

    def last(self, event: str, seconds: float = 30) -> float:
        """When the last of them had it. Raises Wrong when somebody does not get it in time."""
        ends = time.perf_counter() + seconds
        while not all(event in seen for seen in self.came):
            if time.perf_counter() > ends:
                raise Wrong(f"{sum(event in seen for seen in self.came)} of {len(self.came)} heard it in {seconds} s")
            time.sleep(0.005)
        return max(seen[event] for seen in self.came)

    def _listen(self, member: Member, since: str, came: dict[str, float]) -> None:
        while not self._ended.is_set():
            found = member.ask("GET", f"{V3}/sync?timeout={SYNC}&since={since}")
            at, since = time.perf_counter(), found["next_batch"]
            joined = found.get("rooms", {}).get("join", {}).get(self._room, {})
            for event in joined.get("timeline", {}).get("events", ()):
                came.setdefault(event["event_id"], at)


@contextlib.contextmanager
def serving(state: State, admin_url: str, people: int) -> Iterator[list[Member]]:
    """A Synapse with so many members, begun empty, in a database of the server that its administrator reaches so."""
    folder = state.root / "synapse"
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (port,) = ports.free(1)
            shared = secrets.token_hex(20)
            _configure(folder, port, urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}")), shared)
            with _homeserver(folder, port, processes.mark(state.root)):
                with step(f"Making a Synapse with {people} members"):
                    members = [_registered(port, f"u{number}", shared) for number in range(people)]
                yield members
                for each in members:
                    each.close()
        finally:
            server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            shutil.rmtree(folder)


def analyze(admin_url: str) -> None:
    """A database that has just been filled has no statistics."""
    with psycopg.connect(urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}")), autocommit=True) as database:
        database.execute("ANALYZE")


def _configure(folder: Path, port: int, url: str, shared: str) -> None:
    made = [
        HOME / "bin" / "python", "-m", "synapse.app.homeserver", "--server-name", "bench.local", "--report-stats=no",
        "--generate-config", "--config-path", folder / "base.yaml", "--data-directory", folder,
    ]  # fmt: skip
    ran = subprocess.run(made, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if ran.returncode:
        raise Wrong(f"Synapse could not be configured:\n{ran.stderr[-2000:]}")
    place = urlsplit(url)
    values = {
        "user": place.username, "password": place.password, "dbname": DATABASE, "host": place.hostname,
        "port": place.port, "cp_min": 5, "cp_max": 10,
    }  # fmt: skip
    log = {
        "version": 1, "disable_existing_loggers": False,
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(folder / "homeserver.log")}},
        "root": {"level": "WARNING", "handlers": ["file"]},
    }  # fmt: skip
    write_private(folder / "log.yaml", json.dumps(log))  # which is YAML too
    listener = {
        "port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}],
    }  # fmt: skip
    limits = ("rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation")
    config = dict.fromkeys(limits, NO_LIMIT) | {
        "pid_file": str(folder / "pid"),
        "listeners": [listener],
        "database": {"name": "psycopg2", "args": {name: value for name, value in values.items() if value}},
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "registration_shared_secret": shared,
        "bcrypt_rounds": 4,
        "url_preview_enabled": False,
        "log_config": str(folder / "log.yaml"),
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), NO_LIMIT),
        "rc_joins": dict.fromkeys(("local", "remote"), NO_LIMIT),
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), NO_LIMIT),
    }
    write_private(folder / "bench.yaml", json.dumps(config))


@contextlib.contextmanager
def _homeserver(folder: Path, port: int, mark: dict[str, str]) -> Iterator[None]:
    command = [
        HOME / "bin" / "python", "-m", "synapse.app.homeserver",
        "-c", folder / "base.yaml", "-c", folder / "bench.yaml",
    ]  # fmt: skip
    log = folder / "out.log"
    with (
        log.open("ab") as file,
        subprocess.Popen(command, cwd=folder, env=os.environ | mark, stdout=file, stderr=file) as server,
    ):
        try:
            _wait(server, port, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, Wrong):
            _ask(connection, "GET", "/_matrix/client/versions")
            return
        connection.close()
        time.sleep(0.2)
    raise Wrong(f"Synapse does not answer:\n{log.read_text()[-2000:]}")


def _registered(port: int, name: str, shared: str) -> Member:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    path = "/_synapse/admin/v1/register"
    nonce = _ask(connection, "GET", path)["nonce"]
    password = secrets.token_hex(8)
    said = b"\0".join(part.encode() for part in (nonce, name, password, "notadmin"))
    proof = hmac.new(shared.encode(), said, hashlib.sha1).hexdigest()
    account = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": proof}
    made = _ask(connection, "POST", path, account)
    connection.close()
    return Member(port, made["user_id"], made["access_token"])


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: dict | None = None, token: str | None = None
) -> dict:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    found = answer.read()
    if answer.status != 200:
        raise Wrong(f"Synapse: {method} {path}: {answer.status}: {found[:300]!r}")
    return json.loads(found)
