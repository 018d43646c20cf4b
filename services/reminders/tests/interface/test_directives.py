"""Directives wait to be acknowledged and climb their ladder."""

import itertools
import json
from datetime import datetime, timedelta

import pytest

from chassis import clock
from chassis.contract import schema
from chassis.inbox import Heard
from contracts import messaging
from kernel.working_time import TZ
from reminders.domain import default_ladders
from reminders.service import Service
from reminders.use_cases import climbing, items
from tests.support.town import id_of, person, post, unit

MONDAY = datetime(2026, 3, 2, 9, tzinfo=TZ)
MESSAGE = id_of("message")
WARDS = ("ward-1", "ward-2")
ASKED = [
    {"receipt_id": id_of(f"receipt {ward}"), "post_id": post(f"{ward} head"), "unit_id": unit(ward), "unit_name": ward}
    for ward in WARDS
]


def said(**changes) -> dict:
    message = {
        "id": MESSAGE, "conversation_id": id_of("conversation"), "number": 3, "kind": "directive", "version": 1,
        "state": "said", "text": "Báo cáo\ntrước 17 giờ", "body": None, "mentions": [], "links": [], "files": [],
        "reply_to": None, "reply_to_number": None, "client_id": None, "sender_title": "Phó Chủ tịch",
        "sender_person_id": person("committee vice_chairman"), "sender_post_id": post("committee vice_chairman"),
        "sent_at": MONDAY.isoformat(), "edited_at": None, "ended_at": None, "ended_by_person_id": None,
        "ended_reason": None, "expired_at": None, "conversation_name": "Diễn tập",
        "participant_post_ids": [post("ward-3 head")],
        "asking": {"urgency": "urgent", "answer_by": (MONDAY + timedelta(days=1)).isoformat()}, "asked": ASKED,
        "change": "posted", "changed_at": None,
    }  # fmt: skip
    return message | changes


POSTED = (messaging.message_addressed, said())
WITHDRAWN = (
    messaging.message_addressed,
    said(version=2, state="withdrawn", change="withdrawn", changed_at=MONDAY.isoformat()),
)


def acknowledged(number: int = 0) -> tuple:
    of_post = {name: ASKED[number][name] for name in ("receipt_id", "post_id", "unit_id")}
    return messaging.directive_acknowledged, of_post | {
        "message_id": MESSAGE, "conversation_id": id_of("conversation"), "number": 3, "concerns": [],
        "sender_post_id": post("committee vice_chairman"), "person_id": person(f"{WARDS[number]} head"),
        "acting_for": None, "at": MONDAY.isoformat(),
    }  # fmt: skip


@pytest.fixture
def here(town):
    return town("reminders")


@pytest.fixture
def hear(here):
    def heard(event, data: dict) -> None:
        with here.store.transaction() as tx:
            handler = getattr(Service, f"on_{event.name}")
            handler(Service(), tx, Heard("", event.name, MESSAGE, 1, clock.now(), schema(event.data).load(data)))

    return heard


def open_for(here) -> list[str]:
    return [row["post"] for row in here.rows("SELECT post_id::text AS post FROM action_items WHERE open ORDER BY id")]


def nudged(here, rule: str) -> dict[str, set[str]]:
    rows = here.rows(
        "SELECT o.rung, n.person_id::text AS person FROM occasions o JOIN nudges n ON n.occasion_id = o.id"
        " WHERE o.rule = :rule AND n.state = 'waiting'", rule=rule,
    )  # fmt: skip
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["rung"], set()).add(row["person"])
    return found


def test_each_post_that_is_asked_has_it_before_it_and_its_holder_is_nudged(here, hear):
    hear(*POSTED)
    with here.store.transaction() as tx:
        items.nudge_some(tx, MONDAY)

    [shown, _] = here.rows("SELECT kind, title, link, from_title, due FROM action_items ORDER BY id")
    assert (shown["kind"], shown["title"], shown["link"]) == (
        "directive_to_acknowledge", "Báo cáo trước 17 giờ", f"/api/v1/messages/{MESSAGE}",
    )  # fmt: skip
    assert shown["due"] == MONDAY + timedelta(days=1)
    assert nudged(here, "directive") == {"raised": {person(f"{ward} head") for ward in WARDS}}
    assert nudged(here, "waiting") == {}


def test_what_is_acknowledged_closes_alone_and_nobody_is_nudged_about_it(here, hear):
    hear(*POSTED)
    with here.store.transaction() as tx:
        items.nudge_some(tx, MONDAY)
    hear(*acknowledged())

    assert open_for(here) == [post("ward-2 head")]
    assert nudged(here, "directive") == {"raised": {person("ward-2 head")}}
    hear(*WITHDRAWN)
    assert open_for(here) == [] and nudged(here, "directive") == {}


