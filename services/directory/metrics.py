"""What the directory counts beside the chassis."""

from prometheus_client import Counter

REORGANISATIONS = Counter("congvu_reorganisations_total", "Planned reorganisations whose day came", ["outcome"])
