"""The supervisor (supervisord) of a run: what it runs, and how it is asked."""

import contextlib
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import Faults, SupervisorTransport

from deploy.local import processes
from deploy.local.state import CHECKOUT, State, write_private
from deploy.local.terminal import Refusal, tail

SERVICES = "services"  # the group of the five
NEVER_GIVE_UP = 10**9  # retries of a start; before each the supervisor waits a second longer
OPEN_FILES = 65_536  # as far as the machine allows: every live stream is one


@dataclass(frozen=True)
class Program:
    """A process that is kept running. A low `priority` starts first and stops last."""

    name: str
    command: list[str]
    environment: dict[str, str]
    priority: int
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 30
    steady_seconds: int = 1  # one that ends sooner did not start
    at_once: bool = True  # started with the supervisor, or when asked

    def section(self, log) -> str:
        lines = {
            "command": shlex.join(self.command),
            "environment": ",".join(f'{key}="{value}"' for key, value in self.environment.items()),
            "priority": self.priority,
            "directory": CHECKOUT if self.user is None else "/",
            "autostart": str(self.at_once).lower(),
            "autorestart": "true",
            "startsecs": self.steady_seconds,
            "startretries": NEVER_GIVE_UP,
            "stopsignal": self.stop_signal,
            "stopwaitsecs": self.stop_seconds,
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": log / f"{self.name}.log",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 3,
        }
        if self.user is not None:
            lines["user"] = self.user
        return f"[program:{self.name}]\n" + "".join(f"{key}={_plain(value)}\n" for key, value in lines.items())


def _plain(value: object) -> str:
    return str(value).replace("%", "%%")


@dataclass
class Supervisor:
    state: State
    programs: list[Program]
    _process: subprocess.Popen | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches us alone; if we die it is told to stop all."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES), hard))
        config = self.state.root / "supervisord.conf"
        write_private(config, self._config())
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "SSL_CERT_FILE") if name in os.environ}
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "supervisor.supervisord", "-n", "-c", config],
            env=environment | {"LANG": "C.UTF-8"} | processes.mark(self.state.root),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, seconds: float = 90) -> None:
        """Services first, then the servers; whatever resists is ended by its id."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # what resists is ended by its id
                self._process.wait(seconds)
        processes.end_all(self.state.root, self.state.databases, seconds=5)
        self.state.socket.unlink(missing_ok=True)

    def _config(self) -> str:
        services = [program.name for program in self.programs if not program.at_once]
        account = "user=root\n" if os.geteuid() == 0 else ""
        head = (
            f"[supervisord]\n{account}logfile={_plain(self.state.log / 'supervisord.log')}\nlogfile_maxbytes=1MB\n"
            f"logfile_backups=1\nloglevel=info\npidfile={_plain(self.state.root / 'supervisord.pid')}\n"
            f"childlogdir={_plain(self.state.log)}\nidentifier=congvu\n"
            f"[unix_http_server]\nfile={_plain(self.state.socket)}\nchmod=0700\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        group = f"[group:{SERVICES}]\nprograms={','.join(services)}\npriority=900\n" if services else ""
        return head + group + "".join(program.section(self.state.log) for program in self.programs)


def _ask(state: State):
    return ServerProxy("http://local", transport=SupervisorTransport(None, None, f"unix://{state.socket}")).supervisor


def information(state: State) -> dict[str, dict]:
    """What the supervisor knows of each program (statename, pid, ...). Empty while it does not answer, or ends."""
    try:
        return {info["name"]: info for info in _ask(state).getAllProcessInfo()}
    except (OSError, Fault):
        return {}


def check(state: State, names: Iterable[str]) -> None:
    """Raises Refusal when the supervisor is gone, or one of the programs does not stay up."""
    infos = information(state)
    if not infos:
        raise Refusal(f"The supervisor ended; see {state.log / 'supervisord.log'}.")
    for name in names:
        if infos[name]["statename"] in ("BACKOFF", "FATAL", "EXITED"):
            log = state.log / f"{name}.log"
            seen = infos[name]["group"] == SERVICES  # their lines are shown as they come
            raise Refusal(("" if seen else f"{tail(log)}\n") + f"{name} does not start; its log is {log}.")


def start_services(state: State) -> None:
    """Start the five, without waiting; a running one is left alone."""
    supervisor = _ask(state)
    for info in supervisor.getAllProcessInfo():
        if info["group"] == SERVICES:
            try:
                supervisor.startProcess(f"{SERVICES}:{info['name']}", False)
            except Fault as fault:
                if fault.faultCode != Faults.ALREADY_STARTED:
                    raise


def restart_service(state: State, service: str) -> None:
    """Back when it is started; it is not ready then."""
    supervisor = _ask(state)
    try:
        supervisor.stopProcess(f"{SERVICES}:{service}", True)
    except Fault as fault:
        if fault.faultCode != Faults.NOT_RUNNING:
            raise
    supervisor.startProcess(f"{SERVICES}:{service}", False)


def wait_for_socket(supervisor: Supervisor, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not information(supervisor.state):
        if not supervisor.is_running or time.monotonic() > deadline:
            raise Refusal(f"The supervisor did not start; see {supervisor.state.log / 'supervisord.log'}.")
        time.sleep(0.1)
