"""The admin port of a process: /live, /ready, /metrics. For probes and Prometheus; never exposed to clients."""

import time

import eventlet
import eventlet.wsgi
import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import metrics

log = structlog.get_logger()

LAG_LIMIT = 5.0  # seconds after which the event loop counts as dead


class Admin:
    def __init__(self, container, host: str, port: int):
        self._container = container
        self._socket = eventlet.listen((host, port))
        self._threads = []
        self._woke = time.monotonic()
        self.started = False  # before, not all parts have their check yet
        self.draining = False

    def start(self) -> None:
        self._threads = [
            eventlet.spawn(eventlet.wsgi.server, self._socket, self._answer, log_output=False, max_size=8),
            eventlet.spawn(self._measure_lag),
        ]

    def stop(self) -> None:
        for thread in self._threads:
            thread.kill()
        self._socket.close()

    def _measure_lag(self) -> None:
        while True:
            before = time.monotonic()
            eventlet.sleep(0.5)
            self._woke = time.monotonic()
            metrics.HUB_LAG.set(self._woke - before - 0.5)

    def _answer(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest()]
        if path == "/live":
            parts = {
                "event_loop": time.monotonic() - self._woke < LAG_LIMIT,
                "container": self._container.is_alive,
            }
        elif path == "/ready":
            # Read first: a check waits, and the start may end meanwhile, with checks that are not in this list.
            parts = {"started": self.started}
            parts |= {name: bool(check()) for name, check in list(self._container.checks.items())}
            parts["not_draining"] = not self.draining
        else:
            start_response("404 Not Found", [])
            return []
        status = "200 OK" if all(parts.values()) else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [orjson.dumps(parts)]
