"""What a person waits for reads what is his, however many conversations there are beside."""

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.contract import schema
from chassis.testing import explained, nodes
from contracts import messaging
from messaging.storage import keeping
from messaging.use_cases import conversations, messages
from tests.support.town import claims, person, post, unit

MINE, OTHERS = 2000, 60_000
HEAD = claims("ward-1 head")
FILL = """
    INSERT INTO conversations (id, kind, name, last_number, created_at, active_at)
    SELECT md5(n::text)::uuid, 'group', 'Tổ ' || n, n % 5, now(), now() - n * interval '1 second'
    FROM generate_series(1, :all) AS n;
"""
OF_OTHERS = """
    INSERT INTO participants (conversation_id, person_id, role, joined_at)
    SELECT md5(n::text)::uuid, md5('somebody ' || n || each)::uuid, 'member', now()
    FROM generate_series(1, :all) AS n, generate_series(1, 3) AS each;
"""
OF_MINE = """
    INSERT INTO participants (conversation_id, person_id, post_id, unit_id, role, joined_at)
    SELECT md5((n * 30)::text)::uuid, CASE n % 3 WHEN 0 THEN :person END, CASE n % 3 WHEN 1 THEN :post END,
        CASE n % 3 WHEN 2 THEN :unit END, 'member', now()
    FROM generate_series(1, :mine) AS n
"""
READ = """
    INSERT INTO read_marks (person_id, conversation_id, number)
    SELECT CASE WHEN n % 60 = 0 THEN :person ELSE md5('somebody ' || n)::uuid END, md5(n::text)::uuid, 1
    FROM generate_series(1, :all) AS n
"""
OWN = {"person": person("ward-1 head"), "post": post("ward-1 head"), "unit": unit("ward-1")}


@pytest.fixture
def full(town, world):
    found = town("messaging")
    ids = ", ".join(f"CAST(:{name} AS uuid) AS {name}" for name in OWN)
    with found.store.transaction() as tx:
        tx.execute(sa.text("SET LOCAL statement_timeout = 0"))
        tx.execute(sa.text(FILL), {"all": OTHERS})
        tx.execute(sa.text(OF_OTHERS), {"all": OTHERS})
        tx.execute(sa.text(f"WITH own AS (SELECT {ids}) {_of(OF_MINE)}"), {"mine": MINE} | OWN)
        read_marks = READ.replace(":person", "CAST(:person AS uuid)")
        tx.execute(sa.text(read_marks), {"all": OTHERS, "person": OWN["person"]})
    _analyze(world)
    return found


def _analyze(world) -> None:
    with psycopg.connect(world.owners["messaging"], autocommit=True) as owner:
        owner.execute("ANALYZE")


def _of(statement: str) -> str:
    for name in OWN:
        statement = statement.replace(f":{name} ", f"(SELECT {name} FROM own) ")
    return statement


def read(store, act, begin=None) -> dict[str, int]:
    """How many rows of each table its statements read; each is explained as it was run."""
    with begin() if begin else store.reading(walks=True) as tx:
        _, plans = explained(tx, lambda: act(tx))
    rows: dict[str, int] = {}
    for node in (node for plan in plans for node in nodes(plan)):
        if table := node.get("Relation Name"):
            passed = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
            rows[table] = rows.get(table, 0) + passed * node["Actual Loops"]
    return rows


def listed(tx, **wanted) -> dict:
    request = schema(messaging.list_conversations.request).load(wanted)
    return conversations.list_conversations(tx, HEAD, request, clock.now())


def test_a_list_reads_only_ones_own(full):
    rows = read(full.store, lambda tx: listed(tx, limit=50))

    for table in ("participants", "conversations", "read_marks"):
        assert rows[table] <= MINE, (table, rows)


def test_counting_what_is_unread_reads_only_ones_own(full):
    rows = read(full.store, lambda tx: messages.get_unread(tx, HEAD, clock.now()))

    for table in ("participants", "conversations", "read_marks"):
        assert rows[table] <= MINE, (table, rows)


def test_opening_one_reads_that_one(full):
    with full.store.reading() as tx:
        [first] = listed(tx, limit=1)["items"]
    rows = read(full.store, lambda tx: conversations.get_conversation(tx, HEAD, {"id": first["id"]}, clock.now()))

    for table in ("participants", "conversations", "read_marks"):
        assert rows[table] <= 4, (table, rows)


def test_what_is_over_is_walked_from_the_oldest_on(town, world):
    here = town("messaging")
    here.do(FILL, all=1)
    here.do("INSERT INTO messages (id, conversation_id, number, kind, text, sender_person_id, sender_post_id,"
            " sender_title, sent_at) SELECT md5(n::text)::uuid, md5('1')::uuid, n, 'text', '', md5('1')::uuid,"
            " md5('1')::uuid, '', now() - interval '7 years' + n * interval '1 second'"
            " FROM generate_series(1, 5000) AS n")  # fmt: skip
    _analyze(world)
    first, begin = [], here.store.transaction
    rows = read(here.store, lambda tx: first.extend(keeping.messages_over(tx, "text", clock.now(), None, 50)), begin)
    assert rows["messages"] <= 200, rows
    rows = read(here.store, lambda tx: keeping.messages_over(tx, "text", clock.now(), first[49], 50), begin)
    assert rows["messages"] <= 200, rows
