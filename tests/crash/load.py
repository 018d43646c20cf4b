"""The stream of orders and acceptances, by clients that repeat what was not answered, with the same key."""

import itertools
import queue
import random
import threading
import time
from collections.abc import Callable

import requests

from tests.crash import plan
from tests.crash.instance import Instance
from tests.crash.ledger import Ledger
from tests.support.client import Client, sign_in

HEADS = 8
ORDERING, ACCEPTING = 5, 5  # threads; those who wait for a dead process must leave some to go on
PAUSE = (0.3, 1.5)  # seconds between two orders of one thread


class Load:
    """`trouble` holds sentences about answers that no client should ever get."""

    def __init__(self, instance: Instance, seed: int, ledger: Ledger):
        self._seed, self._ledger = seed, ledger
        self.trouble: list[str] = []
        self.leader = sign_in(instance.base_url, instance.account("vice_chairman"))
        follower = sign_in(instance.base_url, instance.account("chief_of_office"))
        self.follower_post = _primary(follower)["post_id"]
        self.heads: dict[str, Client] = {}  # by unit
        password, heads = instance.accounts["password"], instance.accounts["heads"]
        for head in random.Random(f"{seed}/cast").sample(heads, HEADS):
            account = {"username": head["username"], "password": password}
            self.heads[head["unit_id"]] = sign_in(instance.base_url, account)
        self.cast = plan.Cast(tuple(self.heads), self.follower_post)
        self._numbers = itertools.count(1)
        self._to_accept: queue.SimpleQueue = queue.SimpleQueue()
        self._under_way = 0  # requests without an answer yet
        self._lock = threading.Lock()
        self._ceasing, self._given_up = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._order, daemon=True) for _ in range(ORDERING)]
        self._threads += [threading.Thread(target=self._accept, daemon=True) for _ in range(ACCEPTING)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def cease(self) -> None:
        """Ask for nothing new; what was asked goes on being asked until it is answered."""
        self._ceasing.set()

    def give_up(self) -> None:
        """Ask for nothing at all any more: the platform goes away."""
        self._given_up.set()

    @property
    def is_done(self) -> bool:
        return self._ceasing.is_set() and self._under_way == 0

    def one_order(self) -> None:
        """A single order, answered when this returns; nobody accepts it."""
        self._give(self.leader, accepted=False)

    def _order(self) -> None:
        client, chance = _copy(self.leader), random.Random()
        while not self._ceasing.wait(chance.uniform(*PAUSE)):
            self._give(client)

    def _give(self, client: Client, accepted: bool = True) -> None:
        with self._lock:
            self._under_way += 1
            order = plan.order(self._seed, next(self._numbers), self.cast)
        try:
            self._ledger.asked("order", order.key, number=order.number, body=order.body)
            answer = self._until_answered(
                f"order {order.number}", 201, lambda: client.post("/tasks", order.body, key=order.key)
            )
            if answer is None:
                return
            pieces = {piece["id"]: piece["unit_id"] for piece in answer["assignments"]["items"]}
            self._ledger.answered("order", order.key, number=order.number, task=answer["id"], pieces=pieces)
            for piece, unit in pieces.items():
                if accepted and unit in order.accepting:
                    self._to_accept.put((piece, unit))
        finally:
            with self._lock:
                self._under_way -= 1

    def _accept(self) -> None:
        clients = {unit: _copy(client) for unit, client in self.heads.items()}
        while not self._ceasing.is_set():
            try:
                piece, unit = self._to_accept.get(timeout=0.2)
            except queue.Empty:
                continue
            with self._lock:
                self._under_way += 1
            try:
                key = f"accept-{piece}"
                self._ledger.asked("acceptance", key, piece=piece)
                answer = self._until_answered(
                    f"acceptance of {piece}", 200, lambda: clients[unit].accept(piece, key=key)  # noqa: B023
                )  # fmt: skip
                if answer is not None:
                    self._ledger.answered("acceptance", key, piece=piece, state=answer["state"])
            finally:
                with self._lock:
                    self._under_way -= 1

    def _until_answered(self, what: str, wanted: int, send: Callable[[], requests.Response]) -> dict | None:
        """A good client: no answer, or 503, means once more with the same key. None: it was refused for good."""
        while not self._given_up.is_set():
            try:
                answer = send()
            except requests.RequestException:
                time.sleep(0.2)
                continue
            if answer.status_code == wanted:
                return answer.json()
            if answer.status_code != 503:
                self.trouble.append(f"{what} was answered {answer.status_code}: {answer.text[:300]}")
                return None
            if "Retry-After" not in answer.headers:
                self.trouble.append(f"{what} was answered 503 without Retry-After: {answer.text[:300]}")
            time.sleep(0.5)
        return None


def _copy(client: Client) -> Client:
    """For one more thread: a requests session is nobody else's."""
    return Client(client.base_url, client.token)


def _primary(client: Client) -> dict:
    return next(m for m in client.get("/me").json()["memberships"] if m["primary"])
