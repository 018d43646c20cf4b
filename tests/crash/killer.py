"""Carries out a plan of kills."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from deploy.local.fleet import is_ready
from deploy.local.processes import is_alive
from tests.crash.instance import Instance
from tests.crash.plan import SERVERS, Kill

POINT_SECONDS = 60.0  # for a point to be reached, with everything else down that was killed before
BACK_SECONDS = 90.0  # for a program to be started again
FROZEN_SECONDS = 0.7


class StaysDown(Exception):
    """The supervisor does not start a program any more."""


@dataclass
class Done:
    """What became of a kill."""

    kill: Kill
    hit: bool
    seconds: float  # until then
    at: float  # time.monotonic()


class Killer:
    def __init__(self, instance: Instance, seed: int):
        self._instance = instance
        self._chance = random.Random(f"{seed}/backends")
        self._killed: dict[str, int] = {}  # by program: the process that died last; the supervisor may not know it yet

    def carry_out(self, kill: Kill, meanwhile: Callable[[], None] | None = None) -> Done:
        """`meanwhile` is done once the point is armed. Raises StaysDown when there is nobody to kill."""
        time.sleep(kill.pause)
        began = time.monotonic()
        if kill.victim == "backend":
            hit = self._kill_a_backend(began + BACK_SECONDS)
        else:
            if kill.point == "draining":
                self._wait_ready(kill.service)
            pid = self._pid(kill.victim)
            hit = self._at_point(kill, pid, meanwhile) if kill.point else self._kill(pid)
            if hit:
                self._killed[kill.victim] = pid
        now = time.monotonic()
        return Done(kill, hit, now - began, now)

    def _kill(self, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended by itself
            return False
        return True

    def _at_point(self, kill: Kill, pid: int, meanwhile) -> bool:
        point = self._instance.armed / f"{kill.service}@{kill.point}"
        freezes = kill.victim == "rabbitmq"
        order = "" if kill.victim not in SERVERS else f"{int(signal.SIGSTOP if freezes else signal.SIGKILL)} {pid}"
        new = point.with_name(".new")
        new.write_text(order)
        new.replace(point)
        if kill.point == "set_aside":
            (self._instance.armed / f"{kill.service}@stumble").touch()
        if kill.point == "draining":
            os.kill(pid, signal.SIGTERM)
        if meanwhile is not None:
            threading.Thread(target=meanwhile, daemon=True).start()
        ends = time.monotonic() + POINT_SECONDS
        while point.exists() and time.monotonic() < ends:
            time.sleep(0.02)
        try:
            point.unlink()
        except FileNotFoundError:
            hit = True
        else:
            hit = False
        if hit and freezes:
            time.sleep(FROZEN_SECONDS)  # what was on its way to it stays on its way
            self._kill(pid)
        return hit

    def _pid(self, program: str) -> int:
        """Of a living process, waiting until the supervisor has started one."""
        ends = time.monotonic() + BACK_SECONDS
        while True:
            known = self._instance.processes().get(program, {})
            if known.get("statename") == "FATAL" or time.monotonic() > ends:
                raise StaysDown(f"{program} is {known.get('statename')} and stays down")
            pid = known.get("pid")
            if pid and pid != self._killed.get(program) and is_alive(pid):
                return pid
            time.sleep(0.05)

    def _wait_ready(self, service: str) -> None:
        """A process that has only begun to start does not heed SIGTERM yet: it dies of it."""
        ends = time.monotonic() + BACK_SECONDS
        while not is_ready(self._instance.admin_ports[service]):
            if time.monotonic() > ends:
                raise StaysDown(f"{service} does not become ready")
            time.sleep(0.1)

    def _kill_a_backend(self, ends: float) -> bool:
        """One process of PostgreSQL that serves a service; its postmaster then starts all of them anew."""
        while time.monotonic() < ends:
            try:
                with psycopg.connect(self._instance.world.postgres.admin_url, connect_timeout=2) as connection:
                    rows = connection.execute(
                        "SELECT pid FROM pg_stat_activity WHERE usename LIKE 'congvu%' AND usename <> current_user"
                        " AND backend_type = 'client backend' ORDER BY usename, pid"
                    ).fetchall()
            except psycopg.Error:
                rows = []
            if rows:
                return self._kill(self._chance.choice(rows)[0])
            time.sleep(0.1)
        raise StaysDown("PostgreSQL serves no service any more")
