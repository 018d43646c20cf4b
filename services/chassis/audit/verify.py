"""`python -m chassis.audit.verify [anchor] [--anchors FILE]`: is the audit log of each service what was written?

Finds entries that were changed, removed, put in or brought into another order. That the end was cut off, or that the
whole was written anew, shows only against heads that were signed before and carried outside: --anchors names a file
that holds some, one in a line or in the midst of other text (a process's log will do); `-` is standard input.
`anchor` prints the heads of now, signed.

CONGVU_AUDIT_DATABASES: JSON, a database's address by service. CONGVU_KEYS: the folder of keys.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from joserfc.jwk import KeySet

from chassis.audit.anchors import HEAD, KIND, signed_head
from chassis.audit.tables import CANONICAL, START
from chassis.errors import InvalidToken
from chassis.identity import Signer, unsealed

AT_ONCE = 5000  # rows
_ROWS = f"SELECT number, {CANONICAL}, previous, hash FROM audit_log ORDER BY number"  # noqa: S608 - a constant
_WORD = re.compile(r"[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}")


def faults(connection: psycopg.Connection, anchors: Iterable[dict] = ()) -> Iterator[str]:
    """What is wrong with a service's log, in the order of its entries; nothing if it is whole."""
    wanted = defaultdict(set)
    for anchor in anchors:
        wanted[anchor["number"]].add(anchor["hash"])
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    head = connection.execute("SELECT number, hash FROM audit_head").fetchone()
    number, end = 0, START
    with connection.cursor("audit_log") as rows:
        rows.itersize = AT_ONCE
        for found, canonical, previous, hash_ in rows.execute(_ROWS):
            if found != number + 1:
                yield f"entries {number + 1} to {found - 1} are gone"
            elif previous != end:
                yield f"entry {found} does not follow the one before it"
            if hashlib.sha256(canonical.encode()).digest() != hash_:
                yield f"entry {found} was changed"
            if wanted.pop(found, {hash_.hex()}) != {hash_.hex()}:
                yield f"entry {found} is not the one that was anchored"
            number, end = found, hash_
    if head != (number, end):
        yield f"the log ends at {number}, its head says {head[0] if head else 'nothing'}"
    for missing in sorted(wanted):
        if missing > 0:
            yield f"entry {missing} was anchored and is gone"


def anchors_in(text: str, trusted: KeySet) -> dict[str, list[dict]]:
    """The signed heads that stand in a text, by service. What only looks like one is left out."""
    found = defaultdict(list)
    for word in _WORD.findall(text):
        try:
            head = unsealed(KIND, word, trusted)
        except InvalidToken:
            continue
        if head["signer"] == head["service"]:
            found[head["service"]].append(head)
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="chassis.audit.verify")
    parser.add_argument("verb", nargs="?", choices=("verify", "anchor"), default="verify")
    parser.add_argument("--anchors", type=argparse.FileType())
    chosen = parser.parse_args(arguments)
    databases, keys = json.loads(os.environ["CONGVU_AUDIT_DATABASES"]), Path(os.environ["CONGVU_KEYS"])
    if chosen.verb == "anchor":
        for service, address in databases.items():
            with psycopg.connect(address) as connection:
                print(signed_head(connection.execute(HEAD).fetchone(), Signer(str(keys / f"{service}.json"))))
        return 0
    trusted = KeySet.import_key_set(json.loads((keys / "trusted.json").read_text()))
    anchors = anchors_in(chosen.anchors.read(), trusted) if chosen.anchors else {}
    if chosen.anchors and not anchors:
        sys.exit("There is no signed head in that file.")
    return max(_report(service, address, anchors.get(service, [])) for service, address in databases.items())


def _report(service: str, address: str, anchors: list[dict]) -> int:
    with psycopg.connect(address) as connection:
        wrong = list(faults(connection, anchors))
        number = connection.execute("SELECT count(*) FROM audit_log").fetchone()[0]
    for fault in wrong:
        print(f"{service}: {fault}")
    if not wrong:
        print(f"{service}: {number} entries, whole" + (f"; {len(anchors)} anchors hold" if anchors else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