def state(here) -> list[dict]:
    known = "SELECT subject_id::text, version, open, title, kind, post_id::text FROM action_items ORDER BY 1"
    watched = "SELECT subject_id::text, version, state, open, title, assigner_post_id::text FROM watched ORDER BY 1"
    return here.rows(known) + here.rows(watched)


@pytest.mark.parametrize(
    "order", list(itertools.permutations((POSTED, acknowledged(), WITHDRAWN, POSTED))), ids=lambda order: ""
)
def test_in_whatever_order_and_however_often_it_is_heard_it_ends_alike(here, hear, order):
    for event in order:
        hear(*event)

    assert [row["open"] for row in state(here)] == [False] * 4
    assert {row["version"] for row in state(here)} == {3}
    assert {row.get("assigner_post_id") for row in state(here)[2:]} == {post("committee vice_chairman")}


def test_who_does_not_acknowledge_is_told_of_to_who_gave_it_and_then_to_the_office(here, hear):
    hear(*POSTED)
    hear(*acknowledged(1))

    def climbed(day: int) -> dict[str, set[str]]:
        with here.store.transaction() as tx:
            climbing.climb(tx, MONDAY + timedelta(days=day))
        return nudged(here, "acknowledgement")

    assert climbed(0) == {}
    late, sender = person("ward-1 head"), person("committee vice_chairman")
    assert climbed(1) == {"to_acknowledge": {late}}
    deputy = person("office deputy_chief_of_office")  # to whom the sender's powers are lent
    assert climbed(2)["unacknowledged"] == {late, sender, deputy}
    assert climbed(3)["still_unacknowledged"] == {late, sender, deputy, person("office chief_of_office")}
    assert nudged(here, "answer") == {}


def test_what_is_no_matter_of_the_office_is_told_to_those_alone_who_take_part(here, hear):
    """Whatever operators have set: of talk beside any order the boards hear nothing either."""
    everybody = [*default_ladders.DEFAULT[-1]["rungs"][-1]["to"], default_ladders.EXCEPTION_BOARD]
    rung = default_ladders.DEFAULT[-1]["rungs"][-1] | {"to": everybody}
    here.do("INSERT INTO ladder_versions (version, rules, reason, changed_at)"
            " VALUES (1, CAST(:rules AS jsonb), '', now())",
            rules=json.dumps([default_ladders.DEFAULT[-1] | {"rungs": [rung]}]))  # fmt: skip
    hear(messaging.message_addressed, said(inside=True, sender_post_id=post("dept clerk")))
    for day in (0, 3):
        with here.store.transaction() as tx:
            climbing.climb(tx, MONDAY + timedelta(days=day))

    late = {person(f"{ward} head") for ward in WARDS}
    assert nudged(here, "acknowledgement") == {"still_unacknowledged": {*late, person("dept clerk")}}


@pytest.mark.parametrize("scope, hears_it", [("messaging", True), ("reminders", False)])
def test_to_whom_a_power_is_lent_that_does_not_read_it_is_not_told(here, hear, scope, hears_it):
    here.do("UPDATE copy_delegations SET grantor_post_id = :post, scope = :scope",
            post=post("ward-1 head"), scope=scope)  # fmt: skip
    hear(*POSTED)
    with here.store.transaction() as tx:
        items.nudge_some(tx, MONDAY)

    assert (person("office deputy_chief_of_office") in nudged(here, "directive")["raised"]) == hears_it


def test_nobody_stands_in_for_a_vacant_post_in_a_conversation(here, hear):
    here.do("DELETE FROM copy_memberships WHERE post_id = :id", id=post("ward-1 head"))
    hear(*POSTED)
    with here.store.transaction() as tx:
        items.nudge_some(tx, MONDAY)

    assert nudged(here, "directive") == {"raised": {person("ward-2 head")}}


def test_what_says_nothing_but_its_files_is_called_by_their_names(here, hear):
    file = {"id": id_of("file"), "name": "Kế hoạch.pdf", "media_type": "application/pdf", "size": 1}
    hear(messaging.message_addressed, said(text="", files=[file, file | {"name": "Phụ lục.pdf"}]))

    assert {row["title"] for row in state(here)} == {"Kế hoạch.pdf, Phụ lục.pdf"}


def test_each_acknowledgement_is_a_fact_of_its_own(here, hear):
    hear(*POSTED)
    for number in (0, 1):
        hear(*acknowledged(number))

    said_of = here.rows("SELECT subject, version FROM outbox WHERE name = 'action_items_closed' ORDER BY id")
    assert said_of == [{"subject": each["receipt_id"], "version": 2} for each in ASKED]


def test_an_urging_of_a_task_asks_nobody_a_second_time(here, hear):
    hear(messaging.message_addressed, said(kind="urging", asked=[], mentions=[]))

    assert here.rows("SELECT id FROM action_items UNION ALL SELECT subject_id FROM watched") == []
