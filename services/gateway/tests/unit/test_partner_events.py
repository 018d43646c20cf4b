"""What a partner's request says is read strictly: what two readers could read in two ways is no event."""

import base64

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.datastructures import Headers

from chassis.http import HttpRefusal
from gateway.partners.events import BATCH, STRUCTURED, read
from gateway.partners.keys import as_text, read_private
from gateway.partners.settings import WebhookSettings
from gateway.problems import FIELD_MESSAGES
from tests.support.partner import SAYS, an_item

MAY = frozenset(SAYS)
JSON = "application/json"


def faults(mimetype: str, raw: bytes, headers: dict | None = None) -> set[str]:
    with pytest.raises(HttpRefusal) as refused:
        read(mimetype, Headers(headers or {}), raw, MAY)
    assert refused.value.refusal_code == "invalid_request"
    for error in refused.value.errors:
        assert any(pattern.fullmatch(error["message"]) for pattern, _ in FIELD_MESSAGES), error
    return {error["field"] for error in refused.value.errors}


def structured(**changes) -> bytes:
    event = an_item() | changes
    return orjson.dumps({name: value for name, value in event.items() if value is not ...})


def test_an_event_is_read_as_its_hearers_find_it():
    [said] = read(STRUCTURED, Headers(), structured(time="2026-11-23T08:30:00+07:00", more="ignored"), MAY)
    assert said["attributes"] == {
        "id": "pa/71 1", "source": "/hotline", "type": "waiting_item_opened", "subject": "pa/71",
        "aggregateversion": 1, "time": "2026-11-23T01:30:00+00:00",
    }  # fmt: skip
    assert said["data"]["title"] == "Đèn đường hỏng"


def test_what_says_no_time_has_happened_now_and_null_is_nothing():
    [said] = read(STRUCTURED, Headers(), structured(time=None, dataschema=None), MAY)
    assert said["attributes"]["time"]


def test_percent_signs_in_headers_are_decoded_and_numbers_are_numbers():
    headers = {
        "ce-specversion": "1.0", "Ce-Id": "m%E1%BB%99t", "ce-source": "/hotline", "ce-type": "waiting_item_closed",
        "ce-subject": "pa%2F71", "ce-aggregateversion": "7", "ce-time": "2026-11-23T01:30:00Z",
    }  # fmt: skip
    [said] = read(JSON, Headers(headers), b"{}", MAY)
    assert (said["attributes"]["id"], said["attributes"]["subject"]) == ("một", "pa/71")
    assert (said["attributes"]["aggregateversion"], said["data"]) == (7, {})


IN_HEADERS = {
    "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/hotline", "ce-type": "waiting_item_closed",
    "ce-subject": "pa/71", "ce-aggregateversion": "7", "ce-time": "2026-11-23T01:30:00Z",
}  # fmt: skip


@pytest.mark.parametrize("version", ["7.0", "+7", "07", "７", "1e1", "7 ", ""])
def test_a_number_in_a_header_is_written_in_one_way(version):
    assert faults(JSON, b"{}", IN_HEADERS | {"ce-aggregateversion": version}) == {"aggregateversion"}


def test_an_attribute_in_two_headers_is_no_attribute():
    assert faults(JSON, b"{}", [*IN_HEADERS.items(), ("Ce-Subject", "pa/72")]) == {""}


def test_data_in_base64_is_not_json():
    assert faults(STRUCTURED, structured(data=..., data_base64=base64.b64encode(b"{}").decode())) == {"data"}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"id": ...}, {"id"}),
        ({"id": None}, {"id"}),
        ({"id": ""}, {"id"}),
        ({"id": 7}, {"id"}),
        ({"id": "x" * 501}, {"id"}),
        ({"id": "a  1"}, {"id"}),
        ({"id": "a\u00a01"}, {"id"}),
        ({"id": " a"}, {"id"}),
        ({"source": "/hotline\n"}, {"source"}),
        ({"aggregateversion": 1.9}, {"aggregateversion"}),
        ({"aggregateversion": 1.0}, {"aggregateversion"}),
        ({"aggregateversion": "1"}, {"aggregateversion"}),
        ({"specversion": ...}, {"specversion"}),
        ({"specversion": "0.3"}, {"specversion"}),
        ({"source": ...}, {"source"}),
        ({"type": ...}, {"type"}),
        ({"type": 1}, {"type"}),
        ({"subject": ...}, {"subject"}),
        ({"subject": "hai chữ"}, {"subject"}),
        ({"subject": "a\n"}, {"subject"}),
        ({"subject": "a\0"}, {"subject"}),
        ({"aggregateversion": ...}, {"aggregateversion"}),
        ({"aggregateversion": 0}, {"aggregateversion"}),
        ({"aggregateversion": 2**31}, {"aggregateversion"}),
        ({"aggregateversion": "one"}, {"aggregateversion"}),
        ({"aggregateversion": True}, {"aggregateversion"}),
        ({"time": "yesterday"}, {""}),
        ({"time": 7}, {""}),
        ({"time": "2026-11-23T08:30:00"}, {"time"}),
        ({"time": "1492-01-01T00:00:00Z"}, {"time"}),
        ({"datacontenttype": "application/xml"}, {"datacontenttype"}),
        ({"data": ...}, {"data"}),
        ({"data": None}, {"data"}),
        ({"data": []}, {"data"}),
        ({"data": "{}"}, {"data"}),
        ({"data": {}}, {"data.kind", "data.title", "data.link", "data.whom"}),
    ],
)
def test_what_is_wrong_is_told_by_its_field(changes, fields):
    assert faults(STRUCTURED, structured(**changes)) <= fields


@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"null"])
def test_what_is_no_object_is_no_event(body):
    assert faults(STRUCTURED, body) == {""}
    assert faults(BATCH, b"[%s]" % body) == {"0"}


def test_without_attributes_json_is_no_event():
    assert faults(JSON, structured()) == {"specversion", "id"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"id": "1", "id": "2"}',
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_what_is_no_json_of_the_strict_kind_is_refused(body):
    with pytest.raises(HttpRefusal) as refused:
        read(STRUCTURED, Headers(), body, MAY)
    assert refused.value.refusal_code == "invalid_json"


def test_deep_nesting_is_refused():
    assert faults(STRUCTURED, structured(data=...)[:-1] + b',"data":' + b'{"a":' * 900 + b"1" + b"}" * 901) == {""}


def test_a_file_of_keys_holds_one_or_more_and_nothing_else(tmp_path):
    first, second, path = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), tmp_path / "keys.pem"
    path.write_text(as_text(first) + as_text(second))
    assert [as_text(each) for each in WebhookSettings(str(path)).private_keys()] == [as_text(first), as_text(second)]
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"", as_text(first.public_key()).encode(), other, as_text(first).encode() + other):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"keys\.pem"):
            read_private(str(path))
