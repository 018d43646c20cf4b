"""What a person waits for before he gives an order finds its way by indexes, among many orders, and reads about as much
as it looks at.
"""

import random
import re

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from kernel.working_time import today
from tasks.domain.due import overdue_before
from tasks.domain.likeness import SIMILAR_TITLE
from tasks.domain.load import day_of, week_of
from tasks.storage import assigning
from tests.support.town import id_of, post

ORDERS, UNITS = 6_000, 200  # each order to two units: 60 pieces of a unit, of which one in eight is open
SYLLABLES = re.findall(
    r"\w+",
    "báo cáo kết quả kiểm tra rà soát tổ chức thực hiện kế hoạch phòng cháy chữa dịch bệnh mùa mưa chống ngập điểm đen"
    " giao thông trường học y tế môi trường rác thải đất đai quy hoạch nhà ở xã hội chợ truyền thống hộ nghèo đầu tư"
    " công giải ngân thu ngân sách cải cách hành chính chuyển đổi số an ninh trật tự du lịch văn hóa thể thao lao động",
)
TASKS = """
INSERT INTO tasks (id, state, version, title, title_key, content, expected_result, mode, urgency, source, received_on,
        reporting, leader_post_ids, assigner_post_id, assigner_person_id, assigner_title, issued_at)
    SELECT CAST(lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000' AS uuid), 'issued', 1, title, title,
        'Theo công văn ' || n || '/UBND-TH', 'Báo cáo', 'each', 'urgent', 'city_pc', current_date - 90, 'none', '{}',
        %(post)s, %(post)s, 'Phó Chủ tịch', now()
    FROM unnest(%(titles)s::text[]) WITH ORDINALITY AS given(title, n)
"""
PIECES = """
INSERT INTO assignments (id, task_id, unit_id, unit_code, unit_name, post_id, role, state, version, current_due,
        assigner_post_id, assigned_at, done_at, returns, under_correction)
    SELECT gen_random_uuid(), tasks.id, unit_id, '', '', unit_id, 'lead',
        CASE WHEN place %% 8 = 0 THEN 'in_progress' ELSE 'completed' END, 1,
        now() + make_interval(days => CAST(place / 8 %% 60 - 5 AS integer)), %(post)s, now(),
        CASE WHEN place %% 8 = 0 THEN NULL ELSE now() END, 0, false
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM tasks) tasks,
        LATERAL unnest(ARRAY[(%(units)s::uuid[])[1 + place %% 100], (%(units)s::uuid[])[101 + place %% 97]]) unit_id
"""
UNIT_IDS = [id_of(f"unit {number}") for number in range(UNITS)]


@pytest.fixture
def titles() -> list[str]:
    chance = random.Random(5)
    return [" ".join(chance.choices(SYLLABLES, k=chance.randrange(8, 16))) for _ in range(ORDERS)]


@pytest.fixture
def plans(town, world, titles):
    """Asks a storage function and answers the plans of its statements, with what they really read."""
    store = town("tasks").store
    values = {"post": post("committee vice_chairman"), "titles": titles, "units": UNIT_IDS}
    with psycopg.connect(world.owners["tasks"], autocommit=True) as owner:
        for statement in (TASKS, PIECES, "VACUUM ANALYZE tasks", "VACUUM ANALYZE assignments"):
            owner.execute(statement, values if "%(" in statement else None)

    def plans_of(function, *arguments) -> list[dict]:
        found = []
        with store.reading() as tx:
            tx.execute(sa.text("SET LOCAL enable_seqscan = off"))  # which so few rows would make the cheaper way
            sent = []

            @sa.event.listens_for(tx.connection, "before_cursor_execute")
            def note(_connection, _cursor, statement, parameters, _context, _many):
                sent.append((statement, parameters))

            function(tx, *arguments)
            for statement, parameters in list(sent):
                explained = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
                found.append(explained.scalar_one()[0]["Plan"])
        return found

    return plans_of


def nodes(plan: dict) -> list[dict]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


def read_by(plans: list[dict]) -> int:
    """Rows that were taken from tables, wanted or not."""
    dropped = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    scans = [node for plan in plans for node in nodes(plan) if "Relation Name" in node]
    assert {node["Relation Name"] for node in scans if node["Node Type"] == "Seq Scan"} <= {"extensions"}  # it is empty
    return int(sum(sum(node.get(name, 0) for name in dropped) * node["Actual Loops"] for node in scans))


def test_only_what_is_looked_at_is_read(plans, titles):
    now = clock.now()
    day = today(now)
    open_of_ten = ORDERS // 8 // 100 * 10
    assert read_by(plans(assigning.loads, UNIT_IDS[:10], day_of(day), week_of(day))) <= 2 * open_of_ten
    late = plans(assigning.overdue_pieces, UNIT_IDS[:10], overdue_before("normal", now), now)
    assert read_by(late) <= open_of_ten
    named = plans(assigning.alike, titles[7], "", ["999/ubnd-th"], UNIT_IDS[:10], SIMILAR_TITLE)
    assert read_by(named) <= ORDERS // 10
    past = plans(assigning.done_like, titles[5], SIMILAR_TITLE)
    assert read_by(past) <= ORDERS // 10
    of_source = plans(assigning.done_of_source, "city_pc", "urgent")
    assert read_by(of_source) <= 4 * assigning.OF_SOURCE + 10
