"""`python -m chassis.launch <service>`: one process of one service, until it is told to end.

The order matters: psycopg must be told to wait in Python (its C wait would block every other green thread) before
it is imported, and the standard library must be patched before anything else imports it.
"""

import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import eventlet

eventlet.monkey_patch()

import importlib  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

import structlog  # noqa: E402
from environs import EnvError  # noqa: E402
from eventlet import patcher  # noqa: E402
from joserfc.errors import JoseError  # noqa: E402

from chassis import logs, settings, tracing  # noqa: E402
from chassis.admin import Admin  # noqa: E402
from chassis.container import Container  # noqa: E402

log = structlog.get_logger()

START_SECONDS = 30.0


def _refuse_blocking_psycopg() -> None:
    from psycopg import waiting

    if waiting.wait is not waiting.wait_selector or not patcher.is_monkey_patched("select"):
        sys.exit("congvu: psycopg would block the event loop: it was imported before the launcher")


def main(service: str) -> int:
    _refuse_blocking_psycopg()
    try:
        module = importlib.import_module(f"{service}.service")
        reader = getattr(module, "read_settings", settings.read)
    except ModuleNotFoundError as error:
        if error.name not in (service, f"{service}.service"):
            raise
        sys.exit(f"congvu: there is no service {service!r}")
    config = settings.read_or_exit(reader)
    logs.configure(service, config.log_level)
    tracing.configure(service, config.otlp_endpoint, config.trace_sample)
    try:
        container = Container(module.Service, config)
        admin = Admin(container, config.admin_host, config.admin_port)
    except (OSError, ValueError, KeyError, EnvError, JoseError) as error:
        sys.exit(f"congvu: {service} cannot start: {error}")
    admin.start()

    ending = eventlet.event.Event()

    def end(*_):
        if not ending.ready():
            ending.send(None)

    # A real thread, and begun by the signal itself: the event loop may be what hangs.
    watchdog = patcher.original("threading").Timer(config.stop_seconds, _give_up, args=(service,))
    watchdog.daemon = True

    def told_to_end(*_):
        if not watchdog.is_alive():
            watchdog.start()
        end()

    signal.signal(signal.SIGTERM, told_to_end)
    signal.signal(signal.SIGINT, told_to_end)

    with eventlet.Timeout(START_SECONDS, SystemExit(f"congvu: {service} did not start within {START_SECONDS:.0f} s")):
        container.start()
    admin.started = True
    log.info("started", admin_port=config.admin_port, pid=os.getpid())
    eventlet.spawn(_end_with, container, end)
    ending.wait()
    if not container.is_alive:
        log.critical("the container died")
        sys.stdout.flush()
        os._exit(1)  # the supervisor starts a new one

    log.info("stopping")
    admin.draining = True
    container.stop()
    tracing.flush()
    admin.stop()
    log.info("stopped")
    sys.stdout.flush()
    os._exit(0)


def _end_with(container: Container, end) -> None:
    try:
        container.wait()
    except Exception:
        log.exception("the container failed")
    end()


def _give_up(service: str) -> None:
    os.write(2, f"congvu: {service} did not stop in time and is ended\n".encode())
    os._exit(1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m chassis.launch <service>")
    sys.exit(main(sys.argv[1]))
