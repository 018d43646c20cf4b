"""The HTTP edge: entrypoints with schemas, problem answers, event streams, limits, drain.

nameko's own web server leaks exception text, dies of an `accept()` error and cannot drain; this one is a sibling of it
over the same `eventlet.wsgi`. Handlers run in the container's worker pool; event streams do not.
"""

from chassis.http.entrypoint import HttpEntrypoint, http
from chassis.http.messages import Answer, HttpRequest, Outflow, Sink
from chassis.http.refusals import EDGE_PROBLEMS, EnglishProblems, HttpRefusal, Problem
from chassis.http.server import LOOPBACK, STRICT_POLICY, HttpServer, HttpSettings
from chassis.http.streams import EventStream

__all__ = [
    "EDGE_PROBLEMS", "LOOPBACK", "STRICT_POLICY", "Answer", "EnglishProblems", "EventStream", "HttpEntrypoint",
    "HttpRefusal",
    "HttpRequest", "HttpServer", "HttpSettings", "Outflow", "Problem", "Sink", "http",
]  # fmt: skip
