"""Answers made of several services' answers, asked at the same time."""

import hashlib
from collections.abc import Callable, Iterable, MutableMapping

import orjson
import structlog
from cachetools import TTLCache

from chassis import context
from chassis.errors import CallFailed
from chassis.http import Answer
from contracts import directory

log = structlog.get_logger()

NAMES_SECONDS = 1.0
NAMES_AT_MOST = 500
NAMES_KEPT = 60  # seconds
NAMES_KEPT_AT_MOST = 20_000


def known_names() -> MutableMapping[str, str]:
    """Persons' names by id, for a process to remember those that it asked for lately."""
    return TTLCache(NAMES_KEPT_AT_MOST, NAMES_KEPT)


def in_parallel(parts: dict[str, Callable[[], dict]]) -> tuple[dict[str, dict], list[str]]:
    """Every part that came, and the names of those that did not: their service is away, or the capacity in which the
    actor acts does not reach there. A refusal of the request itself is raised.
    """
    threads = {name: context.spawn(_outcome, part) for name, part in parts.items()}
    outcomes = {name: thread.wait() for name, thread in threads.items()}
    for outcome in outcomes.values():
        if isinstance(outcome, CallFailed) and not _is_absence(outcome):
            raise outcome
    missing = [name for name, outcome in outcomes.items() if isinstance(outcome, CallFailed)]
    return {name: outcome for name, outcome in outcomes.items() if name not in missing}, missing


def with_names(call, known: MutableMapping[str, str], items: Iterable[dict], id_field: str, name_field: str) -> None:
    """Writes persons' names beside their ids: one question for those not known yet, and null while the directory is
    away.
    """
    items = list(items)
    names = {id_: known.get(id_) for id_ in {item[id_field] for item in items} - {None}}
    unknown = [id_ for id_, name in names.items() if name is None][:NAMES_AT_MOST]
    try:
        answer = call.ask(directory.get_names, {"person_ids": unknown}, NAMES_SECONDS) if unknown else {}
        found = {person["id"]: person["name"] for person in answer.get("items", ())}
        known.update(found)
        names |= found
    except CallFailed as error:
        log.warning("names left out", code=error.code)
    for item in items:
        item[name_field] = names.get(item[id_field])


def versioned(body: dict, **kwargs) -> Answer:
    """An object with its ETag: the version, for If-Match, and a digest, because derived fields change without it."""
    return Answer(body, etag=f"{body['version']}-{digest_of(body)}", **kwargs)


def digest_of(body: dict | str) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _outcome(part: Callable[[], dict]) -> dict | CallFailed:
    try:
        return part()
    except CallFailed as error:
        return error


def _is_absence(error: CallFailed) -> bool:
    return error.retryable or error.code in ("internal_error", "not_authorised")
