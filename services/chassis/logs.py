"""JSON lines on standard output, each with the call, trace and actor ids of the work that wrote it."""

import logging
import sys

import orjson
import structlog

from chassis import context


def _add_context(_logger, _method, event: dict) -> dict:
    if (work := context.current()) is not None:
        event.setdefault("call_id", work.call_id)
        if work.actor_id:
            event.setdefault("actor_id", work.actor_id)
        if traceparent := work.trace.get("traceparent"):
            event.setdefault("trace_id", traceparent[3:35])
    return event


def _written(event: dict, **_) -> str:
    return orjson.dumps(event, default=str).decode()


def configure(service: str, level: str = "INFO") -> None:
    shared = [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _l, _m, event: event | {"service": service},
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_written),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("amqp", "kombu", "nameko", "sqlalchemy", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
