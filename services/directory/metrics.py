"""What the directory counts beside the chassis."""

from prometheus_client import Counter, Gauge

REORGANISATIONS = Counter("congvu_reorganisations_total", "Planned reorganisations whose day came", ["outcome"])
GUARDIANS = Gauge("congvu_guardians", "Posts of administrators and auditors that are held or given away", ["kind"])
