"""The committed table: what was measured, on what, and whether the goal was met."""

import os
import platform as machine
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from deploy.local.state import CHECKOUT
from tests.bench.measure import Options, Row
from tests.bench.peers.confirms import connect
from tests.bench.world import Platform

FILE = CHECKOUT / "docs" / "benchmarks.md"
PACKAGES = ("nameko", "eventlet", "kombu", "amqp", "psycopg", "SQLAlchemy", "marshmallow")
ABOUT = """# Benchmarks
Written by `make bench` (`tests/bench`), which starts everything it measures: the platform, its servers, and beside them
the peers and floors. The sides take turns, round by round, on the same machine; a ratio is taken within its round.
Shown is the median, in brackets the lowest and the highest round. Whoever asks shares the processors with what it
asks. Every answer is checked (status, content, number of rows and messages); one that is wrong ends the run.
"""
AFTER = """
* Stock nameko is nameko as it is shipped: an `@rpc` service in one process, called by an `RpcProxy` in another. "ms of
  CPU" is the processor time of both processes for one call; what else the machine does changes it less than the rates.
* The floor of an order writes the rows of a real one by `COPY` into databases of the same schema, publishes the same
  two messages with confirms, consumes them in threads, and writes as many bytes to as many sockets.
* The floor of catching up (P7) claims and writes by one statement for 500 reminders, with nothing done for each of
  them: the next occurrence is a day later. Nobody publishes or sends meanwhile.
* The floor of the search runs the service's own statements by psycopg, that of messages their rows by psycopg.
* OpenLDAP (2.5, mdb, indexed for parts of words) has the same people with their folded names; each word is looked for
  anywhere in them, 20 entries are asked for, by as many threads of the same process as ask us, with a client as small.
  It knows no rank, no rights and no budget. People who type are 40, each with 60 texts of his own.
* Redmine (5.0 as packaged, under puma: a process for each processor, 4 threads in each) has 184 assignees and 20,000
  issues, and sends no mail. Its administrator asks, by a new connection each time, through the same client as ours;
  ours are heads, each with the rights of his own posts, over connections that stay open.
* Matrix Synapse (1.163) is one process with its limits taken off and nothing to federate with, its tables in a
  database of the same PostgreSQL: a room of as many members and senders, the same text. Who listens waits in `/sync`.
* Ten thousand streams belong to as many people, whose sessions are written into the gateway's table; one process
  listens to all of them and takes its share of the processors. Those that come back in the same moment heed no `retry`,
  as no client of ours would: it shows what the gateway holds out.
* Tracing "taken out of the code" puts functions that do nothing in its place.
* Where the time of an order goes: [hot-path.md](hot-path.md).
"""


def line(row: Row) -> str:
    met = {True: "met", False: "missed", None: "-"}[row.met]
    return f"| {row.number} | {row.work} | {row.ours} | {row.other} | {row.ratio} | {row.goal} | {met} |"


def versions(made: Platform) -> list[str]:
    """What the figures depend on."""
    with psycopg.connect(made.city.postgres.admin_url) as database:
        postgres = database.execute("SHOW server_version").fetchone()[0].split()[0]
    broker = connect(made.broker)
    rabbitmq = broker.server_properties["version"]
    broker.close()
    python = f"Python {machine.python_version()}"
    return [python, f"PostgreSQL {postgres}", f"RabbitMQ {rabbitmq}", *(f"{name} {version(name)}" for name in PACKAGES)]


def asked_and_stolen() -> tuple[int, int]:
    """Ticks of processor time that this machine has asked for, and those that its host gave to others instead."""
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return user + nice + system + irq + softirq + stolen, stolen


def write(
    rows: list[Row], known: list[str], options: Options, people: int, minutes: float, load: float, stolen: float
) -> None:
    head = [
        f"* Machine: {_machine()}",
        f"* Versions: {', '.join(known)}",
        f"* Run: {datetime.now(UTC).date()}, {options.rounds} rounds of {options.seconds:g} s, {people:,} people,"
        f" {minutes:.0f} minutes; load average {load:.1f} before it began, by others; of the processor time that"
        f" it asked for the machine's host gave {stolen:.0%} to other machines",
        "",
        "| | work | ours | floor or peer | ratio | goal | |",
        "|---|---|---|---|---|---|---|",
    ]
    ordered = sorted(rows, key=lambda row: (not row.number.startswith("P"), row.number))
    FILE.write_text(ABOUT + "\n" + "\n".join([*head, *map(line, ordered)]) + "\n" + AFTER)


def _machine() -> str:
    """Processors and memory; its name is nobody's business."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)[1]) / 2**20
    return f"{os.cpu_count()} cores, {processor[1] if processor else machine.machine()}, {memory:.0f} GiB of memory"
