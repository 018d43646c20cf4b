"""The test of the crash test: with each planted fault it must fail, by what the fault does to orders."""

from pathlib import Path

from deploy.local.terminal import say
from tests.crash.checker import LOST, TWICE
from tests.crash.plan import QUIET, Kill, at
from tests.crash.trial import Result, trial

# By fault: the kills that bring it to light, and what it then must be caught by.
PLANS: dict[str, tuple[str, list[Kill]]] = {
    "inbox off": (TWICE, [at("gateway", "effective"), at("reminders", "confirmed"), at("tasks", "confirmed")]),
    "ack before commit": (LOST, [at("reminders", "heard"), at("messaging", "before_commit"), at("gateway", "heard")]),
    "confirms off": (LOST, [Kill("rabbitmq", "before_publish", service) for service in ("tasks", "reminders")]),
    "idempotency off": (TWICE, [at("tasks", "done"), at("gateway", "told"), at("tasks", "answered")]),
    "outbox sweep off": (LOST, list(QUIET)),
}


def selftest(seed: int, keep: Path) -> int:
    """First the sound platform under all these kills together, then each fault under its own."""
    say("Without a fault:")
    everything = [kill for _, kills in PLANS.values() for kill in kills]
    healthy = trial(seed, everything, _folder(keep, "healthy"))
    sound = not healthy.violations and healthy.converged is not None and not healthy.unhit
    for violation in healthy.violations[:10]:
        say(f"  {violation}")
    say(f"  sound: converged in {healthy.converged:.1f} s" if sound else f"  NOT sound; never hit: {healthy.unhit}")
    caught = 0
    for fault, (kind, kills) in PLANS.items():
        say(f"With {fault}:")
        result = trial(seed, kills, _folder(keep, fault.replace(" ", "-")), fault)
        by = _caught_by(result, kind)
        caught += by is not None
        say(f"  caught by: {by}" if by else f"  NOT CAUGHT as {kind}: {[str(each) for each in result.violations[:5]]}")
    say(f"seed {seed}: {caught} of {len(PLANS)} faults caught; {'sound' if sound else 'NOT sound'} without a fault")
    return int(caught < len(PLANS) or not sound)


def _caught_by(result: Result, kind: str) -> str | None:
    """The violation that shows the fault. A run that never worked, or whose kills did not all hit, shows nothing."""
    found = [violation for violation in result.violations if violation.kind == kind]
    if not result.worked or result.unhit or not found:
        return None
    counts = ", ".join(f"{result.count(each)} {each}" for each in (LOST, TWICE))
    return f"{found[0]} ({counts}; {result.answers['order']} orders answered)"


def _folder(keep: Path, name: str) -> Path:
    folder = keep / name
    folder.mkdir()
    return folder
