"""What messaging counts beside the chassis."""

from prometheus_client import Counter, Gauge

EXPIRED = Counter("congvu_expired_total", "What was removed when its time of keeping was over", ["kind"])
EXPIRING = Gauge("congvu_expiring_through_timestamp_seconds", "What was said before then has expired", ["kind"])
