"""The published documents are what the running code says, and valid by their own validators."""

import re
from contextlib import suppress
from dataclasses import replace

import pytest
import sqlalchemy as sa
import yaml
from asyncapi3 import AsyncAPI3
from marshmallow import EXCLUDE, RAISE, fields
from marshmallow.fields import Nested

from chassis import clock
from contracts import generate
from contracts.catalogue import EVENTS, PROCEDURES
from contracts.inbound import INBOUND
from gateway import openapi

PERSONAL = re.compile(r"name|title|text|phone|email|content|abstract|summary|person|url|address")


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return generate.documents()


@pytest.mark.parametrize("name", ["asyncapi.yaml", "openapi.yaml"])
def test_the_committed_document_is_the_one_that_the_code_generates(fresh, name):
    assert (generate.PUBLISHED / name).read_text() == fresh[name], "run `make generate`"


def test_openapi_is_the_document_that_was_found_valid(fresh):
    """By the gateway's own tests: validating takes seconds."""
    assert yaml.safe_load(fresh["openapi.yaml"]) == openapi.document()


def test_asyncapi_is_valid_and_every_reference_leads_somewhere(fresh):
    document = yaml.safe_load(fresh["asyncapi.yaml"])
    AsyncAPI3.model_validate(document)
    references = set(re.findall(r"\$ref: ['\"]?#/([^'\"\s]+)", fresh["asyncapi.yaml"]))
    assert references
    for reference in references:
        place = document
        for step in reference.split("/"):
            assert step in place, reference
            place = place[step]


def test_asyncapi_names_every_event_and_procedure(fresh):
    messages = yaml.safe_load(fresh["asyncapi.yaml"])["components"]["messages"]
    assert {m["name"] for m in messages.values()} == {*EVENTS, *INBOUND, *PROCEDURES}


def test_what_siblings_may_read_is_this_list_and_holds_nothing_personal():
    published = {name: event.published for name, event in EVENTS.items() if event.published is not None}
    about_extension = ("extension_id", "assignment_id", "task_id", "unit_id", "round", "state")
    about_blocker = ("blocker_id", "assignment_id", "task_id", "unit_id", "level")
    about_correction = ("correction_id", "assignment_id", "task_id", "unit_id", "kind", "field", "state")
    assert published == {
        "unit_changed": ("unit_ids",),
        "unit_reorganised": ("change", "on_day", "unit_ids", "successor_ids"),
        "post_changed": ("post_ids",),
        "membership_changed": ("post_ids",),
        "delegation_changed": ("delegation_ids", "post_ids"),
        "audience_changed": ("audiences",),
        "working_days_changed": ("years",),
        "task_issued": ("task_id", "unit_ids"),
        "tasks_imported": ("task_ids",),
        "assignment_changed": ("assignment_id", "task_id", "unit_id", "change"),
        "task_revoked": ("task_id", "unit_ids"),
        "assignments_moved": ("from_unit_id", "unit_id"),
        "extension_requested": about_extension,
        "extension_decided": about_extension,
        "progress_reported": ("report_id", "assignment_id", "task_id", "unit_id"),
        "blocker_raised": about_blocker,
        "blocker_resolved": about_blocker,
        "correction_proposed": about_correction,
        "correction_decided": about_correction,
        "announcement_published": ("announcement_id", "unit_id", "importance"),
        "announcement_withdrawn": ("announcement_id", "unit_id"),
        "transcript_sealed": ("conversation_id", "task_id", "count", "sha256"),
        "document_changed": ("document_id", "origin", "origin_id", "change", "code"),
    }
    for names in published.values():
        assert not [name for name in names if PERSONAL.search(name)]


def test_published_fields_exist_in_the_core_form():
    for event in EVENTS.values():
        assert set(event.published or ()) <= set(event.data().fields), event.name


def test_asyncapi_names_exactly_the_fields_that_siblings_may_read(fresh):
    document = yaml.safe_load(fresh["asyncapi.yaml"])
    messages, channels = document["components"]["messages"], document["channels"]
    said = {}
    for name, channel in channels.items():
        if name.endswith("_published"):
            for key in channel["messages"]:
                said[messages[key]["name"]] = set(messages[key]["payload"]["properties"])
    assert said == {name: set(event.published) for name, event in EVENTS.items() if event.published is not None}


@pytest.mark.parametrize("name", [name for name, event in EVENTS.items() if event.published is not None])
def test_a_field_that_an_event_gains_stays_inside(name, store):
    class Grown(EVENTS[name].data):
        gained = fields.String(required=True)

    event = replace(EVENTS[name], data=Grown)
    values = {field: some(Grown().fields[field]) for field in event.published}
    with suppress(Undone), store(event.owner).transaction() as tx:
        tx.emit(event, subject=clock.new_id(), version=1, data=values | {"gained": "Họp kín"})
        row = tx.execute(sa.text("SELECT data, thin FROM outbox ORDER BY id DESC LIMIT 1")).one()
        assert row.data["gained"] == "Họp kín"
        assert row.thin == values
        raise Undone


def some(field):
    if isinstance(field, fields.List):
        return []
    if isinstance(field, fields.Integer):
        return 1
    return "2026-03-04" if isinstance(field, fields.Date) else clock.new_id()


class Undone(Exception):
    """Ends a transaction whose rows nobody shall find."""


def schemas_within(schema) -> list:
    """A schema and all that is nested in it."""
    found = [schema]
    for field in schema.fields.values():
        inner = getattr(field, "inner", field)
        if isinstance(inner, Nested):
            found += schemas_within(inner.schema)
    return found


def test_a_hearer_ignores_fields_that_a_newer_emitter_adds_at_any_depth():
    depths = {
        event.name: [s.unknown for s in schemas_within(event.data())] for event in [*EVENTS.values(), *INBOUND.values()]
    }
    assert max(map(len, depths.values())) > 1
    assert {unknown for found in depths.values() for unknown in found} == {EXCLUDE}


def test_a_request_with_a_field_that_nobody_named_is_refused_at_any_depth():
    found = {s.unknown for procedure in PROCEDURES.values() for s in schemas_within(procedure.request())}
    assert found == {RAISE}
