"""How a process of the benchmark is told what to do. Green processes import `green` before anything else."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator


def obey(act: Callable[..., dict], read: Callable[[int, int], bytes] = os.read) -> None:
    """Say that we are ready, then `act(**order)` for every order until our input ends; what goes wrong is answered."""
    _answer({})
    for order in _orders(read):
        try:
            answer = act(**json.loads(order))
        except Exception:  # noqa: BLE001 - the run shall know it and stop
            answer = {"wrong": traceback.format_exc()}
        _answer(answer)
    sys.stdout.flush()
    os._exit(0)


def _orders(read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    came = b""
    while piece := read(0, 65_536):
        *orders, came = (came + piece).split(b"\n")
        yield from orders


def _answer(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
