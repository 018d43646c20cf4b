"""Pages of a list. A cursor says where the last page ended; to a client it is opaque."""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import orjson

from chassis.errors import InvalidRequest

WEIGHT_OF_A_PAGE = 1_000_000  # bytes: an answer takes a few times that


def an_id(value: Any) -> str:
    return str(uuid.UUID(value))


def a_number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError("not a number")
    return value


def a_moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment has an offset")
    return moment


def position(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple | None:
    """Where to go on, as the values that `next_cursor` was given; None on the first page."""
    if cursor is None:
        return None
    try:
        values = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("another list's cursor")
        return tuple(kind(value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidRequest("this cursor is not one of this list", errors={"cursor": ["Not a cursor."]}) from error


def page(
    rows: Sequence, limit: int, key: Callable[[Any], Sequence], weigh: Callable[[Any], int] | None = None
) -> tuple[Sequence, str | None]:
    """Cuts `rows`, of which one more than `limit` was asked for, and makes the cursor to the rest. With `weigh`, which
    says how many bytes each takes, there are fewer where they are large, though always one.
    """
    if weigh is not None:
        light = sum(weight <= WEIGHT_OF_A_PAGE for weight in accumulate(map(weigh, rows)))
        limit = min(limit, max(light, 1))
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, urlsafe_b64encode(orjson.dumps(list(key(rows[-1])))).rstrip(b"=").decode()
