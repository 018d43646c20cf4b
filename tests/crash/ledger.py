"""What was asked and what was answered, on the disk before anybody counts on it."""

import json
import os
import threading
from collections import Counter
from pathlib import Path


class Ledger:
    """Lines of JSON. An answer is in it for good before the client that got it goes on."""

    def __init__(self, path: Path):
        self.path = path
        self._file = path.open("x")
        self._lock = threading.Lock()
        self.counts = Counter()

    def asked(self, what: str, key: str, **more) -> None:
        self._write({"asked": what, "key": key} | more)

    def answered(self, what: str, key: str, **more) -> None:
        self._write({"answered": what, "key": key} | more)
        self.counts[what] += 1

    def _write(self, entry: dict) -> None:
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
