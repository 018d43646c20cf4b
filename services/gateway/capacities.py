"""What becomes of the sessions and streams of those who gain or lose a post or a delegation."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chassis import clock
from gateway import live_log, sessions, storage
from kernel.directory_copy import read_state
from kernel.working_time import today

CAPACITY_FACTS = ("membership", "delegation", "post", "unit")


@contextmanager
def watched(tx, facts: Iterable[dict], totp_required_for: frozenset[str]) -> Iterator[None]:
    """Whoever gains or loses a capacity, by facts that are taken meanwhile, must hear what is his, and nothing else,
    from now on: his streams end, and come back with the posts that he serves then. Whoever holds no post any more is
    signed out, and so is who gains one that needs a second factor: directory asks for it when he signs in again.
    """
    facts = list(facts)
    ids = [fact["id"] for fact in facts if fact["kind"] in CAPACITY_FACTS]
    if not ids or not read_state(tx).filled:  # before the first fill nobody is known, and nobody has a stream
        yield
        return
    before = storage.capacity_holders(tx, ids)
    people = {fact["fact"]["person_id"] for fact in facts if fact["kind"] == "membership" and fact["fact"]}
    people, day = sorted(before | people), today(clock.now())
    led = storage.leaders(tx, people, day, totp_required_for)
    yield
    if promoted := storage.leaders(tx, people, day, totp_required_for) - led:
        sessions.end_of(tx, clock.now(), promoted)
    if concerned := sorted(before | storage.capacity_holders(tx, ids)):
        live_log.tell_capacities_changed(tx, concerned)
        if read_state(tx).complete:  # what a copy lacks may be a new post for those who left an old one
            sessions.end_without_post(tx, clock.now(), concerned)
