"""The document says what runs."""

import re

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.datastructures import Headers

from contracts.inbound import INBOUND
from gateway import descriptions, openapi
from gateway.examples import EXAMPLES
from gateway.partners import events
from gateway.problems import PROBLEMS

OUTLINE = {
    "POST /tokens", "POST /sessions", "DELETE /sessions/current", "GET /sessions", "DELETE /sessions/{session_id}",
    "DELETE /sessions", "GET /me", "GET /me/account", "POST /me/password", "POST /me/totp", "POST /me/totp/confirm",
    "POST /me/recovery-codes", "GET /people/{person_id}/account", "POST /accounts/{account_id}/revoke",
    "POST /accounts/{account_id}/restore", "POST /units/{unit_id}/account-handover", "POST /account-recoveries",
    "GET /account-recoveries", "POST /account-recoveries/{recovery_id}/confirm",
    "POST /account-recoveries/{recovery_id}/refuse",
    "GET /home", "GET /units", "GET /units/{unit_id}", "GET /people", "GET /people/{person_id}",
    "GET /audiences", "POST /tasks", "GET /tasks", "GET /tasks/{task_id}", "GET /tasks/{task_id}/assignments",
    "GET /assignments/{assignment_id}", "POST /assignments/{assignment_id}/accept", "GET /action-items",
    "GET /action-items/counts", "GET /action-items/{item_id}",
    "POST /action-items/{item_id}/snooze", "POST /action-items/{item_id}/unsnooze",
    "GET /tasks/{task_id}/history", "POST /tasks/{task_id}/revoke", "POST /units/{unit_id}/move-assignments",
    *(f"GET /assignments/{{assignment_id}}/{part}" for part in ("history", "results", "extensions", "children")),
    *(
        f"POST /assignments/{{assignment_id}}/{verb}"
        for verb in (
            "decline", "reassign", "uphold", "submit-result", "approve-result", "return-result", "withdraw-result",
            "suspend", "resume", "revoke", "reopen", "archive", "children", "extensions",
        )
    ),
    "GET /extensions/{extension_id}",
    *(f"POST /extensions/{{extension_id}}/{decision}" for decision in ("grant", "refuse", "withdraw")),
    "GET /conversations", "GET /conversations/{conversation_id}", "GET /conversations/{conversation_id}/participants",
    "GET /messages/{message_id}/receipts", "POST /messages/{message_id}/acknowledge",
    "POST /conversations", "PATCH /conversations/{conversation_id}",
    "PATCH /conversations/{conversation_id}/settings",
    "POST /conversations/{conversation_id}/participants",
    "PATCH /conversations/{conversation_id}/participants/{participant_id}",
    "DELETE /conversations/{conversation_id}/participants/{participant_id}",
    "GET /conversations/{conversation_id}/transcript", "GET /conversations/{conversation_id}/transcript.pdf",
    "GET /conversations/{conversation_id}/messages", "POST /conversations/{conversation_id}/messages",
    "GET /messages/search", "GET /messages/{message_id}", "PATCH /messages/{message_id}",
    "DELETE /messages/{message_id}", "POST /messages/{message_id}/withdraw", "GET /messages/{message_id}/versions",
    "POST /directory/imports", "GET /directory/imports", "GET /directory/imports/{import_id}",
    "GET /directory/imports/{import_id}/rows", "POST /directory/imports/{import_id}/apply", "GET /directory/exports",
    "GET /announcements", "POST /announcements", "GET /announcements/{announcement_id}",
    "PUT /announcements/{announcement_id}", "DELETE /announcements/{announcement_id}",
    "POST /announcements/{announcement_id}/submit", "POST /announcements/{announcement_id}/return",
    "POST /announcements/{announcement_id}/approve", "POST /announcements/{announcement_id}/withdraw",
    "POST /announcements/{announcement_id}/seen", "POST /announcements/{announcement_id}/acknowledge",
    "GET /announcements/{announcement_id}/reach",
    "POST /conversations/{conversation_id}/hold", "POST /conversations/{conversation_id}/release",
    "POST /conversations/{conversation_id}/exports", "GET /legal-holds", "GET /me/messages/export",
    "POST /conversations/{conversation_id}/read", "GET /live", "GET /audit", "GET /openapi.json", "GET /health",
    "GET /docs", "GET /docs/{name}", "GET /problems", "GET /problems/{code}",
    "POST /inbound/events",
    "GET /oidc/providers", "GET /oidc/{provider}/start", "GET /oidc/{provider}/callback", "POST /oidc/{provider}/code",
    "POST /oidc/{provider}/backchannel-logout", "POST /oidc/{provider}/logout", "GET /me/identities",
    "POST /me/identities", "DELETE /me/identities/{identity_id}", "PUT /people/{person_id}/identities/{provider}",
    "DELETE /people/{person_id}/identities/{provider}", "GET /people/{person_id}/identities", "POST /people",
    "PATCH /people/{person_id}", "POST /people/{person_id}/erase",
    "GET /posts/{post_id}/holders", "GET /posts/{post_id}/delegations",
    "GET /units/{unit_id}/successors", "GET /units/{unit_id}/heads", "GET /units/{unit_id}/posts",
    "POST /reorganisations", "GET /reorganisations", "GET /reorganisations/{reorganisation_id}",
    "POST /reorganisations/{reorganisation_id}/withdraw", "GET /audiences/{name}", "PUT /audiences/{name}",
    "POST /audiences", "PATCH /audiences/{name}", "DELETE /audiences/{name}", "GET /audiences/{name}/members",
    "GET /working-days/{year}", "PUT /working-days/{year}", "POST /posts", "GET /posts/{post_id}",
    "POST /posts/{post_id}/close", "POST /memberships", "POST /memberships/{membership_id}/end", "GET /delegations",
    "POST /delegations", "DELETE /delegations/{delegation_id}", "GET /units/{unit_id}/people",
    "GET /people/{person_id}/vcard", "PATCH /me/contact",
    "GET /assignments", "GET /exception-board", "GET /exception-board.pdf",
    "GET /task-statistics", "GET /task-statistics/assignments",
    "GET /task-imports", "POST /task-imports", "GET /task-imports/{import_id}", "GET /task-imports/{import_id}/rows",
    "POST /task-imports/{import_id}/apply", "GET /parked-tasks", "DELETE /parked-tasks/{parked_id}",
    "POST /parked-tasks/{parked_id}/complete", "GET /task-exports", "GET /task-reports/period",
    "GET /task-reports/period.pdf", "POST /assignments/{assignment_id}/extend-children",
    "POST /assignments/{assignment_id}/keep-children",
    "POST /task-proposals", "POST /task-previews", "GET /unit-load",
    "GET /task-templates", "POST /task-templates", "GET /task-templates/{template_id}",
    "PUT /task-templates/{template_id}", "DELETE /task-templates/{template_id}",
    "POST /task-templates/{template_id}/pause", "POST /task-templates/{template_id}/resume",
    "GET /task-templates/{template_id}/occurrences",
    "POST /files",
    "GET /files/{file_id}",
    "PUT /tasks/{task_id}",
    "DELETE /tasks/{task_id}",
    "POST /tasks/{task_id}/submit-for-issue",
    "POST /tasks/{task_id}/return-draft",
    "POST /tasks/{task_id}/issue",
    "GET /assignments/{assignment_id}/progress",
    "POST /assignments/{assignment_id}/progress",
    "GET /assignments/{assignment_id}/blockers",
    "POST /assignments/{assignment_id}/blockers",
    "GET /blockers/{blocker_id}",
    "POST /blockers/{blocker_id}/answer",
    "GET /assignments/{assignment_id}/urgings",
    "POST /assignments/{assignment_id}/urgings",
    "POST /tasks/{task_id}/urgings",
    "GET /urgings/{urging_id}",
    "POST /urgings/{urging_id}/answer",
    "GET /assignments/{assignment_id}/corrections",
    "POST /assignments/{assignment_id}/corrections",
    "GET /corrections/{correction_id}",
    "POST /corrections/{correction_id}/accept",
    "POST /corrections/{correction_id}/refuse",
    "POST /corrections/{correction_id}/withdraw",
    "POST /documents",
    "GET /documents",
    "GET /documents/{document_id}",
    "GET /documents/{document_id}/tasks",
    "POST /documents/{document_id}/tasks",
    "POST /documents/{document_id}/receive",
    "POST /documents/{document_id}/refuse",
    "POST /documents/{document_id}/clauses/{number}/no-task",
    "POST /documents/{document_id}/answer-recall",
    "GET /superior-requests",
    "GET /superior-requests/{request_id}",
    "POST /superior-requests/{request_id}/record-sent",
    "POST /superior-requests/{request_id}/answer",
    "POST /superior-reports",
    "GET /superior-reports",
    "GET /superior-reports/{report_id}",
    "GET /superior-reports/{report_id}/lines",
    "POST /superior-reports/{report_id}/approve",
    "POST /superior-reports/{report_id}/return",
    "POST /superior-reports/{report_id}/record-sent",
    "GET /reminders", "POST /reminders", "POST /reminders/import", "GET /reminders/{reminder_id}",
    "PATCH /reminders/{reminder_id}", "DELETE /reminders/{reminder_id}", "GET /reminders/{reminder_id}/occurrences",
    "POST /reminders/{reminder_id}/done", "POST /reminders/{reminder_id}/skip", "POST /calendar-feed",
    "DELETE /calendar-feed", "GET /calendar.ics",
    "GET /ladders",
    "PUT /ladders",
    "GET /ladders/versions",
    "POST /ladders/simulate",
    "GET /nudges",
    "POST /nudges/read",
    "GET /notification-settings",
    "PATCH /notification-settings",
    "GET /push-key",
    "GET /push-subscriptions",
    "POST /push-subscriptions",
    "DELETE /push-subscriptions/{subscription_id}",
    "GET /deliveries",
    "GET /nudge-counts",
}  # fmt: skip


