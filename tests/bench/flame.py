"""`make bench ONLY=flame`: where the processor time of an order goes, by sampling the processes while orders are given.

Writes docs/images/order.svg and says how the time divides among layers, per order, for docs/hot-path.md.
"""

import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

from contracts.catalogue import SERVICES
from deploy.local.state import CHECKOUT
from deploy.local.terminal import Refusal, say
from tests.bench import picture
from tests.bench.children import cpu_of
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Streams
from tests.bench.giving import UNITS
from tests.bench.measure import Options, Row

FILE = CHECKOUT / "docs" / "images" / "order.svg"
ORDERS = 60
PAUSE = 0.2
SAMPLES = 250  # in a second
SHOWN = ("gateway", "tasks", "reminders", "messaging")
# which layer a frame belongs to, by the folder of its file
LAYERS = (
    "marshmallow",
    "sqlalchemy",
    "psycopg",
    "amqp",
    "kombu",
    "eventlet",
    "orjson",
    "structlog",
    "joserfc",
    "nameko",
)
OURS = ("chassis", "contracts", "kernel", *SERVICES)


def measure(city: City, options: Options) -> list[Row]:
    sampler = Path(sys.executable).with_name("py-spy")
    if not sampler.exists():
        raise Refusal("The picture needs py-spy, of the development packages.")
    platform = city.platform
    folder = platform.state.root / "samples"
    folder.mkdir(exist_ok=True)
    leader = Connection(platform.base_url, city.leader)
    with Streams(platform.base_url, city.heads) as streams:
        for _ in range(3):
            give(leader, order(), UNITS)
        time.sleep(2)
        plain = _orders(platform, leader, streams)
        sampling = [
            subprocess.Popen(
                [sampler, "record", "-p", str(platform.pid(service)), "-r", str(SAMPLES), "-f", "raw",
                 "-d", "600", "-o", folder / f"{service}.raw"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for service in SHOWN
        ]  # fmt: skip
        time.sleep(1)
        _orders(platform, leader, streams)
        for one in sampling:
            one.send_signal(2)
        for one in sampling:
            one.wait(30)
    leader.close()
    stacks: Counter[tuple[str, ...]] = Counter()
    for service in SHOWN:
        found = _stacks(folder / f"{service}.raw")
        used = plain["cpu_ms"][service]
        total = sum(found.values())
        for stack, count in found.items():
            stacks[(service, *stack)] += count / total * used  # milliseconds of CPU per order
        _say_layers(service, used, found)
    say(f"    201 after {plain['taken']:.0f} ms, last stream after {plain['last']:.0f} ms (medians of {ORDERS})")
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(picture.flame(stacks, "CPU of one order to 184 units, in milliseconds, by process", layer))
    shutil.rmtree(folder)
    return []


def _orders(platform, leader: Connection, streams: Streams) -> dict:
    """CPU of each process per order, and how long orders took."""
    before = {service: cpu_of(platform.pid(service)) for service in SERVICES}
    took, last = [], []
    for _ in range(ORDERS):
        began = time.perf_counter()
        task = give(leader, order(), UNITS)
        took.append((time.perf_counter() - began) * 1000)
        came = streams.wait(b"event: action_item_raised", task["id"].encode(), since=began, count=UNITS)
        last.append((max(came) - began) * 1000)
        time.sleep(PAUSE)
    used = {service: (cpu_of(platform.pid(service)) - before[service]) / ORDERS * 1000 for service in SERVICES}
    return {"cpu_ms": used, "taken": median(took), "last": median(last)}


def _stacks(file: Path) -> Counter[tuple[str, ...]]:
    """Stacks as functions with their modules, the outermost first; without those that only waited for events."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in file.read_text().splitlines():
        frames, _, count = line.rpartition(" ")
        stack = tuple(_frame(frame) for frame in frames.split(";"))
        if not stack[-1].startswith("Hub.do_poll"):
            found[stack] += int(count)
    return found


def _frame(written: str) -> str:
    """`function (package/module.py:12)` as `function package/module`; no path of the machine."""
    function, _, place = written.rpartition(" (")
    path = place.rpartition(":")[0].removesuffix(".py")
    return f"{function} {'/'.join(path.split('/')[-3:])}" if not path.startswith(("/", "<")) else function


def layer(frame: str) -> str:
    package = frame.rpartition(" ")[2].split("/")[0]
    return package if package in LAYERS else "ours" if package in OURS else ""


def _say_layers(service: str, used: float, found: Counter) -> None:
    """Each sample counts for the innermost frame that belongs to a layer: the standard library works for its caller."""
    layers: Counter[str] = Counter()
    for stack, count in found.items():
        layers[next((name for frame in reversed(stack) if (name := layer(frame))), "other")] += count
    total = sum(layers.values())
    parts = ", ".join(f"{name} {count / total * used:.1f}" for name, count in layers.most_common(9))
    say(f"    {service}: {used:.1f} ms of CPU per order: {parts}")
