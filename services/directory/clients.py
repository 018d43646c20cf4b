"""`python -m directory.clients add <name> [--all] [--endings N] | renew <name> | list | remove <name>`: who feeds us.

The directory's own account is needed (CONGVU_DATABASE_URL).
"""

import argparse
import os
import sys

from chassis import clock, context
from chassis.database import Store
from chassis.errors import DatabaseUnavailable
from directory.use_cases import scim_clients
from kernel.errors import Refused

OPERATOR = "service:operator"
ENDINGS = 200  # people whom a client may take away on one day


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="directory.clients", description=__doc__.split("\n\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="make a client; its token is shown once")
    add.add_argument("name")
    add.add_argument("--all", action="store_true", help="it changes everybody, not only those whom it brought")
    add.add_argument("--endings", type=int, default=ENDINGS, help=f"people it may take away a day (default {ENDINGS})")
    verbs.add_parser("renew", help="another token in the place of the one before").add_argument("name")
    verbs.add_parser("list", help="who there is")
    verbs.add_parser("remove", help="end a client").add_argument("name")
    chosen = parser.parse_args(arguments)
    if not (url := os.environ.get("CONGVU_DATABASE_URL")):
        sys.exit("congvu: wrong setting: CONGVU_DATABASE_URL is not set")
    store = Store(url, pool_size=1)
    try:
        with context.working(context.Context(call_id=clock.new_id(), actor={"sub": OPERATOR})):
            _act(store, chosen)
    except Refused as refused:
        sys.exit(f"congvu: {refused.message}")
    except DatabaseUnavailable:
        sys.exit("congvu: the directory's database does not answer")
    finally:
        store.close()
    return 0


def _act(store: Store, chosen) -> None:
    now = clock.now()
    if chosen.verb == "add":
        with store.transaction() as tx:
            reach = "all" if chosen.all else "own"
            token = scim_clients.add(tx, chosen.name, reach, max(0, chosen.endings), now)
        print(f"{chosen.name} may change {'everybody' if chosen.all else 'those whom it brings'} by SCIM (/scim/v2).")
        _show(token)
    elif chosen.verb == "renew":
        with store.transaction() as tx:
            token = scim_clients.renew(tx, chosen.name)
        print(f"{chosen.name} has another token; the one before is worth nothing any more.")
        _show(token)
    elif chosen.verb == "remove":
        with store.transaction() as tx:
            scim_clients.remove(tx, chosen.name, now)
        print(f"{chosen.name} is ended; its token is worth nothing any more.")
    else:
        with store.reading() as tx:
            for each in scim_clients.listed(tx):
                state = f"ended {each.revoked_at:%Y-%m-%d}" if each.revoked_at else f"since {each.created_at:%Y-%m-%d}"
                print(each.name, each.reach, f"{each.endings_a_day} endings a day", state, sep="\t")


def _show(token: str) -> None:
    print(f"token     {token}")
    print("It is shown this once: the directory keeps only its hash.")


if __name__ == "__main__":
    sys.exit(main())
