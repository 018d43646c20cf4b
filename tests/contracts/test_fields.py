"""What text becomes on its way in."""

import unicodedata

import pytest
from marshmallow import Schema, ValidationError

from contracts.catalogue import PROCEDURES
from contracts.fields import Text


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
