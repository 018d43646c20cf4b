"""Every route that changes something may be sent again, and none writes over what it has not seen.

Whatever has an effect takes an `Idempotency-Key`, or stands in one of the tables with the reason why a repetition does
no harm. Whatever changes something that is there takes `If-Match`, or says why it need not. A new route that does
neither fails here.
"""

import inspect
from types import FunctionType

import pytest

from contracts.catalogue import PROCEDURES
from gateway import openapi
from gateway.auth import SAFE_METHODS
from gateway.service import Service as Gateway
from tests.architecture.asking import code_within, functions_reached, reached
from tests.architecture.test_policy import ANSWERED, ROUTES, asked_by

READ_ONLY = "It changes nothing."
SAME_AGAIN = "It sets what is the same the second time."
GONE = "What is gone stays gone."
BY_VERSION = "If-Match lets it pass once."
BY_STATE = "Where it stands lets it pass once; the second is refused."
SECRET = "It shows a secret once, which is kept nowhere: another one takes its place."
SIGN_IN = "Each sign-in is a session of its own; nothing else comes of it."
SEVERAL = "It says something of several things, of which none is overwritten."
OWN_MARK = "Everybody sets his own, and nobody writes over another's."
SWITCH = "It is on or off: nobody overwrites what he has not seen."

WITHOUT_KEY = {
    "refuse_recovery": BY_STATE,
    "restore_account": BY_VERSION,
    "revoke_account": BY_VERSION,
    "snooze_action_item": SAME_AGAIN,
    "unsnooze_action_item": SAME_AGAIN,
    "acknowledge_announcement": SAME_AGAIN,
    "see_announcement": SAME_AGAIN,
    "retire_audience": BY_VERSION,
    "change_audience": BY_VERSION,
    "set_audience": BY_VERSION,
    "revoke_calendar_feed": GONE,
    "make_calendar_feed": SECRET,
    "export_conversation": READ_ONLY + " The audit log has each.",
    "hold_conversation": SAME_AGAIN + " It is the hold that stands.",
    "release_conversation": BY_STATE,
    "mark_read": SAME_AGAIN + " It only goes up.",
    "set_conversation_settings": SAME_AGAIN,
    "apply_import": BY_VERSION,
    "apply_task_import": BY_VERSION,
    "change_ladders": BY_VERSION,
    "simulate_ladders": READ_ONLY,
    "change_own_contact": BY_VERSION,
    "start_linking": "It begins a sign-in elsewhere; one that is not finished is forgotten.",
    "unlink_identity": GONE,
    "change_password": "The second time the present password is another one: refused.",
    "renew_recovery_codes": SECRET,
    "begin_totp": SECRET,
    "confirm_totp": "A code counts once: the second time it is refused.",
    "acknowledge_message": SAME_AGAIN,
    "change_notification_settings": BY_VERSION,
    "read_nudges": SAME_AGAIN,
    "end_sessions_of_provider": "A logout token counts once, and what has ended stays so.",
    "give_code": SIGN_IN,
    "sign_out_everywhere": GONE,
    "change_person": BY_VERSION,
    "erase_person": BY_VERSION,
    "remove_identity": GONE,
    "put_identity": SAME_AGAIN,
    "subscribe_push": SAME_AGAIN + " It is the same device.",
    "unsubscribe_push": GONE,
    "end_all_sessions": GONE,
    "create_session": SIGN_IN,
    "end_session": GONE,
    "end_current_session": GONE,
    "create_token": SIGN_IN,
    "preview_task": READ_ONLY,
    "propose_tasks": READ_ONLY,
    "hand_over_accounts": SECRET,
    "set_working_days": BY_VERSION,
}
# of those whose address names something that is there
WITHOUT_VERSION = {
    "confirm_recovery": BY_STATE,
    "refuse_recovery": BY_STATE,
    "snooze_action_item": OWN_MARK,
    "unsnooze_action_item": OWN_MARK,
    "acknowledge_announcement": OWN_MARK,
    "see_announcement": OWN_MARK,
    "raise_blocker": "It adds to the piece.",
    "propose_correction": "It adds to the piece; a decision about it names its version.",
    "request_extension": "It adds to the piece; a decision about it names its version.",
    "report_progress": "It adds to the piece.",
    "urge_assignment": "It adds to the piece.",
    "urge_task": SEVERAL,
    "export_conversation": READ_ONLY,
    "hold_conversation": SWITCH,
    "release_conversation": SWITCH,
    "post_message": "It adds to the conversation.",
    "add_participants": SEVERAL + " Who takes part already stays as he is.",
    "remove_participant": SWITCH,
    "change_participant": "It sets the one thing that there is of him, whatever it was.",
    "mark_read": OWN_MARK,
    "set_conversation_settings": OWN_MARK,
    "unlink_identity": SWITCH,
    "acknowledge_message": OWN_MARK,
    "end_sessions_of_provider": SWITCH,
    "give_code": SIGN_IN,
    "sign_out_everywhere": SWITCH,
    "remove_identity": SWITCH,
    "put_identity": SWITCH,
    "unsubscribe_push": SWITCH,
    "end_session": SWITCH,
    "hand_over_accounts": SEVERAL,
    "move_assignments": SEVERAL + " What is no longer there is not moved.",
}

