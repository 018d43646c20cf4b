"""One run: a platform, the load, the kills, and then the question whether everything agrees, and since when."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from amqp.exceptions import AMQPError

from deploy.local.terminal import say
from tests.crash import checker, facts, ledger, plan
from tests.crash.checker import LEFT, LOST, WRONG, Violation
from tests.crash.instance import Instance, instance
from tests.crash.killer import Done, Killer, StaysDown
from tests.crash.load import Load
from tests.crash.streams import Stream

CONVERGED_SECONDS = 60.0
AT_REST_SECONDS = 15.0  # nothing has changed, nothing waits, everybody is ready: what differs now will always differ
LOOK_EVERY = 1.0
WARM_UP = 10  # orders that are answered before the first kill
WORKING_SECONDS = 60.0
SETTLED_SECONDS = 20.0


@dataclass
class Result:
    seed: int
    done: list[Done] = field(default_factory=list)
    answers: Counter = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    converged: float | None = None  # seconds after the last kill
    unhit: list[str] = field(default_factory=list)
    worked: bool = False  # before anything was killed

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
        try:
            result.worked = _works(place, load, book, streams)
            load.start()
            _wait_until(lambda: book.counts["order"] >= WARM_UP, WORKING_SECONDS)
            _kill(place, load, book, kills, result)
        except StaysDown as error:
            result.violations.append(Violation(WRONG, str(error)))
        finally:
            load.cease()
        _converge(place, load, book, streams, result)
        load.give_up()
        for each in streams:
            each.close()
        result.answers = book.counts
        if not result.worked:
            result.violations.append(Violation(WRONG, "the first order had not arrived before anything was killed"))
        result.violations += [Violation(WRONG, sentence) for sentence in load.trouble]
        result.unhit = plan.unhit(kills, [done.kill for done in result.done if done.hit])
        if result.violations:
            _keep_logs(place, keep)
    return result


def _works(place: Instance, load: Load, book: ledger.Ledger, streams: list[Stream]) -> bool:
    """Whether a first order arrives everywhere while nothing is killed."""
    threading.Thread(target=load.one_order, daemon=True).start()
    return _wait_until(lambda: book.counts["order"] and not _differences(place, book, streams), WORKING_SECONDS)


def _kill(place: Instance, load: Load, book: ledger.Ledger, kills: Sequence[plan.Kill], result: Result) -> None:
    killer = Killer(place, result.seed)
    for number, kill in enumerate(kills, 1):
        if kill.quiet:
            load.cease()
            _wait_until(lambda: load.is_done, CONVERGED_SECONDS)
            # until its order is the only thing that goes on; with a planted fault it may never be
            _wait_until(lambda: _is_settled(place), SETTLED_SECONDS)
        done = killer.carry_out(kill, meanwhile=load.one_order if kill.quiet else None)
        result.done.append(done)
        said = f"after {done.seconds:.1f} s" if done.hit else f"NOT HIT in {done.seconds:.1f} s"
        counts = f"{book.counts['order']} orders, {book.counts['acceptance']} acceptances answered"
        say(f"  {number:>{len(str(len(kills)))}}/{len(kills)} {kill!s:<44} {said:<16} {counts}")


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(LOOK_EVERY)
    return True


def _is_settled(place: Instance) -> bool:
    """All is published and heard."""
    with contextlib.suppress(psycopg.Error, OSError, AMQPError):
        found = facts.gather(place.world)
        return not [*checker.events(found), *checker.left_over(found)]
    return False


def _differences(place: Instance, book: ledger.Ledger, streams: list[Stream]) -> list[Violation]:
    try:
        found = facts.gather(place.world)
    except (psycopg.Error, OSError, AMQPError) as error:
        return [Violation(WRONG, f"something is away: {type(error).__name__}")]
    violations = checker.check(ledger.read(book.path), found)
    for each in streams:
        violations += checker.stream(each.name, each.addresses, each.began_after, each.seen, each.resets, found)
    return violations


def _converge(place: Instance, load: Load, book: ledger.Ledger, streams: list[Stream], result: Result) -> None:
    """Look until everything agrees, or nothing moves any more, or the time is over."""
    moved = time.monotonic()
    last_kill = result.done[-1].at if result.done else moved
    before = None
    while True:
        is_done = load.is_done  # before the look: what is answered after it is for the next
        violations = _differences(place, book, streams)
        now = time.monotonic()
        if is_done and not violations:
            result.converged = now - last_kill
            return
        waits = any(each.kind == LEFT and each.text.startswith("queue") for each in violations)
        if violations != before or not is_done or waits:
            moved = now
        if now - last_kill > CONVERGED_SECONDS or (now - moved > AT_REST_SECONDS and place.is_ready()):
            break
        before = violations
        time.sleep(LOOK_EVERY)
    down = {name: info["statename"] for name, info in place.processes().items() if info["statename"] != "RUNNING"}
    result.violations += [Violation(WRONG, f"{name} is down: {state}") for name, state in down.items()]
    result.violations += violations or [Violation(LOST, "requests are still without an answer")]


def _keep_logs(place: Instance, keep: Path) -> None:
    """For whoever follows a violation up: the instance's folder goes away with it."""
    for log in place.world.state.log.glob("*.log*"):
        (keep / log.name).write_bytes(log.read_bytes())
