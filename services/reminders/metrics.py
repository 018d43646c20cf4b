"""What reminders counts beside the chassis."""

from prometheus_client import Counter, Gauge, Histogram

ITEM_LATENESS = Gauge("congvu_item_nudge_lateness_seconds", "How late the last look at an item was that begins to wait")
LADDER_NUDGES = Counter("congvu_ladder_nudges_total", "Nudges that ladders planned", ["rule", "rung"])
LADDER_LATENESS = Gauge("congvu_ladder_lateness_seconds", "How late the last look at a watched piece was")
LADDER_UNREACHED = Gauge("congvu_ladder_unreached", "Pieces about which nobody is there to be nudged")
DELIVERIES = Counter("congvu_deliveries_total", "Attempts to bring nudges to people", ["channel", "outcome"])
NUDGES_OF_A_DAY = Histogram(
    "congvu_nudges_of_a_day", "How many nudges somebody had had on a day, each time that he got one",
    buckets=(1, 2, 3, 5, 8, 12, 20, 30, 50, 100),
)  # fmt: skip
