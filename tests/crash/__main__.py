"""`python -m tests.crash [selftest]`: what `make crash` and `make crash-selftest` call. KILLS and SEED choose."""

import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from deploy.local.run import Told, heed_signals
from deploy.local.terminal import Refusal, say
from tests.crash import plan
from tests.crash.checker import LOST, TWICE
from tests.crash.selftest import selftest
from tests.crash.trial import Result, trial

SHORT = 20  # kills; beyond it, every point of the plan must have been hit
SHOWN = 40  # violations


def main(arguments: list[str]) -> int:
    heed_signals()
    try:
        seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
        count = int(os.environ.get("KILLS") or SHORT)
    except ValueError as error:
        raise Refusal("SEED and KILLS are numbers.") from error
    keep = Path(tempfile.mkdtemp(prefix="congvu-crash-"))
    say(f"Seed {seed}; ledgers, and the logs of what goes wrong, are kept in {keep}")
    if arguments == ["selftest"]:
        return selftest(seed, keep)
    return report(trial(seed, plan.kills(seed, count), keep), is_long=count > SHORT, keep=keep)


def report(result: Result, is_long: bool, keep: Path) -> int:
    """Say what was seen. Answers the exit code."""
    by_victim = Counter(done.kill.victim for done in result.done if done.hit)
    by_point = Counter(done.kill.point or "at random" for done in result.done if done.hit)
    say("kills: " + ", ".join(f"{name} {count}" for name, count in by_victim.most_common()))
    say("where: " + ", ".join(f"{name} {count}" for name, count in by_point.most_common()))
    if result.unhit:
        say(f"points of the plan that were never hit: {', '.join(result.unhit)}")
    for violation in result.violations[:SHOWN]:
        say(f"  {violation}")
    if len(result.violations) > SHOWN:
        say(f"  ... and {len(result.violations) - SHOWN} more")
    converged = "did not converge" if result.converged is None else f"converged in {result.converged:.1f} s"
    say(
        f"seed {result.seed}, {sum(by_victim.values())} kills, {result.answers['order']} orders and "
        f"{result.answers['acceptance']} acceptances: {result.count(LOST)} lost, {result.count(TWICE)} twice, "
        f"{len(result.violations) - result.count(LOST) - result.count(TWICE)} otherwise wrong, {converged}"
    )
    failed = result.violations or result.converged is None or (is_long and result.unhit)
    if failed:
        say(f"FAILED: the ledger and the logs are in {keep}")
    return int(bool(failed))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        sys.exit(str(refusal))
    except Told:
        sys.exit(130)