# what bears its key itself, for as long as it is there, and needs no answer kept apart
BEARS_ITS_KEY = {"post_message": "messaging.post_message", "create_file": "messaging.begin_file"}

WRITES = sorted(name for name, route in ROUTES.items() if route.method not in SAFE_METHODS)
KEYED = sorted(name for name in WRITES if ROUTES[name].meta.idempotency_key)
VERSIONED = sorted(name for name in WRITES if ROUTES[name].meta.if_match)


def requests_of(operation: str) -> list:
    return [PROCEDURES[name].request().fields for name in asked_by(operation)]


def speaks_of(operation: str, word: str) -> bool:
    """Whether a handler, or what it calls of its own room, reads this of the call."""
    handler = inspect.unwrap(getattr(Gateway, operation))
    steps = [handler, *(each for each in reached(handler, Gateway) if isinstance(each, FunctionType))]
    return any(word in code.co_names for step in steps for code in code_within(inspect.unwrap(step)))


def test_every_write_takes_a_key_or_says_why_it_needs_none():
    assert {name for name in WRITES if not ROUTES[name].meta.idempotency_key} == WITHOUT_KEY.keys()


def test_what_makes_something_takes_a_key():
    made = {name for name in WRITES if ROUTES[name].meta.status in (201, 202) and name not in KEYED}
    allowed = (SIGN_IN, SECRET, BY_VERSION, SAME_AGAIN)
    assert {name for name in made if not WITHOUT_KEY[name].startswith(allowed)} == {"start_linking"}


def test_whatever_is_there_is_changed_by_its_version_or_it_is_said_why_not():
    there = {name for name in WRITES if "<" in ROUTES[name].path}
    assert {name for name in there if not ROUTES[name].meta.if_match} == WITHOUT_VERSION.keys()


def test_what_passes_once_by_its_version_asks_for_it():
    assert {name for name, why in WITHOUT_KEY.items() if why == BY_VERSION} == set(VERSIONED) - set(KEYED)


@pytest.mark.parametrize("operation", KEYED)
def test_a_key_reaches_the_service_that_keeps_it(operation):
    if operation in BEARS_ITS_KEY:
        assert "idempotency_key" in PROCEDURES[BEARS_ITS_KEY[operation]].request().fields
        return
    assert speaks_of(operation, "idempotency_key")
    keepers = [name for name in asked_by(operation) if "idempotency_key" in PROCEDURES[name].request().fields]
    assert keepers, f"{operation} asks nobody who keeps a key"
    for name in keepers:
        cls, method = ANSWERED[name]
        assert "answer_once" in functions_reached(getattr(cls, method), cls), name


@pytest.mark.parametrize("operation", VERSIONED)
def test_a_version_reaches_the_service_that_compares_it(operation):
    assert speaks_of(operation, "version")
    assert any("version" in fields for fields in requests_of(operation)), f"{operation} asks nobody who compares"


def test_a_procedure_with_a_key_is_asked_by_a_route_that_takes_one():
    asked = {name for operation in KEYED for name in asked_by(operation)}
    for name in PROCEDURES.keys() - asked - set(BEARS_ITS_KEY.values()):
        assert PROCEDURES[name].caller != "actor" or "idempotency_key" not in PROCEDURES[name].request().fields, name


def test_whatever_is_read_as_json_is_read_conditionally():
    document = openapi.document()["paths"]
    read = {name: route for name, route in ROUTES.items() if route.method == "GET" and route.meta.answer}
    assert "get_home" in read and "list_tasks" in read
    for name in read:
        [operation] = [each["get"] for each in document.values() if each.get("get", {}).get("operationId") == name]
        assert "304" in operation["responses"], name
