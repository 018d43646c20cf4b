"""The container: nameko's, but nothing that a worker does can end it, and every worker has a deadline."""

import sys
import time
from contextlib import nullcontext

import eventlet
import structlog
from nameko.containers import ServiceContainer, new_call_id

from chassis import context, metrics
from chassis.audit.denials import Denials
from chassis.database import Store
from chassis.errors import DeadlineExceeded
from chassis.identity import Signer, Verifier
from chassis.settings import Settings

log = structlog.get_logger()

_ANYTHING = (Exception, eventlet.Timeout, SystemExit)  # the hub would take a SystemExit for its own end
WORK_SECONDS = 30.0  # for work that brings no deadline of its own (events, timers)


class Container(ServiceContainer):
    """A service with its database, its keys and its settings.

    The worker pool is larger than what all entrypoints together take in (each bounds itself at
    `settings.max_workers`), so handing over a message never blocks the green thread that reads the connection.
    """

    def __init__(self, service_cls, settings: Settings):
        self.settings = settings
        self.store = Store(settings.database_url, pool_size=settings.max_workers)
        self.denials = Denials(self.store)
        self.signer = Signer(settings.signing_key)
        self.verifier = Verifier(settings.trusted_keys, service_cls.name)
        self.checks: dict = {"database": self.store.answers}
        super().__init__(service_cls, {"max_workers": settings.max_workers * 3 + 32})

    def readiness(self, name: str, check) -> None:
        """Let an extension say whether it is usable: `check()` answers True or False."""
        self.checks[name] = check

    def _run_worker(self, worker_ctx, handle_result):
        """The last guard: whatever happens to one piece of work, the container goes on."""
        try:
            self._work(worker_ctx, handle_result)
        except _ANYTHING:
            log.exception("worker failed outside of its work", method=worker_ctx.entrypoint.method_name)

    def _work(self, worker_ctx, handle_result):
        entrypoint = worker_ctx.entrypoint
        data = worker_ctx.data
        call_id = data.get("call_id") or new_call_id()
        work = context.Context(
            call_id=call_id,
            deadline=data.get("deadline", time.monotonic() + WORK_SECONDS),
            actor=data.get("actor", {"sub": f"service:{self.service_name}"}) | {"call_id": call_id},
            trace=data.get("trace", {}),
        )
        result = exc_info = None
        began = time.perf_counter()
        with context.working(work):
            try:
                left = work.deadline - time.monotonic() if work.deadline is not None else None
                with eventlet.Timeout(left, DeadlineExceeded("out of time")) if left is not None else nullcontext():
                    self._inject_dependencies(worker_ctx)
                    self._worker_setup(worker_ctx)
                    method = getattr(worker_ctx.service, entrypoint.method_name)
                    invoke = getattr(entrypoint, "invoke", None)
                    if invoke is None:
                        result = method(*worker_ctx.args, **worker_ctx.kwargs)
                    else:
                        result = invoke(method, *worker_ctx.args, **worker_ctx.kwargs)
            except _ANYTHING as error:
                exc_info = sys.exc_info()
                if getattr(error, "refusal_code", None) is None:
                    log.exception("worker failed", method=entrypoint.method_name)
                self.denials.note(f"{self.service_name}.{entrypoint.method_name}", error)
            outcome = "ok" if exc_info is None else getattr(exc_info[1], "refusal_code", "fault")
            metrics.WORK.labels(entrypoint.method_name, outcome).observe(time.perf_counter() - began)
            try:
                if handle_result is not None:
                    result, exc_info = handle_result(worker_ctx, result, exc_info)
                self._worker_result(worker_ctx, result, exc_info)
                self._worker_teardown(worker_ctx)
            finally:
                del exc_info

    @property
    def is_alive(self) -> bool:
        return not self._died.ready()

    def stop(self):
        super().stop()
        self.store.close()
