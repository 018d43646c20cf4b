"""Answers made of several services' answers, asked at the same time."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from functools import partial

import orjson
import structlog
from cachetools import TTLCache

from chassis import context
from chassis.errors import CallFailed
from chassis.http import Answer
from contracts import directory, tasks

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


def names_of(call, known: MutableMapping[str, str], ids: Iterable[str | None]) -> dict[str, str | None]:
    """Persons' names by id, of whoever is not known yet asked for at once, 500 in a question; none while the directory
    is away.
    """
    names = {id_: known.get(id_) for id_ in set(ids) - {None}}
    unknown = [id_ for id_ in names if id_ not in known]
    asked = [unknown[first : first + NAMES_AT_MOST] for first in range(0, len(unknown), NAMES_AT_MOST)]
    asking = [partial(call.ask, directory.get_names, {"person_ids": each}, NAMES_SECONDS) for each in asked]
    for thread in [context.spawn(_outcome, ask) for ask in asking]:
        outcome = thread.wait()
        if isinstance(outcome, CallFailed):
            log.warning("names left out", code=outcome.code)
            continue
        found = {person["id"]: person["name"] for person in outcome["items"]}
        known.update(found)
        names |= found
    return names


def with_names(call, known: MutableMapping[str, str], items: Iterable[dict], id_field: str, name_field: str) -> None:
    """Writes persons' names beside their ids."""
    items = list(items)
    names = names_of(call, known, (item[id_field] for item in items))
    for item in items:
        item[name_field] = names.get(item[id_field])


def with_all_names(call, known: MutableMapping[str, str], said: Sequence[dict]) -> None:
    """Beside messages whoever is named in them, and how what they link to is called: all names by one question."""
    named = [each for message in said for each in (*message["mentions"], *message["links"])]
    people = [each["id"] for each in named if each["kind"] == "person"]
    names = names_of(call, known, [*people, *(message["sender_person_id"] for message in said)])
    with_names(call, names, said, "sender_person_id", "sender_name")
    with_mentions(call, names, said)
    with_cards(call, names, [link for message in said for link in message["links"]])


def with_mentions(call, known: MutableMapping[str, str], said: Iterable[dict]) -> None:
    """Writes the names of those whom messages mention beside their ids, and into their trees."""
    said = list(said)
    mentions = [mention for each in said for mention in each["mentions"]]
    for mention in mentions:
        mention["name"] = None
    with_names(call, known, [mention for mention in mentions if mention["kind"] == "person"], "id", "name")
    for each in said:
        names = {mention["id"]: f"@{mention['name']}" for mention in each["mentions"] if mention["name"]}
        for node in _every(each.get("body") or ()):
            if node["kind"] == "mention":
                node["text"] = names.get(node["mention"]["id"], node["text"])


def _every(nodes: Iterable[dict]) -> Iterator[dict]:
    for node in nodes:
        yield node
        yield from _every(node.get("children", ()))
        for item in node.get("items", ()):
            yield from _every(item)


def with_cards(call, known: MutableMapping[str, str], links: Iterable[dict]) -> None:
    """Writes beside links to what is ours how that is called: one question to each owner, and null of what the actor
    does not see, or while its owner is away.
    """
    links = list(links)
    people = [link for link in links if link["kind"] == "person"]
    with_names(call, known, people, "id", "title")
    others = {(link["kind"], link["id"]): link for link in links if link["kind"] != "person"}
    titles: dict[tuple[str, str], str] = {}
    asked = [{"kind": kind, "id": id_} for kind, id_ in list(others)[:NAMES_AT_MOST]]
    try:
        answer = call.ask(tasks.get_titles, {"items": asked}, NAMES_SECONDS) if asked else {}
        titles = {(item["kind"], item["id"]): item["title"] for item in answer.get("items", ())}
    except CallFailed as error:
        log.warning("titles left out", code=error.code)
    for link in links:
        if link["kind"] != "person":
            link["title"] = titles.get((link["kind"], link["id"]))


def versioned(body: dict, **kwargs) -> Answer:
    """An object with its ETag: the version, for If-Match, and a digest, because derived fields change without it."""
    return Answer(body, etag=f"{body['version']}-{digest_of(body)}", **kwargs)


def reckoned(body: dict) -> Answer:
    """What was reckoned at an instant, with an ETag of what it says: a later `as_of` alone makes it no other."""
    return Answer(body, etag=digest_of(_timeless(body)))


def _timeless(body: dict) -> dict:
    return {
        name: _timeless(value) if isinstance(value, dict) else value for name, value in body.items() if name != "as_of"
    }


def digest_of(body: dict | str) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _outcome(part: Callable[[], dict]) -> dict | CallFailed:
    try:
        return part()
    except CallFailed as error:
        return error


def _is_absence(error: CallFailed) -> bool:
    return error.retryable or error.code in ("internal_error", "not_authorised")
