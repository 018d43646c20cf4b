"""The table of problems knows every code that can come."""

import ast
import re
from pathlib import Path

import marshmallow
import pytest
from marshmallow import fields, validate

from chassis.http import EDGE_PROBLEMS
from contracts import catalogue
from gateway import openapi, problems

SERVICES = Path(__file__).resolve().parents[3]
WARNING = re.compile(r"""["']code["']: ["']([a-z_]+)["']""")
CODE = re.compile(r"""(?:Refused|HttpRefusal|CallFailed|refusal_code = )\(?\s*["']([a-z_]+)["']""")
NOT_FOR_CLIENTS = {"refused"}  # what a refusal of the chassis is called before it has a name


def found(pattern: re.Pattern, folder: Path = SERVICES) -> set[str]:
    sources = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
    return {code for path in sources for code in pattern.findall(path.read_text())}


def test_every_code_that_occurs_is_in_the_table():
    codes = found(CODE) - NOT_FOR_CLIENTS
    assert {"not_authorised", "stale_version", "unauthenticated"} <= codes
    assert codes - problems.PROBLEMS.keys() == set()


def test_every_warning_is_told_in_both_languages():
    assert found(WARNING, SERVICES / "tasks" / "domain") == problems.WARNINGS.keys()


def test_the_edge_and_the_gateway_agree_on_the_status():
    assert {code: problem.status for code, problem in EDGE_PROBLEMS.items()} == {
        code: problems.PROBLEMS[code][0] for code in EDGE_PROBLEMS
    }


@pytest.mark.parametrize("code", problems.PROBLEMS)
def test_every_code_has_a_status_and_two_titles(code):
    status, vietnamese, english = problems.PROBLEMS[code]
    assert 400 <= status <= 599
    assert english.isascii() and not vietnamese.isascii()
    assert problems.describe(code, "vi").title == vietnamese


FILLED = {"obj_type": "datetime", "awareness": "aware", "input": "x"}


def messages_of(schema: marshmallow.Schema) -> set[str]:
    """What the fields and validators of a schema may say, with the numbers filled in."""
    found = set()
    for field in schema.fields.values():
        found |= {message.format_map(FILLED) for key, message in field.error_messages.items() if key != "format"}
        found |= {*schema.error_messages.values()}
        for validator in field.validators:
            if isinstance(validator, validate.Length):
                bounds = (validator.min is not None, validator.max is not None)
                said = {(True, True): "message_all", (True, False): "message_min", (False, True): "message_max"}[bounds]
                found.add(validator._format_error(None, getattr(validator, said)))
            elif isinstance(validator, validate.Range):
                found |= {validator._format_error(None, m) for m in (validator.message_min, validator.message_max)}
            elif isinstance(validator, validate.OneOf | validate.Equal | validate.Regexp | validate.Email):
                found.add(validator._format_error(""))
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            found |= messages_of(inner.schema)
    return {message for message in found if isinstance(message, str)}


def test_what_the_schemas_say_about_fields_is_told_in_vietnamese():
    requests = {procedure.request for procedure in catalogue.PROCEDURES.values()}
    requests |= {part for each in openapi.entrypoints() for part in (each.query, each.body) if part}
    said = {message for schema in requests for message in messages_of(schema())}
    assert len(said) > 15
    untold = {message for message in said if problems.describe_field(message, "vi") == message}
    assert untold == set()
    assert problems.describe_field("Not a valid UUID.", "en") == "Not a valid UUID."


def test_what_the_code_says_about_fields_is_told_in_vietnamese():
    """Whatever stands in a ValidationError, an `error=` of a validator, or a fault that a route makes itself."""
    said = {text for path in WHERE_FIELDS_ARE_JUDGED for text in sentences_in(ast.parse(path.read_text()))}
    assert {"Give either days or hours.", "Must be between 1900 and 2199.", "Give ETags, or *."} <= said
    assert {text for text in said if problems.describe_field(text, "vi") == text} == set()


WHERE_FIELDS_ARE_JUDGED = [
    path
    for folder in ("contracts", "gateway", "chassis/http")
    for path in (SERVICES / folder).rglob("*.py")
    if "tests" not in path.parts
]


def sentences_in(tree: ast.AST) -> set[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ValidationError", "_fault"):
            found += [*node.args]
        elif isinstance(node, ast.keyword) and node.arg == "error":
            found.append(node.value)
        elif isinstance(node, ast.Dict):
            found += [v for k, v in zip(node.keys, node.values, strict=True) if getattr(k, "value", "") == "message"]
    texts = {part.value for node in found for part in ast.walk(node) if isinstance(part, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and text.endswith(".") and " " in text}
