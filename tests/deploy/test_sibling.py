"""The operator's words for a sibling: a wrong one is one sentence that says what is wrong."""

import re

import pytest

from contracts import siblings
from contracts.topology import hashed
from deploy.local.sibling import command
from deploy.local.terminal import Refusal

NOWHERE = {"brokers": {"admin": "amqp://admin:topsecret@127.0.0.1:1/v"}, "broker_admin": {"api": "http://127.0.0.1:1"}}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "mail", "tasks.task_isued"], "Siblings cannot hear tasks.task_isued: there are directory."),
        (["add", "mail", "task_issued"], "Siblings cannot hear task_issued: "),
        (["add", "mail", "messaging.message_posted"], "Siblings cannot hear messaging.message_posted: "),
        (["add", "mail", "--says", "task_issued"], "Siblings cannot say task_issued: there are incoming_task_"),
        (["add", "mail"], "Say what mail shall hear: "),
        (["add", "Mail", "tasks.task_issued"], "'Mail' cannot be a sibling's name: "),
        (["add", "ma.il", "tasks.task_issued"], "'ma.il' cannot be a sibling's name: "),
        (["add", "m" * 31, "tasks.task_issued"], "'mmmmmm"),
        (["add", "-", "tasks.task_issued"], "'-' cannot be a sibling's name: "),
        (["add", "mail\n", "tasks.task_issued"], "'mail\\n' cannot be a sibling's name: "),
        (["add", "tasks", "tasks.task_issued"], "'tasks' is a service of this platform"),
        (["add"], "Say make sibling NAME=mail "),
        (["remove"], "Say make sibling NAME=mail "),
        (["remove", "..", ], "'..' cannot be a sibling's name: "),
        (["add", "mail", "tasks.task_issued"], "The broker's management interface does not answer"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_refused_in_one_sentence(words, sentence):
    with pytest.raises(Refusal) as refused:
        command(words, NOWHERE)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert "topsecret" not in str(refused.value)


def test_a_sibling_may_read_its_own_queue_and_nothing_else():
    document = siblings.definitions("city", "e-mail", ["tasks.task_issued"], hashed("topsecret"))
    [rights] = document["permissions"]
    assert (rights["configure"], rights["write"]) == ("^$", "^$")
    for name in ("ext.e-mail.v1", "ext.e-mail.v10", "extxe-mail.v1", "ext.mail.v1", "tasks.inbox.v1", "rpc.tasks", ""):
        assert (re.search(rights["read"], name) is not None) is (name == "ext.e-mail.v1"), name
    assert document["users"][0]["tags"] == []
    assert "topsecret" not in str(document)


def test_one_that_may_speak_does_so_on_its_own_exchange_under_the_words_given_to_it():
    document = siblings.definitions("city", "axis", [], "", ["superior_answered"])
    [rights], [exchange], [binding] = document["permissions"], document["exchanges"], document["bindings"]
    for name in ("axis.inbound", "axisxinbound", "mail.inbound", "tasks.events", "", "amq.topic"):
        assert (re.search(rights["write"], name) is not None) is (name == "axis.inbound"), name
    assert (exchange["name"], exchange["durable"], rights["configure"]) == ("axis.inbound", True, "^$")
    assert (binding["source"], binding["destination"], binding["routing_key"]) == (
        "axis.inbound", "tasks.inbox.outside.v1", "superior_answered",
    )  # fmt: skip
    assert siblings.definitions("city", "mail", ["tasks.task_issued"], "")["exchanges"] == []


def test_its_queue_forgets_the_oldest_and_never_refuses_ours():
    [queue] = siblings.definitions("city", "mail", ["tasks.task_issued"], "")["queues"]
    arguments = queue["arguments"]
    assert queue["durable"]
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-overflow"] == "drop-head"
    assert not [name for name in arguments if name.startswith("x-dead-letter")]
    assert 0 < arguments["x-max-length"] <= 100_000
    assert 0 < arguments["x-max-length-bytes"] <= 100 * 2**20
    assert 0 < arguments["x-message-ttl"] <= 7 * 24 * 3600 * 1000


def test_it_is_bound_to_exactly_the_chosen_events():
    document = siblings.definitions("city", "mail", ["tasks.assignment_changed"], "")
    assert [(b["source"], b["routing_key"]) for b in document["bindings"]] == [
        ("tasks.published", "assignment_changed")
    ]
