"""What stands in all databases and queues at one moment, as plain values for the checker."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

from chassis import amqp
from contracts.catalogue import OWNERS, SERVICES
from contracts.topology import hearers, queues
from deploy.local.world import World
from kernel.directory_copy.tables import KINDS

FACT_TABLES = {kind: table.name.removeprefix("copy_") for kind, table in KINDS.items()}


class Emitted(NamedTuple):
    owner: str
    event_id: str
    name: str
    subject: str
    version: int
    published: bool
    data: dict


class Copy(NamedTuple):
    """A service's copy of the directory, or the directory's own facts: how far, and a digest of each kind."""

    version: int
    digests: dict[str, str]


@dataclass
class Facts:
    tasks: list = field(default_factory=list)  # id, title, assigner_post_id
    pieces: list = field(default_factory=list)  # id, task_id, unit_id, post_id, role, state, version
    followers: list = field(default_factory=list)  # task_id, post_id
    keys: list = field(default_factory=list)  # key, id: the idempotency keys and the id in the stored answer
    accepted: list = field(default_factory=list)  # assignment_id, once for each acceptance in the history
    items: list = field(default_factory=list)  # subject_id, kind, task_id, post_id, open, version
    conversations: list = field(default_factory=list)  # id, task_id, name
    participants: list = field(default_factory=list)  # conversation_id, post_id, role
    live: list = field(default_factory=list)  # id, type, audience, common, per_recipient
    outbox: list[Emitted] = field(default_factory=list)
    inbox: dict[str, dict[tuple[str, str], datetime]] = field(default_factory=dict)  # (handler, event id), by hearer
    copies: dict[str, Copy] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)


def gather(world: World) -> Facts:
    """Raises psycopg.Error, OSError or AMQPError while something is away."""
    facts = Facts()
    # hearers before emitters: what is emitted meanwhile looks as if it had not arrived yet, never as if it came twice
    for service in reversed(SERVICES):
        address = world.postgres.url(world.database(service), *world.owner(service))
        with psycopg.connect(address, row_factory=namedtuple_row, connect_timeout=5) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            _gather_from(service, connection, facts)
    with amqp.connection(world.addresses()["brokers"]["admin"], "crash test") as broker:
        channel = broker.channel()
        facts.queues = {name: channel.queue_declare(name, passive=True).message_count for name in queues()}
    return facts


def _gather_from(service: str, connection: psycopg.Connection, facts: Facts) -> None:
    def rows(query: str) -> list:
        return connection.execute(query).fetchall()

    if service == "tasks":
        facts.tasks = rows("SELECT id::text, title, assigner_post_id::text FROM tasks ORDER BY id")
        facts.pieces = rows(
            "SELECT id::text, task_id::text, unit_id::text, post_id::text, role, state, version FROM assignments"
        )
        facts.followers = rows("SELECT task_id::text, post_id::text FROM followers")
        facts.keys = rows("SELECT key, answer->>'id' AS id FROM idempotency")
        facts.accepted = rows("SELECT assignment_id::text FROM history WHERE verb = 'accept'")
    elif service == "reminders":
        facts.items = rows(
            "SELECT subject_id::text, kind, task_id::text, post_id::text, open, version FROM action_items"
        )
    elif service == "messaging":
        facts.conversations = rows("SELECT id::text, task_id::text, name FROM conversations WHERE kind = 'case'")
        facts.participants = rows("SELECT conversation_id::text, post_id::text, role FROM participants")
    elif service == "gateway":
        facts.live = rows("SELECT id, type, audience, common, per_recipient FROM live_log ORDER BY id")
    if service in OWNERS:
        facts.outbox += [
            Emitted(service, *row)
            for row in rows(
                "SELECT event_id::text, name, subject, version, published_at IS NOT NULL, data FROM outbox ORDER BY id"
            )
        ]
    if service in hearers():
        inbox = rows("SELECT handler, event_id::text, received_at FROM inbox")
        facts.inbox[service] = {(row.handler, row.event_id): row.received_at for row in inbox}
        [version] = rows("SELECT version FROM copy_state WHERE filled AND version >= newest") or [(-1,)]
        facts.copies[service] = Copy(version[0], _digests(rows, prefix="copy_"))
    if service == "directory":
        [(newest,)] = rows("SELECT newest FROM directory_version")
        facts.copies[service] = Copy(newest, _digests(rows))


def _digests(rows, prefix: str = "") -> dict[str, str]:
    """Of ids and versions; a version is of one content."""
    listed = "count(*) || ' rows ' || coalesce(md5(string_agg(id::text || version, ',' ORDER BY version)), '')"
    return {kind: rows(f"SELECT {listed} FROM {prefix}{table}")[0][0] for kind, table in FACT_TABLES.items()}
