"""`python -m gateway.partners add <name> ... | renew <name> | list | remove <name> | webhooks <name> | replay <name>`:
platforms without a broker, what they may say, and what is brought to them.

The gateway's own account is needed (CONGVU_DATABASE_URL), for webhooks its keys (CONGVU_WEBHOOK_KEYS), and for what is
said the address for whose host partners sign (CONGVU_PUBLIC_URL).
"""

import argparse
import os
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import clock, context
from chassis.database import Store
from chassis.errors import DatabaseUnavailable
from gateway.partners import operating, storage
from gateway.partners.keys import as_text, key_id, read_private, read_public
from gateway.partners.signatures import OURS
from gateway.routes import BASE
from kernel.errors import Refused

OPERATOR = "service:operator"
SHOWN_AT_MOST = 100


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    if not (url := os.environ.get("CONGVU_DATABASE_URL")):
        sys.exit("congvu: wrong setting: CONGVU_DATABASE_URL is not set")
    store = Store(url, pool_size=1)
    try:
        with context.working(context.Context(call_id=clock.new_id(), actor={"sub": OPERATOR})):
            chosen.act(store, chosen)
    except Refused as refused:
        sys.exit(f"congvu: {refused.message}")
    except (OSError, ValueError) as error:
        sys.exit(f"congvu: {error}")
    except DatabaseUnavailable:
        sys.exit("congvu: the gateway's database does not answer")
    finally:
        store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway.partners", description="Platforms without a broker.")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, act, explained: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=explained)
        made.set_defaults(act=act)
        return made

    add = verb("add", _add, "make a partner, or change one")
    renew = verb("renew", _renew, "another key; the one before is good for a week")
    renew.add_argument("--at-once", action="store_true", help="the one before is worth nothing from now on")
    for each in (add, renew):
        each.add_argument(
            "--public-key", metavar="FILE", help="the partner's own (PEM); else one is made and shown once"
        )
    add.add_argument("--says", nargs="*", default=[], metavar="EVENT")
    add.add_argument("--hears", nargs="*", default=[], metavar="SERVICE.EVENT")
    add.add_argument("--url", help="where it is brought what it hears")
    verb("list", _list, "who there is")
    remove = verb("remove", _remove, "end a partner")
    webhooks = verb("webhooks", _webhooks, "what could not be brought to a partner, and why")
    replay = verb("replay", _replay, "try anew what is dead, and go on with a webhook that is paused")
    for each in (add, renew, remove, webhooks, replay):
        each.add_argument("name")
    replay.add_argument("numbers", nargs="*", type=int, help="only these")
    return parser


def _add(store: Store, chosen) -> None:
    if chosen.says and not os.environ.get("CONGVU_PUBLIC_URL"):
        sentence = "Partners sign for the host by which they reach the gateway: CONGVU_PUBLIC_URL is not set."
        raise Refused("invalid_request", sentence)
    ours = _ours() if chosen.url else []
    made, public, now = _pair(chosen.public_key), None, clock.now()
    with store.transaction() as tx:
        is_new = operating.add(tx, chosen.name, chosen.says, chosen.hears, chosen.url, now)
        if is_new or (chosen.public_key and not operating.has_key(tx, chosen.name, made[1], now)):
            public = operating.add_key(tx, chosen.name, made[1], now)
    _say(f"{chosen.name} may say {', '.join(chosen.says) or 'nothing'}.")
    _say(f"{chosen.name} hears {', '.join(chosen.hears) or 'nothing'}.")
    if chosen.says:
        _say(f"post to   {os.environ['CONGVU_PUBLIC_URL']}{BASE}/inbound/events")
    _show(public, made[0])
    for key in ours:
        _say(f"our key   {key_id(OURS, key.public_key())}\n{as_text(key.public_key())}")


def _renew(store: Store, chosen) -> None:
    private, public = _pair(chosen.public_key)
    with store.transaction() as tx:
        made = operating.add_key(tx, chosen.name, public, clock.now(), chosen.at_once)
    before = "is worth nothing any more" if chosen.at_once else f"is good for {operating.OLD_KEY_KEPT.days} days"
    _say(f"{chosen.name} has another key; the one before {before}.")
    _show(made, private)


def _remove(store: Store, chosen) -> None:
    with store.transaction() as tx:
        operating.remove(tx, chosen.name)
    _say(f"{chosen.name} is ended: its keys are worth nothing, and what waited for it is gone.")


def _list(store: Store, _chosen) -> None:
    """A line for each: name, what it may say, what it hears where, how much waits and is dead, whether it is paused."""
    with store.reading() as tx:
        for each in storage.all_partners(tx):
            paused = f"paused {each.paused_at:%Y-%m-%d %H:%M} ({each.paused_because})" if each.paused_at else "runs"
            said = "".join(f" >{name}" for name in each.says)
            counts = f"{each.unpassed} said wait", f"{each.waiting} wait", f"{each.dead} dead"
            _say(each.name, " ".join(each.hears) + said, each.url or "no webhook", *counts, paused)


def _webhooks(store: Store, chosen) -> None:
    """A line for each that is dead or was tried in vain, the newest first."""
    with store.reading() as tx:
        for each in storage.undelivered(tx, chosen.name, SHOWN_AT_MOST):
            when = f"again {each.due_at:%Y-%m-%d %H:%M}" if each.state == "waiting" else "dead"
            _say(
                each.id, each.name, each.event_id, f"{each.created_at:%Y-%m-%d %H:%M}", when, each.fault or "on its way"
            )


def _replay(store: Store, chosen) -> None:
    with store.transaction() as tx:
        count = operating.replay(tx, chosen.name, chosen.numbers, clock.now())
    _say(f"{count} replayed")


def _pair(path: str | None) -> tuple[Ed25519PrivateKey | None, object]:
    """The partner's own public key, or a pair that is made here."""
    if path:
        return None, read_public(path)
    private = Ed25519PrivateKey.generate()
    return private, private.public_key()


def _show(made: str | None, private: Ed25519PrivateKey | None) -> None:
    _say(f"key id    {made or 'the one that was shown when it was made'}")
    if made and private:
        _say(as_text(private) + "It is shown this once: the gateway keeps only its public half.")


def _ours() -> list[Ed25519PrivateKey]:
    if not (path := os.environ.get("CONGVU_WEBHOOK_KEYS")):
        raise Refused("invalid_request", "Webhooks need the gateway's keys: CONGVU_WEBHOOK_KEYS is not set.")
    return read_private(path)


def _say(*words: object) -> None:
    print(*words, sep="\t")


if __name__ == "__main__":
    sys.exit(main())
