"""JSON as it goes over the bus and into the database: ids, times and dates become strings."""

from typing import Any

import orjson


def to_json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
