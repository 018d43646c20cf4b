"""JSON as it goes over the bus and into the database: ids, times and dates become strings."""

from typing import Any

import orjson


def to_json(value: Any) -> str:
    return _written(value).decode()


def weight(value: Any) -> int:
    """How many bytes it takes."""
    return len(_written(value))


def _written(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
