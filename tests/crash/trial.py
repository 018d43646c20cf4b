"""One run: a platform, the load, the kills, and then the question whether everything agrees, and since when."""

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from amqp.exceptions import AMQPError

from deploy.local.terminal import say
from tests.crash import checker, facts, ledger, plan
from tests.crash.checker import LOST, WRONG, Violation
from tests.crash.instance import Instance, instance
from tests.crash.killer import Done, Killer, StaysDown
from tests.crash.load import Load
from tests.crash.streams import Stream

CONVERGED_SECONDS = 60.0
AT_REST_SECONDS = 15.0  # nothing has changed, nothing waits, everybody is ready: what differs now will always differ
WARM_UP = 3  # orders that are answered before anything is killed
LOOK_EVERY = 1.0
BAD_MINIMUM = 3  # answered orders without which a run shows nothing


@dataclass
class Result:
    seed: int
    done: list[Done] = field(default_factory=list)
    answers: Counter = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    converged: float | None = None  # seconds after the last kill
    unhit: list[str] = field(default_factory=list)
    kept: Path | None = None

    def count(self, kind: str) -> int:
        return sum(violation.kind == kind for violation in self.violations)


def trial(seed: int, kills: Sequence[plan.Kill], keep: Path, fault: str | None = None) -> Result:
    """`keep` is a new folder for the ledger."""
    result = Result(seed)
    with instance(seed, fault) as place:
        book = ledger.Ledger(keep / "ledger.jsonl")
        load = Load(place, seed, book)
        watched = {"the vice chairman": load.leader, "a head": next(iter(load.heads.values()))}
        streams = [Stream(client, name) for name, client in watched.items()]
        load.start()
        while not book.counts["order"] >= WARM_UP:
            time.sleep(0.1)
        try:
            _kill(place, load, book, kills, result)
        except StaysDown as error:
            result.violations.append(Violation(WRONG, str(error)))
        _converge(place, load, book, streams, result)
        result.answers = book.counts
        result.violations += [Violation(WRONG, sentence) for sentence in load.trouble]
        if book.counts["order"] < BAD_MINIMUM + len(kills) // 10:
            result.violations.append(Violation(WRONG, f"only {book.counts['order']} orders were answered"))
        result.unhit = plan.unhit(kills, [done.kill for done in result.done if done.hit])
        if result.violations:
            _keep_logs(place, keep)
    return result


def _kill(place: Instance, load: Load, book: ledger.Ledger, kills: Sequence[plan.Kill], result: Result) -> None:
    killer = Killer(place, result.seed)
    for number, kill in enumerate(kills, 1):
        if kill.quiet:
            load.cease()
            while not load.is_done:
                time.sleep(0.1)
            _wait_settled(place)
        done = killer.carry_out(kill, meanwhile=load.one_order if kill.quiet else None)
        result.done.append(done)
        said = f"after {done.seconds:.1f} s" if done.hit else f"NOT HIT in {done.seconds:.1f} s"
        counts = f"{book.counts['order']} orders, {book.counts['acceptance']} acceptances answered"
        say(f"  {number:>{len(str(len(kills)))}}/{len(kills)} {kill!s:<44} {said:<16} {counts}")


def _wait_settled(place: Instance) -> None:
    """Until all is published and heard, so that the next order is the only thing that goes on."""
    ends = time.monotonic() + CONVERGED_SECONDS
    while time.monotonic() < ends:
        with contextlib.suppress(psycopg.Error, OSError, AMQPError):
            found = facts.gather(place.world)
            if not [*checker.events(found), *checker.left_over(found)]:
                return
        time.sleep(LOOK_EVERY)


def _converge(place: Instance, load: Load, book: ledger.Ledger, streams: list[Stream], result: Result) -> None:
    """Ask for nothing more, and look until everything agrees, or nothing moves any more, or the time is over."""
    load.cease()
    began = moved = time.monotonic()
    before = violations = None
    while True:
        try:
            found = facts.gather(place.world)
            violations = checker.check(ledger.read(book.path), found)
            for each in streams:
                violations += checker.stream(each.name, each.posts, each.began_after, each.seen, each.resets, found)
        except (psycopg.Error, OSError, AMQPError) as error:
            found = None
            violations = [Violation(WRONG, f"something is away: {type(error).__name__}")]
        now = time.monotonic()
        if not violations and load.is_done:
            result.converged = now - began
            return
        if violations != before or found is None or not load.is_done or any(found.queues.values()):
            moved = now
        if now - began > CONVERGED_SECONDS or (now - moved > AT_REST_SECONDS and place.is_ready()):
            break
        before = violations
        time.sleep(LOOK_EVERY)
    result.violations += violations or [Violation(LOST, "requests are still without an answer")]


def _keep_logs(place: Instance, keep: Path) -> None:
    """For whoever follows a violation up: the instance's folder goes away with it."""
    for log in place.world.state.log.glob("*.log*"):
        (keep / log.name).write_bytes(log.read_bytes())
