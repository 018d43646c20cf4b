"""Whatever comes, over HTTP or over the bus: a typed answer, and nobody dies of it (docs/fuzzing.md)."""

import os

SEED = int(os.environ.get("CONGVU_FUZZ_SEED", "1"))
MINUTES = float(os.environ.get("CONGVU_FUZZ_MINUTES", "0"))  # 0: the short form, which is part of the tests
EACH = int(10 * MINUTES) or 2  # good messages of each procedure and about each event; there are as many bad ones
