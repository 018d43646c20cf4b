"""Where a run keeps its things: one folder of the checkout, readable by its owner alone."""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from contracts.catalogue import SERVICES
from deploy.local.terminal import Refusal

CHECKOUT = Path(__file__).resolve().parents[2]
RUN = CHECKOUT / ".local"
TEST_SLOTS = [RUN / "test", *(RUN / f"test-{number}" for number in range(2, 10))]
SOCKET_PATH_LIMIT = 100  # a Unix socket's address holds 107 bytes


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600, exist_ok=False)
    with new.open("w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def write_json(path: Path, value: object) -> None:
    write_private(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict | None:
    """The content, or None when the file is absent or was cut short by a crash."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


class Account:
    """The unprivileged user that a server runs as: its own when we are root (the servers refuse root), else we."""

    def __init__(self, name: str):
        self.is_ours = os.geteuid() != 0
        try:
            entry = pwd.getpwuid(os.geteuid()) if self.is_ours else pwd.getpwnam(name)
        except KeyError as error:
            who = name if not self.is_ours else f"number {os.geteuid()}"
            raise Refusal(f"This machine has no user {who}, whom its server would run as.") from error
        self.name, self.uid, self.gid = entry.pw_name, entry.pw_uid, entry.pw_gid

    def run(self, command: list[str], **options) -> subprocess.CompletedProcess:
        if not self.is_ours:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(command, **options)

    def own(self, *paths: Path) -> None:
        if not self.is_ours:
            for path in paths:
                os.chown(path, self.uid, self.gid)

    def folder(self, path: Path) -> Path:
        path.mkdir(exist_ok=True)
        path.chmod(0o700)
        self.own(path)
        return path

    def can_enter(self, folder: Path) -> bool:
        return self.is_ours or self.run(["test", "-x", folder], cwd="/").returncode == 0


class State:
    """The folder of one run, and the data folder of its servers.

    The servers' users may be unable to enter the checkout (a home of mode 700), or its path may be too long for a
    socket: then the servers' data and the socket lie in a folder of their own under /var/tmp.
    """

    def __init__(self, root: Path):
        self.root = root
        self.log = root / "log"
        self.keys = root / "keys"
        self.sealing_keys = self.keys / "sealing.keys"
        self.feed_keys = self.keys / "feeds.keys"
        self.push_key = self.keys / "push.pem"
        self.webhook_keys = self.keys / "webhooks.pem"
        self.run_file = root / "run.json"
        self.admin_file = root / "admin.json"
        self.accounts_file = root / "accounts.json"
        mark = hashlib.sha256(str(root).encode()).hexdigest()[:12]
        self.elsewhere = Path("/var/tmp") / f"congvu-{os.geteuid()}-{mark}"  # noqa: S108 - its owner is checked
        self.data = root

    @property
    def databases(self) -> list[Path]:
        """Wherever a PostgreSQL of this run may have its data."""
        return [folder / "postgres" / "data" for folder in (self.root, self.elsewhere)]

    @property
    def socket(self) -> Path:
        return self.data / "supervisor.sock"

    @property
    def door(self) -> Path:
        """Where the gateway's listening socket is asked for."""
        return self.data / "door.sock"

    def make(self) -> None:
        """Make the folders. Others may pass through to the servers' own folders, and read nothing."""
        RUN.mkdir(exist_ok=True)
        RUN.chmod(0o711)
        self.root.mkdir(exist_ok=True)
        self.root.chmod(0o711)
        for folder in (self.log, self.keys):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def choose_data_folder(self, users: list[Account]) -> None:
        too_long = len(os.fsencode(self.root / "supervisor.sock")) > SOCKET_PATH_LIMIT
        if too_long or not all(user.can_enter(self.root) for user in users):
            self.data = self.elsewhere
            self.data.mkdir(mode=0o711, exist_ok=True)
            if self.data.is_symlink() or self.data.stat().st_uid != os.geteuid():
                raise Refusal(f"{self.data} belongs to somebody else: it would hold this checkout's data.")
            self.data.chmod(0o711)

    @property
    def _lock(self) -> Path:
        return RUN / f"{'run' if self.root == RUN else self.root.name}.lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Gives whether we are the only one; the kernel frees the lock when its holder dies."""
        with self._lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield True

    def holder(self) -> int | None:
        """The process that holds the lock."""
        if not self._lock.exists():
            return None
        with self._lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                return int(file.read() or 0) or None
        return None

    def secrets(self) -> dict[str, str]:
        """Random passwords, made once: of the admin accounts, and of each service's roles and broker account."""
        path = self.root / "secrets.json"
        known = read_json(path) or {}
        names = ["postgres_admin", "rabbitmq_admin", "rabbitmq_cookie"]
        names += [f"{kind}_{service}" for kind in ("owner", "role", "broker") for service in SERVICES]
        if missing := [name for name in names if name not in known]:
            known |= {name: secrets.token_urlsafe(24) for name in missing}
            write_json(path, known)
        return known

    def need_space(self, megabytes: int) -> None:
        free = shutil.disk_usage(self.data).free // 2**20
        if free < megabytes:
            raise Refusal(f"The disk under {self.data} is full: {free} MB are free, {megabytes} MB are needed.")

    def remove(self) -> None:
        for folder in (self.elsewhere, self.root):
            if folder.exists():
                shutil.rmtree(folder)
