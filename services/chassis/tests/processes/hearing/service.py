"""Hears what is said and counts how often each thing was heard; what it does not know yet it cannot bear."""

import os

import sqlalchemy as sa

from chassis.database import Database
from chassis.inbox import hears
from chassis.rpc import rpc
from chassis.tests.interface.samples import said
from chassis.tests.processes.promises import count

_COUNT = sa.text(
    "INSERT INTO timers (name, ran_at) VALUES (:name, 'epoch')"
    " ON CONFLICT (name) DO UPDATE SET ran_at = timers.ran_at + interval '1 second'"
)
_HEARD = sa.text("SELECT count(*) FROM timers")


class Service:
    name = "reminders"
    db = Database()

    @hears(said)
    def on_said(self, tx, event):
        if event.data["text"].startswith("new") and "KNOWS_NEW" not in os.environ:
            raise KeyError("new")
        tx.execute(_COUNT, {"name": event.data["text"]})

    @rpc(count)
    def count(self, call, request):
        with self.db.reading() as tx:
            return {"text": str(tx.execute(_HEARD).scalar())}
