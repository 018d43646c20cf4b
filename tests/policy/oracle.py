"""What the API should answer, from oracle.yaml alone."""

import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import chain, product, zip_longest
from pathlib import Path

import yaml

ORDERS = ("each", "joint")
VOID = "403 unknown_capacity"
OUT_OF_REACH = "403 not_authorised"  # the post was lent, but not for this


@cache
def table() -> dict:
    return yaml.safe_load(Path(__file__).with_name("oracle.yaml").read_text())


@dataclass(frozen=True)
class Cell:
    """One question to the API: `about` is an order of the scene, a service, or nothing."""

    place: str
    kind: str
    grant: str
    action: str
    about: str

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.place, self.kind, self.grant, self.action, self.about)))


def cells(posts: list[tuple[str, str]], services: tuple[str, ...]) -> list[Cell]:
    """Every question about these posts (place and kind), by every way to come by them."""
    about = {"order": ORDERS, "service": services, None: ("",)}
    return [
        Cell(*post, grant, action, thing)
        for post, grant, (action, asks) in product(posts, table()["grants"], table()["actions"].items())
        for thing in about[asks.get("about")]
    ]


def drawn(every: list[Cell], seed: str, count: int) -> list[Cell]:
    """So many cells by chance, as many of one action as of another, and half of them in posts of one's own, where
    most differs: no check is left to a handful of questions.
    """
    chance = random.Random(seed)
    groups = defaultdict(list)
    for cell in every:
        groups[cell.action, cell.grant == "own"].append(cell)
    rounds = zip_longest(*(chance.sample(group, len(group)) for group in groups.values()))
    return [cell for cell in chain.from_iterable(rounds) if cell is not None][:count]


def expected(cell: Cell) -> str:
    grant, asks = table()["grants"][cell.grant], table()["actions"][cell.action]
    if grant == "void":
        return VOID
    service, right = asks.get("service"), asks.get("right")
    if service and service not in grant["covers"]:
        return OUT_OF_REACH
    if right is None:
        return str(asks["may"])
    if "at_the_door" in asks and cell.kind not in table()[asks["at_the_door"]]:
        return OUT_OF_REACH
    if right in table():
        kinds = table()[right] if isinstance(table()[right], list) else table()[right].get(cell.place, [])
        return str(asks["may" if cell.kind in kinds else "else"])
    rights = _rights(cell, bool(grant.get("in_person")))
    if "unseen" in asks and asks.get("sees", "piece") not in rights:
        return asks["unseen"]
    return str(asks["may" if right in rights else "else"])


def _rights(cell: Cell, in_person: bool) -> set[str]:
    here = table()["parts"][cell.about].get(cell.place, {})
    if cell.kind in here:
        return set(table()["rights"][here[cell.kind]])
    if in_person and cell.kind in table()["work_for_their_head"]:
        part = here.get("head", "none")
        rights = {*table()["rights"][part], *table()["of_the_clerks_alone"].get(part, ())}
        return rights - set(table()["of_the_head_alone"])
    return set()
