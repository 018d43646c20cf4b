"""The counters that every process shows on its admin port."""

from prometheus_client import Counter, Gauge, Histogram

WORK = Histogram("congvu_work_seconds", "Work done by entrypoints", ["method", "outcome"])
CALLS = Histogram("congvu_calls_seconds", "Calls made to other services", ["procedure", "outcome"])
EVENTS_PUBLISHED = Counter("congvu_events_published_total", "Events that left the outbox", ["event", "outcome"])
OUTBOX_WAITING = Gauge("congvu_outbox_waiting", "Events that wait in the outbox (seen by the relay)")
EVENTS_HEARD = Counter("congvu_events_heard_total", "Events taken from the inbox queue", ["event", "outcome"])
HUB_LAG = Gauge("congvu_hub_lag_seconds", "How late the event loop woke a sleeper of half a second")
DENIALS_LEFT_OUT = Counter("congvu_denials_left_out_total", "Refusals that were only counted, not written down")
