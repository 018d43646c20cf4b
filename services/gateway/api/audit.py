"""The audit logs of all services."""

from chassis.contract import schema
from contracts import audit
from contracts.catalogue import OWNERS
from gateway import schemas
from gateway.routes import route
from kernel.audit_log import audit_page


class AuditRoutes:
    @route("GET", "/audit", tag="audit", query=schemas.AuditQuery, answer=audit.AuditPage,
           refusals=("not_authorised",))  # fmt: skip
    def list_audit(self, call):
        """Who did what to whom, as one service has written it down; newest first."""
        wanted = dict(call.query)
        service = wanted.pop("service")
        if service in OWNERS:
            return call.ask(OWNERS[service].list_audit, wanted)
        with self.db.reading() as tx:
            return schema(audit.AuditPage).dump(audit_page(tx, wanted))
