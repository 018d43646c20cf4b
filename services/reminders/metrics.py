"""What reminders counts beside the chassis."""

from prometheus_client import Counter, Gauge

LADDER_NUDGES = Counter("congvu_ladder_nudges_total", "Nudges that ladders planned", ["rule", "rung"])
LADDER_LATENESS = Gauge("congvu_ladder_lateness_seconds", "How late the last look at a watched piece was")
LADDER_UNREACHED = Gauge("congvu_ladder_unreached", "Pieces about which nobody is there to be nudged")
