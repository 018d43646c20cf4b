"""Reading the audit log, alike in every service."""

from chassis import clock
from chassis.audit.reading import entries
from chassis.contract import Procedure
from chassis.paging import a_number, page, position
from chassis.rpc import rpc
from kernel.capacity import actor_for


def audit_page(tx, request: dict) -> dict:
    before = position(request["cursor"], a_number)
    wanted = {name: request[name] for name in ("action", "subject", "actor", "since", "until")}
    rows = entries(tx, **wanted, before=before[0] if before else None, limit=request["limit"] + 1)
    rows, next_cursor = page(rows, request["limit"], lambda row: [row["number"]])
    return {"items": [dict(row) | {"hash": row["hash"].hex()} for row in rows], "next_cursor": next_cursor}


def audit_reading(procedure: Procedure) -> type:
    """`class Service(audit_reading(tasks.list_audit))`: the service answers for its own log."""

    class ReadsAudit:
        @rpc(procedure)
        def list_audit(self, call, request):
            with self.db.reading() as tx:
                actor_for(tx, procedure, call.claims, clock.now())
                return audit_page(tx, request)

    return ReadsAudit
