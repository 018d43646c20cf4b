"""`make run`: the whole platform, until Ctrl-C."""

import os
import signal
import time
from pathlib import Path

import psycopg

from chassis.identity import make_keys
from chassis.sealing import make_sealing_keys
from contracts.catalogue import SERVICES
from deploy.local import fleet, ports, processes, provision, run_file, servers, settings
from deploy.local.own_keys import make_push_key, make_webhook_keys
from deploy.local.state import RUN, State, read_json, write_json
from deploy.local.supervise import Supervisor
from deploy.local.terminal import Follower, Refusal, say, step
from deploy.local.world import World

VHOST = "congvu"
FIRST_SPACE, LATER_SPACE = 1500, 400  # megabytes: for a new city, for one that exists


class Told(BaseException):
    """A signal that says: end."""


def heed_signals() -> None:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def tell(_number, _frame):
        for number in signals:
            signal.signal(number, signal.SIG_IGN)  # the stop itself has deadlines and is not interrupted
        raise Told

    for number in signals:
        signal.signal(number, tell)


def run() -> None:
    began = time.monotonic()
    heed_signals()
    try:
        chosen = settings.read()
        state = State(RUN)
        state.make()
        with state.locked() as alone:
            if not alone:
                raise Refusal(_already_running(state))
            _run(chosen, state, began)
    except Told:
        say("Stopped before it was ready.")
    except psycopg.Error as error:
        raise Refusal(f"The database failed: {str(error).strip().splitlines()[0]}") from error


def _already_running(state: State) -> str:
    where = (read_json(state.run_file) or {}).get("base_url")
    return f"It is running already{f' at {where}' if where else ''}: stop it with Ctrl-C there, or by make stop."


def _run(chosen: settings.Settings, state: State, began: float) -> None:
    state.run_file.unlink(missing_ok=True)
    state.admin_file.unlink(missing_ok=True)
    if left := processes.end_all(state.root, state.databases):
        say(f"· An earlier run was cut off; the {left} processes it had left are ended")
    ports.require_free(chosen.http_host, chosen.http_port, "CONGVU_HTTP_PORT")
    servers.choose_folder(state, chosen)
    state.need_space(LATER_SPACE if state.accounts_file.exists() else FIRST_SPACE)
    make_keys(state.keys, SERVICES)
    make_sealing_keys(state.sealing_keys)
    make_sealing_keys(state.feed_keys)
    make_push_key(state.push_key)
    make_webhook_keys(state.webhook_keys)
    found = servers.prepare(state, chosen, [VHOST])
    world = World("congvu", VHOST, state, found.postgres, found.rabbitmq)
    admin_ports = dict(zip(SERVICES, ports.free(len(SERVICES)), strict=True))
    services = fleet.programs(world, chosen, admin_ports)
    supervisor = Supervisor(state, found.programs + services)
    follower = Follower({service: state.log / f"{service}.log" for service in SERVICES})
    try:
        servers.start(supervisor, found, [world])
        accounts = provision.load_city(world, chosen.people, chosen.seed)
        servers.wait_for_broker(found, world)
        follower.start()
        fleet.start(state, admin_ports)
        write_json(state.admin_file, world.addresses() | {"supervisor": str(state.socket)})
        known_ports = found.ports | {"http": chosen.http_port, "admin": admin_ports}
        _serve(supervisor, chosen.base_url, known_ports, accounts, began)
    except Told:
        pass
    finally:
        state.run_file.unlink(missing_ok=True)
        state.admin_file.unlink(missing_ok=True)
        with step("Stopping"):
            supervisor.stop()
            follower.stop()
    say("Stopped. The data are kept; make run goes on with them, make clean removes them.")


def _serve(supervisor: Supervisor, base_url: str, known_ports: dict, accounts: list[dict], began: float) -> None:
    """Say where it is, and keep run.json true until a signal ends us: an ended process is replaced by a new one."""
    state, pids = supervisor.state, {}
    while supervisor.is_running:
        now = run_file.process_ids(state)
        if now and now != pids:
            run_file.write(
                state, base_url, known_ports, accounts, now | {"run": os.getpid(), "supervisor": supervisor.pid}
            )
            for name in pids:
                if pids[name] != now[name]:
                    say(f"· {name} {'was started again' if now[name] else 'is down'}; its log: {state.log / name}.log")
            if not pids:
                say(f"Ready after {time.monotonic() - began:.1f} s: {base_url}/api/v1 ({_who(accounts)})")
            pids = now
        time.sleep(1)
    raise Refusal(f"The supervisor ended, and all with it; see {state.log / 'supervisord.log'}.")


def _who(accounts: list[dict]) -> str:
    """The demo accounts in a few words: their names say their roles."""
    names = ", ".join(account["username"] for account in accounts)
    passwords = " or ".join(dict.fromkeys(account["password"] for account in accounts))
    codes = [account["username"] for account in accounts if account.get("totp_secret")]
    also = f"; {', '.join(codes)} with a one-time code as well: .local/run.json" if codes else ""
    return f"demo accounts: {names}; password: {passwords}{also}"


def restart(services: list[str]) -> None:
    """Restart services of the running platform, one after the other; without names, the five."""
    if unknown := set(services) - set(SERVICES):
        raise Refusal(f"There is no service {', '.join(sorted(unknown))}: {', '.join(SERVICES)}.")
    state = State(RUN)
    known, addresses = read_json(state.run_file), read_json(state.admin_file)
    if known is None or addresses is None:
        raise Refusal("The platform is not running: start it by make run.")
    state.data = Path(addresses["supervisor"]).parent
    for service in services or SERVICES:
        fleet.restart(state, service, known["ports"]["admin"][service])


def stop() -> None:
    """End what a `make run` elsewhere started: it stops itself when told; what a killed one left behind is ended."""
    state = State(RUN)
    if running := state.holder():
        with step("Stopping"):
            processes.end([running], signal.SIGTERM, 120)
    if not processes.end_all(state.root, state.databases) and not running:
        say("Nothing of this checkout is running.")
