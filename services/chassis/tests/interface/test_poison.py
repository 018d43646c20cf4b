"""Poison: a thousand bad messages among many good ones, through the real exchange, to a real process.

`CONGVU_GOOD` says how many: twenty thousand here, more in a long form.
"""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import eventlet
import pytest
import sqlalchemy as sa
from amqp import Message

from chassis import clock, parked, topology
from chassis.amqp import Publisher
from chassis.errors import CallFailed
from chassis.inbox import ATTEMPT, EMITTER, WAITS
from chassis.testing import until
from chassis.tests.interface.samples import said
from chassis.tests.processes.promises import count
from chassis.wire import to_json
from tests.support.processes import launch  # noqa: F401

GOOD = int(os.environ.get("CONGVU_GOOD", "20000"))
TWICE = 500  # of them are delivered twice
BAD_OF_A_KIND = 100
PROCESSES = Path(__file__).resolve().parents[1] / "processes"
INBOX, DEAD = topology.inbox_queue("reminders"), topology.dead_queue("reminders")
LIES = ({}, {ATTEMPT: "many", WAITS: -5}, {ATTEMPT: 10**9, WAITS: [1]}, {ATTEMPT: 5})  # of tries that never were
EXCHANGE = topology.events_exchange("tasks")


class Letters:
    """Messages as the owner of the event sends them, and those that only somebody else could send."""

    def __init__(self, world):
        self.accounts = {name: world.settings(name).account for name in ("tasks", "messaging")}
        self.own, self.foreign = [], []

    def send(self, text: str, **odd) -> None:
        self.own.append((self._message(text, "tasks", **odd), EXCHANGE, said.name))

    def smuggle(self, text: str, **odd) -> None:
        """Past the exchange of the owner, straight into the queue, as any core account can."""
        self.foreign.append((self._message(text, "messaging", **odd), "", INBOX))

    def _message(self, text: str, sender: str, headers=None, body=None, **properties) -> Message:
        event_id = clock.new_id()
        attributes = {
            "cloudEvents:specversion": "1.0",
            "cloudEvents:id": event_id,
            "cloudEvents:type": said.name,
            "cloudEvents:source": "/congvu/tasks",
            "cloudEvents:time": clock.now().isoformat(),
            "cloudEvents:subject": text,
            "cloudEvents:aggregateversion": 1,
        }
        given = {"type": said.name, "user_id": self.accounts[sender], "message_id": event_id}
        return Message(
            to_json({"text": text}).encode() if body is None else body,
            content_type="application/json",
            delivery_mode=2,
            application_headers=attributes if headers is None else attributes | headers,
            **{name: value for name, value in (given | properties).items() if value is not None},
        )


def write_bad(letters: Letters) -> Counter:
    """Ten kinds, a hundred of each. Answers the reasons that the operator must find, with their numbers."""
    for number in range(BAD_OF_A_KIND):
        text = f"bad {number}"
        letters.send(text, body=b'{"text": "half')
        letters.send(text, type=None, headers={"cloudEvents:type": ["a", "list"]})
        letters.send(text, body=b'["a", "list"]')
        letters.send(text, body=b'{"text": 7}')
        letters.send(text, headers={"cloudEvents:id": "no uuid", EMITTER: "congvu_tasks"})
        letters.send(text, headers={"cloudEvents:time": "tomorrow"})
        letters.send(text, type="nobody_hears_this")
        letters.smuggle(text, headers={EMITTER: letters.accounts["tasks"]})
        letters.smuggle(text, user_id=None)
        letters.send(f"new {number}", headers=LIES[number % len(LIES)])
    return Counter(
        {
            "the body is not JSON": BAD_OF_A_KIND,
            "not understood: TypeError": BAD_OF_A_KIND,
            "the event has not the right form": 2 * BAD_OF_A_KIND,
            "the CloudEvents attributes are missing or wrong": 2 * BAD_OF_A_KIND,
            "no handler for this type of event": BAD_OF_A_KIND,
            "the event does not come from its owner's account": 2 * BAD_OF_A_KIND,
            "failed 2 times: KeyError": BAD_OF_A_KIND * 3 // 4,
            "failed 6 times: KeyError": BAD_OF_A_KIND // 4,
        }
    )


