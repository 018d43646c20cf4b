"""Events of partners without an account at the broker."""

from werkzeug.datastructures import Headers

from chassis import clock
from chassis.http import Answer
from gateway import schemas
from gateway.partners import events, saying
from gateway.routes import route


class InboundRoutes:
    @route(
        "POST", "/inbound/events", tag="partners", answer=schemas.EventsTaken, status=202, signed_in=False,
        limit="inbound", guard=saying.admit, accepts=events.ACCEPTED,
        refusals=("signature_invalid", "invalid_json", "event_not_granted"),
    )  # fmt: skip
    def take_events(self, call):
        """CloudEvents of a partner, structured, in a batch or binary, signed (RFC 9421): all are kept, or none."""
        request = call.request
        headers = Headers(request.environ["headers_raw"])
        said = events.read(request.mimetype, headers, request.raw, call.caller.says)
        with self.db.transaction() as tx:
            new = saying.take(tx, call.caller, said, len(request.raw), clock.now())
        return Answer({"taken": new, "known": len(said) - new}, status=202)
