"""The bookkeeping of confirms: which outcome belongs to which message."""

import eventlet
import pytest
from amqp import Message

from chassis.amqp import Lost, Publisher


class Wire:
    """A link whose channel takes everything, and can be made to break."""

    blocked = False

    def __init__(self):
        self.given_up = 0

    def write(self, act, channel=None):
        act(self)

    def basic_publish(self, message, exchange, routing_key, mandatory):
        if routing_key == "breaks":
            raise Lost

    def give_up(self):
        self.given_up += 1


@pytest.fixture
def publisher():
    publisher = Publisher("amqp://nobody@127.0.0.1:1//", "test")
    publisher._link = Wire()
    return publisher


def letter(name: str, exchange: str, key: str = "k") -> tuple[Message, str, str]:
    return Message(b"", message_id=name), exchange, key


def test_a_message_that_nobody_takes_outside_is_still_taken_inside(publisher):
    sent = [letter("one", "inside"), letter("one", "outside")]
    publishing = eventlet.spawn(publisher.publish, sent, 2)
    eventlet.sleep(0)
    publisher._on_return(None, "outside", "k", sent[1][0])
    publisher._settle(2, True, "confirmed")
    assert publishing.wait() == ["confirmed", "unroutable"]


def test_a_negative_confirm_refuses_and_a_missing_one_gives_the_connection_up(publisher):
    publishing = eventlet.spawn(publisher.publish, [letter("a", "e"), letter("b", "e"), letter("c", "e")], 0.1)
    eventlet.sleep(0)
    publisher._settle(2, False, "refused")
    publisher._settle(1, False, "confirmed")
    assert publishing.wait() == ["confirmed", "refused", "lost"]
    assert publisher._link.given_up == 1


def test_what_was_never_written_is_lost_and_waits_for_nothing(publisher):
    assert publisher.publish([letter("a", "e", "breaks")], 0.1) == ["lost"]
    assert publisher._link.given_up == 0


def test_a_lost_connection_ends_all_waiting(publisher):
    publishing = eventlet.spawn(publisher.publish, [letter("a", "e"), letter("b", "e")], 5)
    eventlet.sleep(0)
    publisher._on_down()
    assert publishing.wait() == ["lost", "lost"]
    assert publisher._link.given_up == 0  # it was the loss that ended it, not its patience
