"""Events that no owner would say, to every hearer as a real process: each is heard or parked, and none stops the rest.

`make fuzz` says more of them; CONGVU_FUZZ_SEED and CONGVU_FUZZ_EACH choose which, and how many of each.
"""

from collections import Counter, defaultdict
from pathlib import Path

import eventlet
import psycopg
import pytest
from amqp import Message

from chassis import amqp, clock, topology
from chassis.contract import OUTSIDE, Event
from chassis.inbox import REASON, SAID_AS, _outside_id
from chassis.testing import attributes_of, until
from contracts import directory
from contracts.catalogue import EVENTS
from contracts.inbound import INBOUND
from contracts.topology import account
from tests.fuzz import EACH, SEED, bus
from tests.fuzz.bus import Letter, letters, written
from tests.fuzz.messages import Forms
from tests.support.processes import launch  # noqa: F401
from tests.support.town import facts

HEARERS = ("tasks", "reminders", "messaging", "gateway")
IMPATIENT = Path(__file__).resolve().parents[2] / "services/chassis/tests/processes"
WRONG_FORM = "the event has not the right form"
NOTHING_NEW = {"facts": [], "delegation_ids": [], "post_ids": [], "previous": 0}


@pytest.fixture
def hearers(launch, clean, tmp_path):  # noqa: F811
    clean(*HEARERS)
    own = {"CONGVU_HTTP_PORT": "0", "CONGVU_FILES": str(tmp_path)}
    yield {name: launch(name, name, module="impatient", folder=IMPATIENT, **own) for name in HEARERS}
    clean(*HEARERS)


class Teller:
    """The operator's account may write in anybody's name."""

    def __init__(self, channel):
        self._channel = channel
        self.sent: dict[str, dict] = defaultdict(dict)  # by hearer: each message, and the id by which it is remembered
        self.valid: dict[str, Event] = {}
        channel.confirm_select()

    def tell(self, event: Event, letter: Letter) -> str:
        event_id, outside = clock.new_id(), event.owner == OUTSIDE
        if letter.what == "valid":
            self.valid[event_id] = event
        attributes = attributes_of(event, event_id, event_id, 1) | ({SAID_AS: event.name} if outside else {})
        sender = topology.outside_account("fuzz") if outside else account(event.owner)
        properties = {
            "type": event.name,
            "message_id": event_id,
            "user_id": sender,
            "content_type": "application/json",
            "delivery_mode": 2,
        }
        message = Message(
            letter.body, application_headers=attributes | letter.headers, **properties | letter.properties
        )
        for hearer in event.hearers:
            queue = topology.outside_queue(hearer) if outside else topology.inbox_queue(hearer)
            self._channel.basic_publish_confirm(message, "", queue)
            self.sent[hearer][event_id] = event_id if not outside else _outside_id("fuzz", attributes)
        return event_id


def parked(channel, service: str) -> dict[str, str]:
    """Each message, and why."""
    found = {}
    while message := channel.basic_get(topology.dead_queue(service), no_ack=True):
        found[message.properties["message_id"]] = message.headers[REASON].split(": [")[0]
    return found


def heard(world, service: str) -> set[str]:
    with psycopg.connect(world.databases[service]) as database:
        return {row[0] for row in database.execute("SELECT event_id::text FROM inbox")}


@pytest.mark.timeout(3600)
def test_every_event_is_heard_or_parked_and_the_next_one_served(hearers, world, queue_length, request):
    forms = Forms({"id": [fact["id"] for fact in facts() if fact["kind"] != "audience"]})
    waiting = [name for each in HEARERS for name in topology.queue_arguments(each) if name != topology.dead_queue(each)]
    waiting += [topology.outside_queue(each) for each in ("tasks", "reminders")]
    with amqp.connection(world.brokers["admin"], "fuzzing") as broker:
        teller = Teller(broker.channel())
        for event in (*EVENTS.values(), *INBOUND.values()):
            for letter in letters(event.data, forms, bus.EVENTS, EACH, SEED):
                teller.tell(event, letter)
        until(lambda: eventlet.sleep(0.5) or not any(map(queue_length, waiting)), 60)
        good = teller.tell(directory.delegation_changed, Letter(written(NOTHING_NEW), {}, {}, "valid"))
        for name, process in hearers.items():
            until(lambda name=name: good in heard(world, name), 20)
            assert process.runs, f"{name} died of it"
            known, aside = heard(world, name), parked(broker.channel(), name)
            said = f"seed {SEED}, {name}: {len(known)} heard, parked {dict(Counter(aside.values()))}"
            request.config.get_terminal_writer().line(f"\n{said}")
            lost = [each for each, event_id in teller.sent[name].items() if each not in aside and event_id not in known]
            assert not lost, said
            assert len(known & teller.valid.keys()) > 1, said  # not only the last one
            misread = {teller.valid[each] for each in aside.keys() & teller.valid if aside[each] == WRONG_FORM}
            misread = {event.name for event in misread if event.owner != OUTSIDE}  # of those dates more is asked
            assert not misread, f"{said}, though these were of the right form: {misread}"
