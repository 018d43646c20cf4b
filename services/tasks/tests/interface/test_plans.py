"""No list that a person waits for reads more than it shows: the plans are run and what they read is counted."""

import json

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.contract import schema
from contracts import tasks
from tasks.storage import statistics
from tasks.use_cases import assignments, orders, seeing
from tests.support.town import claims, post, town, unit  # noqa: F401

ORDERS, SHOWN, LATE = 5000, 10, 250  # of the orders every so many-th is late
TABLES = {"assignments", "tasks", "history", "followers", "extensions", "blockers", "outcomes", "results"}
VICE, WARD = claims("committee vice_chairman"), claims("ward-1 head")
CHIEF = claims("office chief_of_office")
FILL = """
    INSERT INTO tasks (id, state, version, title, title_key, content, expected_result, mode, urgency, source,
            original_due, assigner_post_id, assigner_person_id, assigner_title, issued_at)
        SELECT md5(n::text)::uuid, 'issued', 1, 'Việc ' || n, n::text, 'Nội dung', 'Báo cáo', 'each', 'normal',
            'city_pc', at + interval '9 days', :vice, :vice, 'Phó Chủ tịch', at
        FROM (SELECT n, now() - make_interval(days => :orders - n) AS at FROM generate_series(1, :orders) AS n) AS o;
    INSERT INTO assignments (id, task_id, assigner_post_id, unit_id, unit_code, unit_name, post_id, role, state,
            version, original_due, current_due, assigned_at, accepted_at, submitted_at, done_at, closed_at)
        SELECT md5(t.id::text || w.n)::uuid, t.id, :vice, w.unit_id, w.n, w.n, w.post_id, 'lead',
            CASE WHEN late THEN 'in_progress' ELSE 'completed' END, 3, original_due, original_due, issued_at, issued_at,
            CASE WHEN NOT late THEN issued_at END, CASE WHEN NOT late THEN issued_at END,
            CASE WHEN NOT late THEN issued_at END
        FROM (SELECT *, title_key::int % :late = 0 AS late FROM tasks) AS t,
            unnest(CAST(:names AS text[]), CAST(:units AS uuid[]), CAST(:posts AS uuid[])) AS w (n, unit_id, post_id)
        ORDER BY issued_at;
    INSERT INTO followers SELECT id, :chief FROM tasks;
"""


@pytest.fixture
def full(town, world):  # noqa: F811
    """Years of orders: what is shown is a small part of it."""
    found, names = town("tasks"), [f"ward-{number}" for number in (1, 2, 3)]
    values = {
        "vice": post("committee vice_chairman"), "chief": post("office chief_of_office"), "orders": ORDERS,
        "late": LATE,
        "names": names, "units": [unit(name) for name in names], "posts": [post(f"{name} head") for name in names],
    }  # fmt: skip
    for statement in FILL.split(";\n"):
        if statement.strip():
            found.do(statement, **values)
    with psycopg.connect(world.owners["tasks"], autocommit=True) as owner:
        owner.execute("ANALYZE")
    return found


def rows_read(store, act, procedure, who, **request) -> int:
    """How many rows of the big tables an answer costs; each of its statements is explained as it was run."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    sa.event.listen(store._engine, "before_cursor_execute", note)
    try:
        with store.reading() as tx:
            assert act(tx, who, schema(procedure.request).load(request), clock.now())
    finally:
        sa.event.remove(store._engine, "before_cursor_execute", note)
    read = 0
    with store.reading() as tx:
        for statement, parameters in statements:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar()
                plan = json.loads(plan) if isinstance(plan, str) else plan
                read += _read(plan[0]["Plan"])
    return read


def _read(node: dict) -> int:
    own = 0
    if node.get("Relation Name") in TABLES:
        own = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter")) * node["Actual Loops"]
    return own + sum(_read(each) for each in node.get("Plans", ()))


def test_a_page_of_a_box_costs_what_it_shows(full):
    lists = [
        (orders.list_tasks, tasks.list_tasks, WARD, "received"), (orders.list_tasks, tasks.list_tasks, VICE, "issued"),
        (orders.list_tasks, tasks.list_tasks, CHIEF, "followed"),
        *((seeing.list_pieces, tasks.list_pieces, WARD, box) for box in ("to_me", "my_unit")),
        (seeing.list_pieces, tasks.list_pieces, VICE, "by_me"),
        (seeing.list_pieces, tasks.list_pieces, CHIEF, "followed"),
        (seeing.list_pieces, tasks.list_pieces, VICE, "to_decide"),
    ]  # fmt: skip
    read = {(procedure.name, box): rows_read(full.store, act, procedure, who, box=box, limit=SHOWN)
            for act, procedure, who, box in lists}  # fmt: skip
    assert max(read.values()) <= 20 * (SHOWN + 1), read


def test_what_is_open_or_late_is_not_looked_for_among_what_is_done(full):
    for box, state in (("received", "open"), ("received", None)):
        asked = {"box": box, "state": state, "due": None if state else "overdue", "limit": SHOWN}
        assert rows_read(full.store, orders.list_tasks, tasks.list_tasks, WARD, **asked) <= 40 * (SHOWN + 1)
    red = 3 * ORDERS // LATE
    for who, bound in ((CHIEF, red * 5), (WARD, red * 3)):
        read = rows_read(full.store, seeing.get_exception_board, tasks.get_exception_board, who, limit=SHOWN)
        assert read <= bound


def test_the_roll_up_of_an_order_reads_its_pieces(full):
    [row] = full.rows("SELECT id FROM tasks LIMIT 1")
    task_id = str(row["id"])
    assert rows_read(full.store, orders.get_task, tasks.get_task, CHIEF, id=task_id) <= 20
    asked = {"task_id": task_id, "only": "overdue"}
    assert rows_read(full.store, assignments.list_assignments, tasks.list_assignments, CHIEF, **asked) <= 20


def test_what_is_open_or_settled_is_not_looked_at_to_settle_the_rest(full, world):
    full.do("UPDATE assignments SET settled = true WHERE state = 'completed'")
    with psycopg.connect(world.owners["tasks"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE assignments")
        owner.execute("REINDEX TABLE assignments")  # at once it is as small as it will be
    with full.store.transaction() as tx:
        query = sa.text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statistics._TO_SETTLE}")
        [node] = tx.execute(query, {"limit": 500}).scalar()
    assert _read(node["Plan"]) == 0