def test_the_document_is_valid():
    OpenAPIV31SpecValidator(openapi.document()).validate()


def test_it_has_the_routes_of_the_outline_and_no_others():
    paths = openapi.document()["paths"]
    assert {f"{method.upper()} {path}" for path, item in paths.items() for method in item} == OUTLINE


def test_every_schema_has_one_name():
    names = openapi.document()["components"]["schemas"]
    assert [name for name in names if name[-1].isdigit()] == []


@pytest.mark.parametrize("entrypoint", openapi.entrypoints(), ids=lambda each: each.operation)
def test_every_route_has_a_summary_and_knows_its_refusals(entrypoint):
    assert entrypoint.meta.summary and entrypoint.meta.tag in openapi.TAGS
    assert set(openapi.codes_of(entrypoint)) <= PROBLEMS.keys()


@pytest.mark.parametrize("entrypoint", openapi.entrypoints(), ids=lambda each: each.operation)
def test_the_document_tells_each_refusal_of_a_route_under_its_status(entrypoint):
    document = openapi.document()
    path = openapi._PARAMETER.sub(r"{\1}", entrypoint.path).removeprefix(openapi.BASE)
    told = document["paths"][path][entrypoint.method.lower()]
    found = set()
    for status, response in told["responses"].items():
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        if "application/problem+json" in response.get("content", ()):
            found |= {(int(status), code) for code in re.findall("`(.+?)`", response["description"])}
    assert found == {(PROBLEMS[code][0], code) for code in openapi.codes_of(entrypoint)}
    assert told["summary"] == " ".join(told["summary"].split())


