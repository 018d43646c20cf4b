"""What the policy does not list does not exist: every route and every procedure is in it, and nothing else is."""

import importlib

import pytest

from contracts.catalogue import PROCEDURES, SERVICES
from gateway import openapi
from gateway.service import Service as Gateway
from kernel import policy
from tests.architecture.asking import functions_reached, procedures_named

ACTOR_PROCEDURES = {name for name, procedure in PROCEDURES.items() if procedure.caller == "actor"}
ROUTES = {each.operation: each for each in openapi.entrypoints()}
SIGNED_IN = sorted(operation for operation, each in ROUTES.items() if each.meta.signed_in)


def asked_by(operation: str) -> set[str]:
    return procedures_named(getattr(Gateway, operation), Gateway)


def answered() -> dict[str, tuple[type, str]]:
    """Every procedure's class and method."""
    found = {}
    for service in SERVICES:
        cls = importlib.import_module(f"{service}.service").Service
        for name in dir(cls):
            for entrypoint in getattr(getattr(cls, name), "nameko_entrypoints", ()):
                if procedure := getattr(entrypoint, "procedure", None):
                    found[procedure.full_name] = cls, name
    return found


ANSWERED = answered()


def test_every_procedure_for_persons_is_listed():
    assert {name for name in ANSWERED if PROCEDURES[name].caller == "actor"} == ACTOR_PROCEDURES
    assert {action for action in policy.RULES if not action.startswith("gateway.")} == ACTOR_PROCEDURES


@pytest.mark.parametrize("operation", SIGNED_IN)
def test_every_route_asks_what_is_listed_or_is_listed_itself(operation):
    asked = asked_by(operation) & ACTOR_PROCEDURES
    assert asked or f"gateway.{operation}" in policy.RULES, f"{operation} asks nobody who would decide"
    assert asked <= policy.RULES.keys()


def test_what_needs_nobody_signed_in_is_listed_as_public():
    assert {f"gateway.{operation}" for operation in ROUTES.keys() - set(SIGNED_IN)} == policy.PUBLIC


def test_the_policy_lists_no_route_that_is_not_there():
    listed = {action for action in policy.RULES if action.startswith("gateway.")} | policy.PUBLIC
    assert {action.removeprefix("gateway.") for action in listed} <= ROUTES.keys()


def test_the_code_is_read_rightly():
    assert asked_by("get_home") == {"tasks.get_summary", "reminders.get_overview", "messaging.get_unread"}
    assert asked_by("create_token") == {"directory.verify_credentials"}
    assert asked_by("list_sessions") == set()
    assert "tasks.assign" in asked_by("create_task")


@pytest.mark.parametrize("name", sorted(ACTOR_PROCEDURES))
def test_every_procedure_for_persons_asks_the_policy(name):
    """The first step of each is one of these; which action it asks for is the other test's."""
    cls, method = ANSWERED[name]
    assert functions_reached(getattr(cls, method), cls) & {
        "actor_for", "require_signed_in", "require", "require_somewhere",
    }  # fmt: skip


def acts(everybodys: bool) -> list[str]:
    """What changes something in a service that knows posts by a copy only: for everybody, or for some posts."""
    names = []
    for name in sorted(ACTOR_PROCEDURES):
        cls, method = ANSWERED[name]
        code = getattr(cls, method).__code__
        is_act = "transaction" in code.co_names and not name.startswith("directory.")
        if is_act and (policy.RULES[name] is policy.EVERYBODY) == everybodys:
            names.append(name)
    return names


def test_an_act_that_depends_on_the_post_is_refused_by_a_stale_copy():
    assert "tasks.assign" in acts(everybodys=False)
    for name in acts(everybodys=False):
        cls, method = ANSWERED[name]
        assert "require_fresh" in functions_reached(getattr(cls, method), cls), name


# What one has read or put off is nobody else's, whoever shows it to him, nor is how one is reached; a file is the
# person's own, or granted to him by a service that asks in which post he acts; nobody else has anything to do with what
# one wants to be reminded of.
ABOUT_ONESELF = {
    "messaging.mark_read", "messaging.begin_file", "messaging.finish_file", "messaging.open_file",
    "reminders.snooze_action_item", "reminders.unsnooze_action_item",
    "reminders.create_reminder", "reminders.change_reminder", "reminders.discard_reminder", "reminders.mark_done",
    "reminders.skip_occurrence", "reminders.import_invitation", "reminders.make_feed", "reminders.revoke_feed",
    "reminders.read_nudges", "reminders.change_notification_settings", "reminders.subscribe_push",
    "reminders.unsubscribe_push",
}  # fmt: skip


def test_an_act_by_lent_powers_is_refused_by_a_stale_copy():
    assert {"tasks.accept", "messaging.post_message"} <= set(acts(everybodys=True))
    for name in set(acts(everybodys=True)) - ABOUT_ONESELF:
        cls, method = ANSWERED[name]
        assert "require_fresh_if_lent" in functions_reached(getattr(cls, method), cls), name
