"""A pytest plugin (`-p deploy.local.shard`): this process runs the tests together with others like it (shards.py).

Each collects all tests. Before it runs the first test of a file it claims the file, by making a name in the common
folder, which the kernel lets one process do. Half of the processes go forwards through the files and half backwards,
so that neighbours, who share what is dear to start, stay together until the two meet.
"""

from collections.abc import Iterator
from itertools import chain, groupby, pairwise
from pathlib import Path

import pytest

from deploy.local.state import write_json

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("shards")
    group.addoption("--shard", metavar="K/N", default="1/1", help="which of how many processes this is")
    group.addoption("--claims", metavar="FOLDER", type=Path, required=True, help="where they say what each has taken")


def pytest_configure(config: pytest.Config) -> None:
    number, count = map(int, config.getoption("--shard").split("/"))
    config.pluginmanager.register(Shard(number, count, config.getoption("--claims")))


def in_order_of(number: int, count: int, files: list) -> list:
    """The files as a process goes through them: 1 from the first, 2 from the last, of four 3 and 4 from the middle."""
    pairs = (count + 1) // 2
    start = (number - 1) // 2 * len(files) // pairs
    turned = files[start:] + files[:start]
    return turned if number % 2 else turned[::-1]


class Shard:
    def __init__(self, number: int, count: int, folder: Path):
        self._number, self._count, self._folder = number, count, folder
        self._collected: list[str] = []
        self._ran: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """As pytest's own, over the tests of claimed files."""
        if session.testsfailed or session.config.option.collectonly:
            return None  # pytest's own says why nothing is run
        self._collected = [item.nodeid for item in session.items]
        for item, following in pairwise(chain(self._claimed(session.items), [None])):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _claimed(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        """A file is claimed when the last test before it begins: pytest must know what comes after a test."""
        by_file = sorted(items, key=lambda item: item.location[0])  # the sort is stable
        files = [list(tests) for _, tests in groupby(by_file, key=lambda item: item.location[0])]
        for tests in in_order_of(self._number, self._count, files):
            if self._claim(tests[0].location[0]):
                yield from tests

    def _claim(self, file: str) -> bool:
        try:
            (self._folder / file.replace("/", "|")).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._ran.append(nodeid)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        stats = {outcome: terminalreporter.stats.get(outcome, []) for outcome in OUTCOMES}
        told = {
            "collected": self._collected,
            "ran": self._ran,
            "outcomes": {outcome: len(reports) for outcome, reports in stats.items() if reports},
            "bad": [f"{kind.upper()} {report.nodeid}" for kind in ("failed", "error") for report in stats[kind]],
        }
        write_json(self._folder / f"{self._number}.json", told)
