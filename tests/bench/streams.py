"""P8: what an idle live stream costs the gateway in memory, against a bare eventlet stream."""

import gc
import itertools
import re
import time
from pathlib import Path

from deploy.local import ports
from tests.bench.children import Child
from tests.bench.city import City
from tests.bench.client import Streams
from tests.bench.measure import Options, Row

COUNT = 500


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    tokens = list(itertools.islice(itertools.cycle(city.heads), COUNT))
    ours = _each(platform.pid("gateway"), platform.base_url, tokens)
    [port] = ports.free(1)
    with Child("bare_streams", platform.state, BENCH_PORT=str(port)) as bare:
        floor = _each(bare.pid, f"http://127.0.0.1:{port}", tokens)
    row = Row(
        "P8",
        f"memory of the gateway for each of {COUNT} idle streams",
        f"{ours:.0f} KiB",
        f"bare eventlet stream {floor:.0f} KiB",
        f"{ours / floor:.2f}x",
        "<= 48 KiB",
        ours <= 48,
    )
    return [row]


def _each(pid: int, base_url: str, tokens: list[str]) -> float:
    with Streams(base_url, tokens[:20]):
        time.sleep(0.5)  # what the first ones need is not each one's
    before = memory(pid)
    with Streams(base_url, tokens):
        time.sleep(1)
        return (memory(pid) - before) / len(tokens)


def memory(pid: int) -> int:
    """KiB that are the process's own."""
    gc.collect()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", rollup, re.M))