def publish(world, sender: str, letters: list) -> None:
    publisher = Publisher(world.brokers[sender], f"test {sender}")
    publisher.start()
    try:
        until(lambda: publisher.is_up)
        for begin in range(0, len(letters), 500):
            assert set(publisher.publish(letters[begin : begin + 500], timeout=30)) == {"confirmed"}
    finally:
        publisher.stop()


@pytest.fixture
def service(launch, clean):  # noqa: F811
    clean("tasks", "reminders", "messaging")
    yield lambda **environment: launch(
        "hearing", "reminders", module="impatient", folder=PROCESSES, **environment
    )  # fmt: skip
    clean("reminders", "messaging")  # the exchange has told another hearer as well


@pytest.fixture
def operator(world, monkeypatch, capsys):
    """The operator's command: `operator("list")` answers what it prints, line by line."""
    monkeypatch.setenv("CONGVU_AMQP_ADMIN_URL", world.brokers["admin"])

    def command(what: str) -> list[str]:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["parked", what, "reminders", "--limit", "5000"])
        assert parked.main() == 0
        return capsys.readouterr().out.splitlines()

    return command


def reasons(lines: list[str]) -> Counter:
    return Counter(line.split("\t")[3].split(": [")[0] for line in lines[:-1])


@pytest.mark.timeout(480)
def test_of_good_and_bad_messages_exactly_the_bad_ones_are_parked(
    service, operator, world, store, caller, queue_length, record_property
):  # fmt: skip
    chance, letters, database = random.Random(7), Letters(world), store("reminders")
    for number in range(GOOD):
        letters.send(f"good {number}")
    letters.own += chance.sample(letters.own, TWICE)
    expected = write_bad(letters)
    chance.shuffle(letters.own)

    def heard() -> list:
        """What was heard, and how often beyond once."""
        with database.reading() as tx:
            return tx.execute(sa.text("SELECT name, extract(epoch FROM ran_at) AS again FROM timers")).all()

    def settled() -> bool:
        eventlet.sleep(0.5)
        return queue_length(DEAD) == expected.total() and queue_length(INBOX) == 0

    process = service()
    answers, failures = [], []
    asking = eventlet.spawn(ask_all_the_time, caller, answers, failures)
    until(lambda: answers, 30)
    began = time.monotonic()
    publishing = [
        eventlet.spawn(publish, world, sender, those)
        for sender, those in (("tasks", letters.own), ("messaging", letters.foreign))
    ]
    for each in publishing:
        each.wait()
    published = time.monotonic() - began
    until(settled, 360)
    until(lambda: len(heard()) == GOOD, 20)
    seconds = time.monotonic() - began
    asking.kill()
    assert process.runs
    assert set(heard()) == {(f"good {number}", 0) for number in range(GOOD)}
    assert reasons(operator("list")) == expected
    waits = sorted(answers)
    record_property("events_per_second", round(GOOD / seconds))
    record_property("seconds", {"publishing": round(published), "all": round(seconds)})
    record_property("calls", {"answered": len(waits), "median": waits[len(waits) // 2], "worst": waits[-1]})
    assert len(waits) > 20 and not failures

    # the version that knows what is new is deployed, and what was parked gets another try
    assert process.told(signal.SIGTERM).ends(20) == 0
    process = service(BETTER="1")
    assert operator("replay")[-1] == f"{expected.total()} replayed"
    until(lambda: len(heard()) == GOOD + BAD_OF_A_KIND, 30)
    expected = Counter({reason: n for reason, n in expected.items() if "KeyError" not in reason})
    until(settled, 30)
    assert reasons(operator("list")) == expected
    assert {(name, again) for name, again in heard() if name.startswith("new")} == {
        (f"new {number}", 0) for number in range(BAD_OF_A_KIND)
    }
    assert process.runs


def ask_all_the_time(caller, answers: list[float], failures: list[str]) -> None:
    """How long each answer took; from the first one on, every one must come."""
    while True:
        began = time.monotonic()
        try:
            caller(count, {"text": ""}, timeout=30)
            answers.append(time.monotonic() - began)
        except CallFailed as error:
            if answers:
                failures.append(error.code)
        eventlet.sleep(0.2)
