"""The way of a database that has orders in it to the newest schema: what was before can still be told and found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

import tasks
from tasks.storage import standing
from tests.support.town import id_of, person, post, unit

MIGRATIONS = ScriptDirectory(str(Path(tasks.__path__[0]) / "migrations"))
ISSUED = datetime(2026, 3, 2, 2, tzinfo=UTC)
DUE = ISSUED + timedelta(days=30)
ORDER = """
    INSERT INTO tasks (id, state, version, title, title_key, content, expected_result, mode, urgency, source,
            original_due, assigner_post_id, assigner_person_id, assigner_title, issued_at)
        VALUES (:task, 'issued', 1, 'Chuẩn bị diễn tập', '', 'Theo Kế hoạch số 12/KH-UBND, ông Müller', 'Báo cáo',
            'joint', 'normal', 'city_pc', :due, :vice, :person, 'Phó Chủ tịch', :issued);
    INSERT INTO assignments (id, task_id, unit_id, unit_code, unit_name, post_id, role, state, version, original_due,
            current_due, accepted_at)
        VALUES (:piece, :task, :unit, 'ward-1', 'Phường 1', :head, 'lead', 'in_progress', 2, :due, :due, :accepted);
    INSERT INTO history (task_id, assignment_id, version, verb, actor_person_id, at, data) VALUES
        (:task, NULL, 1, 'issue', :person, :issued, '{"followers": []}'),
        (:task, :piece, 1, 'issue', :person, :issued, '{}'), (:task, :piece, 2, 'accept', :person, :accepted, '{}')
"""
VALUES = {
    "task": id_of("old task"), "piece": id_of("old piece"), "due": DUE, "vice": post("committee vice_chairman"),
    "person": person("somebody"), "issued": ISSUED, "unit": unit("ward-1"), "head": post("ward-1 head"),
    "accepted": ISSUED + timedelta(hours=1),
}  # fmt: skip


def upgrade(connection, after: str, to: str) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        for script in reversed(list(MIGRATIONS.iterate_revisions(to, after))):
            script.module.upgrade()


@pytest.fixture(scope="module")
def upgraded(world):
    """A schema of its own, which came from the second migration to the newest with an order in it."""
    engine = sa.create_engine(world.owners["tasks"].replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE SCHEMA upgraded"))
        connection.execute(sa.text("SET LOCAL search_path TO upgraded"))
        upgrade(connection, "base", "0002")
        for statement in ORDER.split(";\n"):
            connection.execute(sa.text(statement), VALUES)
        connection.execute(sa.text("SET LOCAL search_path TO upgraded, public"))  # pg_trgm is there
        upgrade(connection, "0002", "head")
        yield connection
        connection.rollback()
    engine.dispose()


def test_an_order_from_before_is_known_as_it_stood(upgraded):
    query = f"WITH {standing.THEN.format(folded='true', informs=standing.INFORMS)} SELECT * FROM standing"
    [piece] = upgraded.execute(sa.text(query), {"at": ISSUED + timedelta(minutes=1)}).mappings()
    assert (piece["state"], piece["role"], piece["current_due"], piece["original_due"]) == (
        "assigned", "lead", DUE, DUE,
    )  # fmt: skip
    assert (str(piece["unit_id"]), str(piece["post_id"])) == (unit("ward-1"), post("ward-1 head"))


def test_the_history_is_append_only_again(upgraded):
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), upgraded.begin_nested():
        upgraded.execute(sa.text("UPDATE history SET data = '{}'"))


def test_an_order_from_before_is_found_by_its_words_and_by_its_title(upgraded):
    query = """SELECT title_plain, search @@ to_tsquery('simple', 'chuan & bi & muller & ubnd') AS is_found,
        document_numbers(title || ' ' || content) AS numbers FROM tasks"""
    assert upgraded.execute(sa.text(query)).one() == ("chuan bi dien tap", True, ["12/kh-ubnd"])


def test_words_are_folded_as_titles_are_but_for_what_is_no_letter(upgraded):
    query = "SELECT plain('Đặng Thị Ân: số 12/QĐ-UBND'), folded('Đặng Thị Ân: số 12/QĐ-UBND')"
    assert upgraded.execute(sa.text(query)).one() == ("dang thi an: so 12/qd-ubnd", "dang thi an so 12 qd ubnd")
