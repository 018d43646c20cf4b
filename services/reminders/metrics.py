"""What reminders counts beside the chassis."""

from prometheus_client import Counter, Histogram

DELIVERIES = Counter("congvu_deliveries_total", "Attempts to bring nudges to people", ["channel", "outcome"])
NUDGES_OF_A_DAY = Histogram(
    "congvu_nudges_of_a_day", "How many nudges somebody had had on a day, each time that he got one",
    buckets=(1, 2, 3, 5, 8, 12, 20, 30, 50, 100),
)  # fmt: skip
