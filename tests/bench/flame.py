"""`make bench ONLY=flame`: where the processor time of an order goes, by sampling the processes while orders are given.

Writes docs/images/order.svg, and into docs/hot-path.md how the time divides among steps and layers.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from contracts.catalogue import SERVICES
from deploy.local.state import CHECKOUT
from deploy.local.terminal import Refusal, say
from tests.bench import metrics, picture
from tests.bench.children import cpu_of
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Streams
from tests.bench.giving import UNITS
from tests.bench.measure import Options, Row

FILE = CHECKOUT / "docs" / "images" / "order.svg"
PAGE = CHECKOUT / "docs" / "hot-path.md"
MARK = "<!-- written by make bench ONLY=flame -->"
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
    layers = {}
    for service in SHOWN:
        found = _stacks(folder / f"{service}.raw")
        used = plain["cpu_ms"][service]
        total = sum(found.values())
        for stack, count in found.items():
            stacks[(service, *stack)] += count / total * used  # milliseconds of CPU per order
        layers[service] = _by_layer(used, found)
    _write(plain, layers)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(picture.flame(stacks, "CPU of one order to 184 units, in milliseconds, by process", layer))
    shutil.rmtree(folder)
    return []


def _orders(platform, leader: Connection, streams: Streams) -> dict:
    """CPU of each process per order, and how long orders took."""
    before = {service: cpu_of(platform.pid(service)) for service in SERVICES}
    told = metrics.read(platform)
    took, last = [], []
    for _ in range(ORDERS):
        began = time.perf_counter()
        task = give(leader, order(), UNITS)
        took.append((time.perf_counter() - began) * 1000)
        came = streams.wait(b"event: action_item_raised", task["id"].encode(), since=began, count=UNITS)
        last.append((max(came) - began) * 1000)
        time.sleep(PAUSE)
    used = {service: (cpu_of(platform.pid(service)) - before[service]) / ORDERS * 1000 for service in SERVICES}
    steps = metrics.between(told, metrics.read(platform))
    return {"cpu_ms": used, "taken": median(took), "last": median(last), "steps": steps}


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


def _by_layer(used: float, found: Counter) -> dict[str, float]:
    """Each sample counts for the innermost frame that belongs to a layer: the standard library works for its caller."""
    layers: Counter[str] = Counter()
    for stack, count in found.items():
        layers[next((name for frame in reversed(stack) if (name := layer(frame))), "other")] += count
    total = sum(layers.values())
    return {name: count / total * used for name, count in layers.items()}


def _write(plain: dict, layers: dict[str, dict[str, float]]) -> None:
    """Between the marks of docs/hot-path.md."""
    names = [*("ours", "marshmallow", "sqlalchemy", "psycopg", "eventlet", "amqp"), "other"]
    lines = [
        MARK,
        f"{datetime.now(UTC).date()}, {ORDERS} orders, one at a time, {UNITS} streams open; 201 after"
        f" {plain['taken']:.0f} ms, the last stream after {plain['last']:.0f} ms (medians); load average"
        f" {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.",
        "",
        "| step, from its beginning to its end | ms, in the mean |",
        "|---|---|",
        *(f"| {step} | {value:.0f} |" for step, value in plain["steps"].items()),
        "",
        f"| CPU of one order, ms | all | {' | '.join(names)} |",
        "|---|" + "---|" * (len(names) + 1),
    ]
    for service, found in layers.items():
        known = {name: found.get(name, 0.0) for name in names[:-1]}
        cells = [sum(found.values()), *known.values(), sum(found.values()) - sum(known.values())]
        lines.append(f"| {service} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    text = PAGE.read_text()
    before, _, rest = text.partition(MARK)
    PAGE.write_text(before + "\n".join([*lines, MARK]) + rest.partition(MARK)[2])
    for line in lines[1:]:
        say(f"    {line}")
