"""Every message five times, and in any order: whoever hears remembers the same in the end."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import eventlet
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis import clock
from chassis.amqp import Publisher
from chassis.container import Container
from chassis.http import HttpSettings
from chassis.testing import until
from chassis.topology import events_exchange
from contracts.catalogue import EVENTS
from directory import service as directory
from directory.settings import DirectorySettings
from gateway import service as gateway
from gateway import storage as gateway_storage
from gateway.settings import GatewaySettings
from kernel.directory_copy.filling import DirectoryCopy, fill
from messaging import service as messaging
from messaging.settings import MessagingSettings
from reminders import service as reminders
from tasks import service as tasks
from tests.delivery import lives
from tests.delivery.ears import Ears, Tables, emptier, said

SERVICES = {each.Service.name: each.Service for each in (directory, tasks, reminders, messaging, gateway)}
HEARERS = ("tasks", "reminders", "messaging", "gateway")
TIMES = 5


@dataclass
class House:
    """The five services with their databases, none of them running."""

    world: object
    containers: dict = field(default_factory=dict)
    ears: dict = field(default_factory=dict)

    def __post_init__(self):
        self.empty = emptier(self.world)
        for name, service in SERVICES.items():
            self.containers[name] = Container(service, self.settings(name))
            if name in HEARERS:
                self.ears[name] = Ears(self.containers[name])

    def settings(self, name: str):
        common = self.world.settings(name)
        if name == "directory":
            own = {"sealing_keys": f"{self.world.keys}/sealing.keys", "totp_required_for": frozenset()}
            return DirectorySettings(**vars(common) | own)
        if name == "messaging":
            return MessagingSettings(**vars(common))
        if name != "gateway":
            return common
        return GatewaySettings(**vars(common), http=HttpSettings(port=0, stop_seconds=1))

    def store(self, name: str):
        return self.containers[name].store

    def fill(self, name: str, feed: lives.Feed) -> None:
        copy = next(each for each in self.containers[name].dependencies if isinstance(each, DirectoryCopy))
        fill(self.store(name), feed, copy.take)

    def begin(self, name: str, feed: lives.Feed) -> None:
        """As a hearer is before the story: it knows the town; the gateway has a session whose account will go."""
        self.empty(name)
        self.fill(name, feed)
        if name == "gateway":
            with self.store(name).transaction() as tx:
                gateway_storage.add_session(
                    tx, id=lives.ACCOUNT, token_hash=b"x", kind="token", account_id=lives.ACCOUNT,
                    person_id=lives.REVOKED, client="", created_at=MOMENT, last_used_at=MOMENT, expires_at=MOMENT,
                )  # fmt: skip

    def state(self, name: str) -> dict:
        return Tables(self.world.owners[name]).state()


MOMENT = clock.now()


@dataclass
class Story:
    """What was said, by whom; what the directory answered after each of its events; and how it all ends."""

    messages: list = field(default_factory=list)
    feeds: list = field(default_factory=list)
    ends: dict = field(default_factory=dict)

    def for_ears(self, ears: Ears) -> list:
        return [message for message in self.messages if ears.hears(message)]


@pytest.fixture(scope="module")
def house(world):
    found = House(world)
    for name in SERVICES:
        found.empty(name)
    yield found
    for name, container in found.containers.items():
        container.store.close()
        found.empty(name)


@pytest.fixture(scope="module")
def story(house) -> Story:
    """Told once, in order; each hearer hears each thing once: that is how it must end whatever happens on the way."""
    told = Story()
    lives.settle(house.store("directory"))
    told.feeds.append(lives.feed_of(house.store("directory")))
    for name in HEARERS:
        house.begin(name, told.feeds[0])
    lives.give_orders(house.store("tasks"))
    lives.live_on(house.store("tasks"))
    told.messages += said(house.containers["tasks"])
    for name in ("reminders", "messaging"):
        for message in told.for_ears(house.ears[name]):
            house.ears[name].hear(message)
    lives.talk(house.store("messaging"))
    lives.remind(house.store("reminders"))
    for name in ("reminders", "messaging"):
        told.messages += said(house.containers[name])
    for change in lives.directory_changes():
        with house.store("directory").transaction() as tx:
            change(tx)
        told.feeds.append(lives.feed_of(house.store("directory")))
    told.messages += said(house.containers["directory"])
    kinds = {message.properties["type"] for message in told.messages}
    assert kinds == set(EVENTS) and len(told.messages) > 30
    for name in HEARERS:
        house.begin(name, told.feeds[0])
        for message in told.for_ears(house.ears[name]):
            assert house.ears[name].hear(message)
        told.ends[name] = house.state(name)
    return told


def deliver(house: House, story: Story, name: str, messages: list, chance: random.Random) -> None:
    """Message after message; the timer that fills the copy comes when it likes, and asks a directory that is then."""
    heard_of = 0  # how many of the directory's events were heard: it is at least as far
    from_directory = [each for each in story.messages if each.properties["app_id"] == "directory"]
    house.begin(name, story.feeds[0])
    watching = Watching(house.store(name), name)
    for message in messages:
        house.ears[name].hear(message)
        watching.look()
        if message in from_directory:
            heard_of = max(heard_of, from_directory.index(message) + 1)
        if chance.random() < 0.05:
            house.fill(name, story.feeds[chance.randint(heard_of, len(story.feeds) - 1)])
            watching.look()
    house.fill(name, story.feeds[-1])
    watching.look()


class Watching:
    """What must hold at every step: a copy never falls back; and in the gateway, whoever gains or loses a capacity by
    the step is told so by it, because his streams serve what he had before.
    """

    VERSION = sa.text("SELECT version FROM copy_state")
    HELD = sa.text(
        "SELECT person_id AS person, id, post_id AS post, valid_to FROM copy_memberships"
        " UNION ALL SELECT grantee_person_id, id, grantor_post_id, valid_to FROM copy_delegations"
    )
    TOLD = sa.text("SELECT unnest(audience) FROM live_log WHERE type = 'capacities_changed'")

    def __init__(self, store, name: str):
        self._store, self._is_gateway = store, name == "gateway"
        self._version, self._held, self._told = self._read()

    def _read(self) -> tuple[int, dict, Counter]:
        held = defaultdict(set)
        with self._store.reading() as tx:
            version = tx.execute(self.VERSION).scalar_one()
            if self._is_gateway:
                for row in tx.execute(self.HELD):
                    held[f"person:{row.person}"].add((row.id, row.post, row.valid_to))
            return version, held, Counter(tx.execute(self.TOLD).scalars() if self._is_gateway else ())

    def look(self) -> None:
        version, held, told = self._read()
        changed = {person for person in held | self._held if held.get(person) != self._held.get(person)}
        assert version >= self._version
        assert changed <= set(told - self._told)
        self._version, self._held, self._told = version, held, told


# to find a smaller example of a hundred deliveries would take longer than to read the one that failed
few = settings(
    max_examples=6, derandomize=True, phases=[Phase.generate], suppress_health_check=[HealthCheck.large_base_example]
)  # fmt: skip


@pytest.mark.parametrize("name", HEARERS)
def test_every_message_five_times_and_shuffled_leaves_the_same_state(house, story, name):
    messages = story.for_ears(house.ears[name])

    @few
    @given(st.permutations(range(TIMES * len(messages))), st.randoms(use_true_random=False))
    def example(order, chance):
        deliver(house, story, name, [messages[place % len(messages)] for place in order], chance)
        assert_same(house.state(name), story.ends[name])

    example()


def assert_same(state: dict, end: dict) -> None:
    for table in end:
        assert state[table] == end[table], table


class Silent(directory.Service):
    """The directory, without its beat: the story has said all that there is to say."""

    beat = None


def publish(world, owner: str, messages: list) -> None:
    publisher = Publisher(world.brokers[owner], f"test {owner}")
    publisher.start()
    until(lambda: publisher.is_up)
    letters = [(each, events_exchange(owner), each.properties["type"]) for each in messages]
    assert set(publisher.publish(letters)) == {"confirmed"}
    publisher.stop()


@pytest.mark.parametrize("name", HEARERS)
def test_over_the_broker_too(house, story, name, run, world, clean):
    """The real process, its retries and its timer that fills the copy; each owner speaks by his own account."""
    chance = random.Random(3)
    messages = story.for_ears(house.ears[name])
    clean(*HEARERS)
    house.begin(name, story.feeds[0])
    run(Silent, settings=house.settings("directory"))
    container = run(SERVICES[name], settings=house.settings(name))
    deliveries = messages * TIMES
    chance.shuffle(deliveries)
    for owner in sorted({each.properties["app_id"] for each in messages}):
        publish(world, owner, [each for each in deliveries if each.properties["app_id"] == owner])
    until(lambda: house.state(name) == story.ends[name], 30)
    eventlet.sleep(0.5)
    container.stop()
    assert_same(house.state(name), story.ends[name])
    clean(*HEARERS)  # the exchanges have told the others as well
