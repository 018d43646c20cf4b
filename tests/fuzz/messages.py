"""What one could say on the bus: by a contract's schema, nearly by it, and nothing of the kind."""

import string
from datetime import UTC, datetime

from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from contracts.fields import Day, Id, Moment, TimeOfDay

ALPHABET = string.ascii_letters + "ạđỨ €\U0001f600'\"%_\\\n"
ODD = st.sampled_from([
    None, True, "", 0, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 1e308, [], {}, [[]], {"": None}, "\0", "\x1f\u202e",
    "x" * 5000, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30", "%", "'; --", [None], "\ud800",
])  # fmt: skip
RUBBISH = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([
        b"", b"{", b"\xff\xfe", b"null", b"NaN", b'{"a": 1e999}', b'{"id": "\\ud800"}', "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}", b"0" * 5000, b"[" * 5000, b"[" * 1000 + b"]" * 1000, b"{}" + b" " * 2**20,
        b'"' + b"x" * 2**20,
    ]),
)  # fmt: skip
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(datetime.isoformat)


class Forms:
    """Strategies for JSON that a schema takes. `ids` are of things that there are, by the names of their fields."""

    def __init__(self, ids: dict[str, list]):
        self._ids = {name: [str(each) for each in known] for name, known in ids.items() if known}
        self._all = sorted({each for known in self._ids.values() for each in known})
        self._known: dict[type[Schema], st.SearchStrategy] = {}

    def of(self, kind: type[Schema]) -> st.SearchStrategy[dict]:
        if kind not in self._known:
            self._known[kind] = st.deferred(lambda: self._object(kind()))
        return self._known[kind]

    def nearly(self, kind: type[Schema]) -> st.SearchStrategy:
        """One value in it is another, one name more or less, or it is no object at all."""
        return st.tuples(self.of(kind), st.randoms(use_true_random=False), ODD).map(_changed) | ODD

    def _object(self, schema: Schema) -> st.SearchStrategy[dict]:
        needed, left = {}, {}
        for name, field in schema.fields.items():
            if not field.dump_only:
                (needed if field.required else left)[field.data_key or name] = self._value(name, field)
        return st.fixed_dictionaries(needed, optional=left)

    def _value(self, name: str, field: fields.Field) -> st.SearchStrategy:
        found = self._plain(name, field)
        return st.none() | found if field.allow_none else found

    def _plain(self, name: str, field: fields.Field) -> st.SearchStrategy:
        words = next((each.choices for each in field.validators if isinstance(each, validate.OneOf)), None)
        low, high = _bounds(field)
        pattern = next((each.regex for each in field.validators if isinstance(each, validate.Regexp)), None)
        match field:
            case _ if words is not None:
                return st.sampled_from(list(words))
            case fields.Nested():
                inner = st.deferred(lambda: self._object(field.schema))
                return st.lists(inner, max_size=3) if field.schema.many else inner
            case fields.List():
                return st.lists(
                    self._value(name.removesuffix("s"), field.inner), min_size=low or 0, max_size=min(high or 3, 3)
                )
            case fields.Dict():
                inner = self._value(name, field.value_field) if field.value_field else st.text(ALPHABET, max_size=30)
                return st.dictionaries(st.text(ALPHABET, max_size=30), inner, max_size=3)
            case Id():
                return st.sampled_from(self._ids.get(name, self._all)) | st.uuids().map(str)
            case Day() | fields.Date():
                return st.dates().map(str) | st.sampled_from(["2026-12-01", "2027-01-04"])
            case TimeOfDay():
                return st.times().map(lambda each: each.strftime("%H:%M"))
            case Moment() | fields.DateTime():
                return TIMES
            case fields.Boolean():
                return st.booleans()
            case fields.Integer():
                return st.integers(-(2**63) if low is None else low, 2**63 - 1 if high is None else high)
            case fields.Float():
                return st.floats(low, high, allow_nan=False, allow_infinity=False)
            case fields.Email():
                return st.just("an@example.vn")
            case fields.String() if pattern is not None:
                return st.from_regex(pattern, fullmatch=True)
            case fields.String():
                known = self._ids.get(name)
                least = low or 0
                text = st.text(ALPHABET, min_size=least, max_size=least + 30 if high is None else min(high, least + 30))
                return st.sampled_from(known) | text if known else text
        return ODD


def _bounds(field: fields.Field) -> tuple[int | None, int | None]:
    for each in field.validators:
        if isinstance(each, validate.Length):
            return each.equal or each.min, each.equal or each.max
        if isinstance(each, validate.Range):
            return each.min, each.max
    return None, None


def _changed(drawn: tuple):
    body, chance, odd = drawn
    holders = [body]
    for each in holders:
        inner = each.values() if isinstance(each, dict) else each
        holders += [value for value in inner if isinstance(value, dict | list) and value]
    holder = chance.choice(holders)
    key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder))) if holder else "more"
    if chance.random() < 0.2 and holder:
        del holder[key]
    elif chance.random() < 0.1 and isinstance(holder, dict):
        holder["khác"] = odd
    else:
        holder[key] = odd
    return body