def test_the_examples_are_what_the_schemas_ask_for():
    by_operation = {each.operation: each for each in openapi.entrypoints()}
    for operation, examples in EXAMPLES.items():
        entrypoint = by_operation[operation]
        if "body" in examples:
            entrypoint.body().load(examples["body"])
        if "answer" in examples:
            assert entrypoint.meta.answer().validate(examples["answer"]) == {}


def told() -> list[dict]:
    return [operation for path in openapi.document()["paths"].values() for operation in path.values()]


def test_the_examples_are_what_the_document_asks_for():
    document, found = openapi.document(), 0
    for operation in told():
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in part.get("content", {}).values():
                if "example" in content:
                    schema = content["schema"] | {"components": document["components"]}
                    errors = Draft202012Validator(schema).iter_errors(content["example"])
                    assert [(operation["operationId"], error.json_path, error.message) for error in errors] == []
                    found += 1
    assert found == sum(len(each.get("bodies", each)) for each in EXAMPLES.values())


@pytest.mark.parametrize("media_type", [events.STRUCTURED, events.BATCH])
def test_the_examples_of_events_are_what_a_partner_may_say(media_type):
    [said] = events.read(
        media_type, Headers(), orjson.dumps(EXAMPLES["take_events"]["bodies"][media_type]), frozenset(INBOUND)
    )
    assert said["data"]["kind"] == "citizen_case"


def test_every_body_that_is_json_has_an_example():
    bodies = {each["operationId"]: each["requestBody"]["content"] for each in told() if "requestBody" in each}
    json = {operation: content["application/json"] for operation, content in bodies.items() if openapi.JSON in content}
    assert len(json) > 80
    assert [operation for operation, content in json.items() if "example" not in content] == []


def test_every_parameter_and_every_field_of_a_request_says_what_it_is():
    document = openapi.document()
    schemas, asked, silent = document["components"]["schemas"], set(), []

    def look_into(schema: dict) -> None:
        for name in re.findall(r"'#/components/schemas/(\w+)'", str(schema)):
            if name not in asked:
                asked.add(name)
                properties = schemas[name].get("properties", {})
                silent.extend(f"{name}.{field}" for field, told in properties.items() if not says_what_it_is(told))
                look_into(schemas[name])

    for operation in told():
        named = [parameter for parameter in operation["parameters"] if "$ref" not in parameter]
        silent += [f"{operation['operationId']}.{each['name']}" for each in named if not says_what_it_is(each)]
        look_into(operation.get("requestBody", {}))
    assert len(asked) > 80
    assert silent == []


def says_what_it_is(told: dict) -> bool:
    return "description" in told or "$ref" in told


def test_every_name_that_is_explained_occurs():
    document = openapi.document()
    schemas = document["components"]["schemas"].items()
    used = {(owner, field) for owner, schema in schemas for field in schema.get("properties", {})}
    used |= {(each["operationId"], one["name"]) for each in told() for one in each["parameters"] if "$ref" not in one}
    used = {name for owner, field in used for name in (field, f"{owner}.{field}")}
    assert descriptions.NAMES.keys() - used == set()
