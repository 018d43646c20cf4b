"""Hears what is said and counts how often each thing was heard.

What is new it cannot bear, and over what is long it sits for a minute, unless it was started as a better version.
"""

import os

import eventlet
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
        first_word = event.data["text"].split()[0]
        if first_word == "new" and "BETTER" not in os.environ:
            raise KeyError("new")
        if first_word == "long" and "BETTER" not in os.environ:
            eventlet.sleep(60)
        tx.execute(_COUNT, {"name": event.data["text"]})

    @rpc(count)
    def count(self, call, request):
        with self.db.reading() as tx:
            return {"text": str(tx.execute(_HEARD).scalar())}
