"""`python -m directory.operate <verb>`: accounts that only the platform's operator makes.

  first-administrator --name "Nguyễn Văn An" [--username annv]   once, while nobody administers the platform
  break-glass [--username khancap]                               a sealed account that raises an alert when used;
                                                                 without a name it keeps the one it has
  handover --folder FOLDER [--unit CODE]                         one-time passwords: a sheet and slips for each unit

Secrets are shown once and stand nowhere else. Address: CONGVU_DATABASE_URL, the directory's own.
Exit codes: 0 done, 3 refused, 1 anything else.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from chassis import clock, context
from chassis.database import RowRefused, Store
from chassis.errors import Refusal
from directory import papers
from directory.storage import units
from directory.use_cases import founding, handover
from kernel.errors import Refused
from kernel.working_time import today

REFUSED = 3
OPERATOR = "service:operator"


def first_administrator(store: Store, options) -> None:
    with store.transaction() as tx:
        username, password = founding.first_administrator(tx, options.name, options.username, clock.now())
    print(f"user name: {username}\none-time password, good for a day, to be changed at sign-in: {password}")


def break_glass(store: Store, options) -> None:
    with store.transaction() as tx:
        username, password = founding.seal_break_glass(tx, options.username, clock.now())
    print(f"user name: {username}\npassword, to be printed, sealed and locked away: {password}")


def hand_over(store: Store, options) -> None:
    """Unit by unit, each whole or not at all: its files are written before its passwords count."""
    folder = options.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    began, total = time.monotonic(), 0
    with store.reading() as tx:
        chosen = units.at_the_top(tx, today(clock.now()), options.unit)
    if not chosen:
        raise Refused("unknown_unit", f"There is no unit {options.unit!r}.")
    for place, unit in enumerate(chosen, start=1):
        with store.transaction() as tx:
            slips = handover.hand_over(tx, units.with_sub_units(tx, unit.id) if unit.whole else [unit.id], clock.now())
            if slips:
                tx.audit("accounts.handed_over", subject=unit.id, accounts=len(slips))
                _write(folder / f"{unit.code}.xlsx", papers.workbook(slips))
                _write(folder / f"{unit.code}.html", papers.printable(slips).encode())
        total += len(slips)
        print(f"\r  {place}/{len(chosen)} units, {total:,} accounts", end="", file=sys.stderr, flush=True)
    print(f" ({time.monotonic() - began:.1f} s)", file=sys.stderr)
    print(f"{total} accounts, in {folder}: one sheet and one page of slips for each unit")


def _write(path: Path, content: bytes) -> None:
    """Readable by its owner only. What an earlier hand-over wrote there is worth nothing any more."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def main() -> int:
    parser = argparse.ArgumentParser(prog="directory.operate", description=__doc__.split("\n\n")[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("first-administrator")
    verb.add_argument("--name", required=True)
    verb.add_argument("--username", type=str.lower)
    verb.set_defaults(act=first_administrator)
    verb = verbs.add_parser("break-glass")
    verb.add_argument("--username", type=str.lower)
    verb.set_defaults(act=break_glass)
    verb = verbs.add_parser("handover")
    verb.add_argument("--folder", type=Path, required=True)
    verb.add_argument("--unit", help="the code of one unit; without it the whole city")
    verb.set_defaults(act=hand_over)
    options = parser.parse_args()
    if not (url := os.environ.get("CONGVU_DATABASE_URL")):
        print("congvu: wrong setting: CONGVU_DATABASE_URL is not set", file=sys.stderr)
        return 1
    store = Store(url, pool_size=1)
    try:
        with context.working(context.Context(call_id=clock.new_id(), actor={"sub": OPERATOR})):
            options.act(store, options)
    except Refused as refused:
        print(f"congvu: {refused.message}", file=sys.stderr)
        return REFUSED
    except (Refusal, RowRefused, OSError) as error:
        print(f"congvu: nothing was done: {error}", file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
