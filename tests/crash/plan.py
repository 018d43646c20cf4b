"""What is killed and what is ordered, both from one seed. When exactly it happens is the machine's affair."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from contracts.catalogue import SERVICES

# Where in its work a process can be made to die, and whose work comes by there (tests/crash/points.py).
POINTS: dict[str, tuple[str, ...]] = {
    # an order or an acceptance is written
    "asked": ("tasks",),  # the request is taken, nothing done
    "before_commit": ("tasks", "reminders", "messaging", "gateway"),
    "committed": ("tasks", "reminders"),  # nothing published, nobody told
    "done": ("tasks",),  # the call's work is over, no answer written
    "answered": ("tasks",),  # the answer is written, the request not acknowledged
    "told": ("gateway",),  # the callee has answered, the client has not heard
    # it is published
    "before_publish": ("tasks", "reminders"),  # rows are read, nothing written to the broker
    "mid_publish": ("tasks",),  # one message of several is written
    "confirmed": ("tasks", "reminders"),  # the broker has all, the rows do not say so
    "marked": ("tasks", "reminders"),
    # it is heard
    "heard": ("reminders", "messaging", "gateway"),  # before its handler
    "effective": ("reminders", "messaging", "gateway"),  # committed, not acknowledged
    "acked": ("reminders", "messaging", "gateway"),
    "set_aside": ("reminders", "messaging", "gateway"),  # failed and copied to a retry queue, not acknowledged
    "untold": ("gateway",),  # in the live log, and no stream has it
    # it is told to end
    "draining": SERVICES,
}
EMITTERS = POINTS["before_publish"]
SERVERS = ("rabbitmq", "postgres", "backend")  # "backend": one of PostgreSQL's processes that serves one connection
BLOCK = 20
STREAK = 7  # kills of one service, each as soon as it is back: more than a supervisor takes for a slow start
STREAK_EVERY = 4  # blocks


@dataclass(frozen=True)
class Kill:
    """Of `victim`, when `service` (the victim itself, unless it is a server) comes to `point`, or just so."""

    victim: str
    point: str | None = None
    service: str | None = None
    pause: float = 0.0  # seconds before it
    quiet: bool = False  # with a single order and nothing after it that would wake anybody

    def __str__(self) -> str:
        if self.point is None:
            return self.victim
        where = "" if self.service == self.victim else f" of {self.service}"
        return f"{self.victim} at {self.point}{where}" + (", then silence" if self.quiet else "")


def at(service: str, point: str, **more) -> Kill:
    return Kill(service, point, service, **more)


# The last orders of the day: nobody comes after them whose work would wake what the crash left lying. An order that
# tasks publishes would wake reminders, so tasks comes last.
QUIET = (at("reminders", "before_publish", quiet=True), at("tasks", "committed", quiet=True))


def kills(seed: int, count: int) -> list[Kill]:
    """In every block of twenty: ten at points, each service once, the servers five times. Points come in turn."""
    chance = random.Random(f"{seed}/kills")
    points, plan, blocks = _points_in_turn(chance), [], 0
    while len(plan) < count:
        block = [at(*next(points)) for _ in range(10)]
        block += [Kill(service) for service in SERVICES]
        block += [Kill(server) for server in SERVERS]
        block.append(Kill("rabbitmq", "before_publish", chance.choice(EMITTERS)))
        block.append(Kill("postgres", "before_commit", chance.choice(POINTS["before_commit"])))
        chance.shuffle(block)
        plan += [Kill(k.victim, k.point, k.service, pause=round(chance.uniform(0.1, 2.5), 2)) for k in block]
        blocks += 1
        if blocks % STREAK_EVERY == 0:
            plan += [Kill(chance.choice(SERVICES))] * STREAK
    return [*plan[: max(0, count - len(QUIET))], *QUIET][:count]


def _points_in_turn(chance: random.Random) -> Iterator[tuple[str, str]]:
    """(service, point): every point in each turn, at another of its services each time."""
    turns = {point: itertools.cycle(chance.sample(services, len(services))) for point, services in POINTS.items()}
    while True:
        for point in chance.sample(list(turns), len(turns)):
            yield next(turns[point]), point


def unhit(plan: Sequence[Kill], hit: Sequence[Kill]) -> list[str]:
    """Points of the plan at which nobody ever died."""
    reached = {kill.point for kill in hit}
    return sorted({kill.point for kill in plan if kill.point is not None} - reached)


@dataclass(frozen=True)
class Order:
    """The body of one order, and which of its units will accept."""

    number: int
    key: str
    body: dict
    accepting: frozenset[str] = field(default_factory=frozenset)  # unit ids


@dataclass(frozen=True)
class Cast:
    """Who plays: the ids of the units whose heads are signed in, and of a post that follows some orders."""

    unit_ids: tuple[str, ...]
    follower: str


def title_of(seed: int, number: int) -> str:
    return f"Việc {number} của đợt {seed}"


def order(seed: int, number: int, cast: Cast) -> Order:
    chance = random.Random(f"{seed}/order/{number}")
    body = {
        "title": title_of(seed, number),
        "content": "Rà soát, cập nhật phương án và báo cáo.",
        "expected_result": "Báo cáo",
        "mode": "each",
        "urgency": chance.choice(("normal", "urgent", "express")),
        "no_deadline": True,
    }
    if chance.random() < 0.05:
        body["audience"] = "all-departments"
    else:
        units = chance.sample(cast.unit_ids, chance.randint(1, 3))
        body["mode"] = "joint" if chance.random() < 0.4 else "each"
        others = "support" if body["mode"] == "joint" else "lead"
        body["assignments"] = [{"unit_id": unit, "role": others if n else "lead"} for n, unit in enumerate(units)]
    if chance.random() < 0.2:
        body["followers"] = [cast.follower]
    accepting = frozenset(unit for unit in cast.unit_ids if chance.random() < 0.7)
    return Order(number, f"order-{seed}-{number}", body, accepting)
