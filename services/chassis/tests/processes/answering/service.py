"""Answers after a while, or after a slow query."""

import eventlet
import sqlalchemy as sa

from chassis.database import Database
from chassis.rpc import rpc
from chassis.tests.processes.promises import query, wait


class Service:
    name = "tasks"
    db = Database()

    @rpc(wait)
    def wait(self, call, request):
        eventlet.sleep(float(request["text"]))
        return request

    @rpc(query)
    def query(self, call, request):
        with self.db.reading() as tx:
            tx.execute(sa.text("SELECT pg_sleep(:s)"), {"s": float(request["text"])})
        return request
