"""A process that the run starts and tells what to do."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from deploy.local import processes
from deploy.local.state import CHECKOUT, State
from tests.bench.client import Wrong

PATIENCE = 180  # seconds for one answer


def cpu_of(pid: int) -> float:
    """Seconds of processor time that all its threads have used, to the nanosecond."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


class Child:
    """`python -m tests.bench.peers.<name>`, from its first answer on. Addresses reach it by the environment."""

    def __init__(self, name: str, state: State, **environment: str):
        self.name = name
        self._log = (state.log / f"bench-{name}.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", f"tests.bench.peers.{name}"],
            cwd=CHECKOUT,
            env=os.environ | environment | processes.mark(state.root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def __enter__(self) -> "Child":
        self._answer()
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        return cpu_of(self.pid)

    def ask(self, **order) -> dict:
        """Its answer. Raises Wrong when it has none, or says that something was not as it should be."""
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise Wrong(f"{self.name} says nothing")
        line = self._process.stdout.readline()
        if not line:
            raise Wrong(f"{self.name} ended:\n{Path(self._log.name).read_text()[-2000:]}")
        answer = json.loads(line)
        if "wrong" in answer:
            raise Wrong(f"{self.name}: {answer['wrong']}")
        return answer
