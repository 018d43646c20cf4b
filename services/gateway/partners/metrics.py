"""What is counted of partners."""

from prometheus_client import Counter, Gauge

SAID_WAITING = Gauge("congvu_said_events_waiting", "What partners said and the exchange has not taken yet")
DELIVERED = Counter("congvu_webhook_deliveries_total", "Tries to bring something to a partner", ["outcome"])
DROPPED = Counter("congvu_webhook_dropped_total", "The oldest that were dropped because too much waited", ["partner"])
WAITING = Gauge("congvu_webhook_waiting", "What waits to be brought to partners")
DEAD = Gauge("congvu_webhook_dead", "What could not be brought to them, and waits for the operator")
PAUSED = Gauge("congvu_webhook_paused", "Webhooks that are paused")
