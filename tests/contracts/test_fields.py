"""What text becomes on its way in, and moments on their way out."""

import unicodedata
from datetime import datetime

import pytest
from marshmallow import Schema, ValidationError

from contracts.catalogue import PROCEDURES
from contracts.fields import Moment, Text


class Note(Schema):
    text = Text(max=5, required=True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (unicodedata.normalize("NFD", "Đề"), "Đề"),
        ("  a \u0000", "a"),
        ("a\nb", "a\nb"),
        ("ab\u202ecd", "abcd"),
        ("\u2066a\u2069", "a"),
        ("👩‍💻", "👩‍💻"),
        ("a\U000e0041\uffff", "a"),
    ],
)
def test_text_is_composed_trimmed_and_without_tricks(given, kept):
    assert Note().load({"text": given}) == {"text": kept}


@pytest.mark.parametrize("given", ["", "   ", "\u202e", "\u200b", "123456", 7, None])
def test_text_that_is_empty_too_long_or_no_text_is_refused(given):
    with pytest.raises(ValidationError):
        Note().load({"text": given})


KEYS = {name: each.request().fields.get("idempotency_key") for name, each in PROCEDURES.items()}


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key])
def test_an_idempotency_key_has_a_length(name):
    with pytest.raises(ValidationError):
        KEYS[name].deserialize("k" * 201)


@pytest.mark.parametrize(
    "moment, said",
    [
        ("2026-03-02T02:00:00+00:00", "2026-03-02T09:00:00+07:00"),
        ("1909-06-15T00:00:00+00:00", "1909-06-15T00:00:00+00:00"),  # the city's offset was +07:06:30
        ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"),  # in the city it would be the year 10000
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_a_moment_is_said_as_rfc_3339_has_it(moment, said):
    assert Moment().serialize("at", {"at": datetime.fromisoformat(moment)}) == said
