"""What happens, as it happens."""

from chassis import clock
from chassis.http import HttpRefusal
from gateway import live_log, schemas
from gateway.routes import route
from kernel.directory_copy import addresses_of, resolve_actor

AT_ONCE = 5  # of the workers: others are answered while many streams come back


class LiveRoutes:
    @route("GET", "/live", tag="live", query=schemas.LiveQuery, media_type="text/event-stream", at_once=AT_ONCE)
    def open_stream(self, call):
        """Server-sent events about everything that one's posts must know, from now on or from the last event id."""
        last = _last_event_id(call)
        self.live.await_first_read()
        since = self.live.position  # what ends streams from here on may concern who is looked up now
        person_id = call.caller.session.person_id
        now = clock.now()
        with self.db.reading() as tx:
            actor = resolve_actor(tx, {"sub": person_id}, now, "gateway.live")
            reached = map(live_log.key_of_address, addresses_of(tx, person_id, actor.serves, now))
        posts, units = map(live_log.key_of_post, actor.serves), map(live_log.key_of_unit, actor.units)
        audience = {live_log.key_of_person(person_id), *posts, *units, *reached}
        return self.live.open(call.caller.session, audience, since, last)


def _last_event_id(call) -> live_log.Position | None:
    """Browsers send the header by themselves when they come back; a program may use the parameter."""
    header = call.request.headers.get("Last-Event-ID", "")
    given = header or call.query["last_event_id"] or ""
    last = live_log.heard(given)
    if given and last is None:
        name = "Last-Event-ID" if header else "last_event_id"
        raise HttpRefusal("invalid_request", errors=[{"field": name, "message": "Not a valid string."}])
    return last
