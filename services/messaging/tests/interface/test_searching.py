"""What was said is found by its words, in one's own conversations; and however much was said, nobody waits for it."""

import json
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.contract import schema
from chassis.errors import CallFailed
from contracts import messaging
from messaging.tests.talk import HEAD
from messaging.use_cases import messages
from tests.support.town import claims, id_of, person, post


def texts(answer: dict) -> list[str]:
    return [each["text"] for each in answer["items"]]


def test_words_are_found_with_or_without_diacritics_the_newest_first(talk, case):
    other = talk.open_case("Khác")
    talk.say(case, "Báo cáo tiến độ")
    talk.say(other, "BÁO CÁO kết quả", HEAD)
    talk.say(case, "Đã gửi kế hoạch")

    found = talk.search("bao cao")
    assert texts(found) == ["BÁO CÁO kết quả", "Báo cáo tiến độ"]
    assert [each["conversation_name"] for each in found["items"]] == ["Khác", "Diễn tập"]
    assert texts(talk.search("cáo báo tiến")) == ["Báo cáo tiến độ"]
    assert texts(talk.search("da gui")) == ["Đã gửi kế hoạch"]
    assert texts(talk.search("bao cao", conversation_id=case)) == ["Báo cáo tiến độ"]
    assert texts(talk.search("bao cao", sender_person_id=HEAD["sub"])) == ["BÁO CÁO kết quả"]
    assert texts(talk.search("bao")) != [] and texts(talk.search("ba")) == []  # whole words


def test_pages_go_on_where_the_last_one_ended(talk, case):
    cases = [case, talk.open_case("Khác")]
    for number in range(7):
        talk.say(cases[number % 2], f"tin {number}")
    seen, cursor = [], None
    while True:
        answer = talk.search("tin", limit=2, cursor=cursor)
        seen += texts(answer)
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"tin {number}" for number in reversed(range(7))]


def test_between_two_moments(talk, case):
    talk.say(case, "tin cũ")
    talk.here.do("UPDATE messages SET sent_at = sent_at - interval '10 days'")
    talk.say(case, "tin mới")
    a_day_ago = (clock.now() - timedelta(days=1)).isoformat()

    assert texts(talk.search("tin", since=a_day_ago)) == ["tin mới"]
    assert texts(talk.search("tin", until=a_day_ago)) == ["tin cũ"]


def test_what_others_say_among_themselves_is_not_found(talk, case):
    talk.say(case, "bí mật")
    stranger = claims("dept head")

    assert talk.search("bi mat", stranger)["items"] == []
    with pytest.raises(CallFailed) as refused:
        talk.search("bi mat", stranger, conversation_id=case)
    assert refused.value.code == "not_found"


@pytest.mark.parametrize("q", ["", "   ", "!?&|:*'", "a b c d e f g h i", "x" * 201])
def test_without_words_or_with_too_many_nothing_is_sought(talk, case, q):
    with pytest.raises(CallFailed) as refused:
        talk.search(q)
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("q", ["o'neil", "a & b", "a:*", "!a", "\\", "%_", "a' | 'b"])
def test_signs_are_no_part_of_the_question(talk, case, q):
    talk.say(case, "không liên quan")
    assert talk.search(q)["items"] == [] if any(letter.isalnum() for letter in q) else True


MESSAGES, CONVERSATIONS = 200_000, 2_000
FILL = """
    INSERT INTO conversations (id, kind, name, task_id, last_number, created_at, active_at)
        SELECT md5('c' || n)::uuid, 'case', 'Hồ sơ ' || n, md5('t' || n)::uuid,
            CASE WHEN n = 1 THEN %(messages)s ELSE 100 END, now(), now()
        FROM generate_series(1, %(conversations)s) AS n;
    INSERT INTO participants (conversation_id, post_id, role)
        SELECT md5('c' || n)::uuid, CASE WHEN n <= 1000 THEN %(mine)s::uuid ELSE %(others)s::uuid END, 'member'
        FROM generate_series(1, %(conversations)s) AS n;
    INSERT INTO messages (id, conversation_id, number, kind, text, sender_person_id, sender_post_id, sender_title,
            sent_at, words)
        SELECT md5('m' || n)::uuid, c.id, n / 2, 'text', 'báo cáo số ' || n, %(person)s, %(others)s, 'Chuyên viên',
            now() - make_interval(secs => %(messages)s - n),
            array_to_tsvector(ARRAY[':' || c.id, 'bao', 'cao', 'so', 
                CASE WHEN n %% 20000 = 1 THEN 'hiem' ELSE 'hay' END])
        FROM generate_series(2, %(messages)s) AS n, LATERAL (
            SELECT md5('c' || CASE WHEN n %% 2 = 0 THEN 1 ELSE 2 + n %% (%(conversations)s - 1) END)::uuid AS id) c;
"""


@pytest.fixture
def full(town, world):
    """Every second message in one conversation, the others in 2,000, of which 1,000 are one's own."""
    found = town("messaging")
    values = {"messages": MESSAGES, "conversations": CONVERSATIONS, "mine": post("ward-1 head")}
    values |= {"others": id_of("others"), "person": person("others")}
    with psycopg.connect(world.owners["messaging"], autocommit=True) as owner:
        [(index,)] = owner.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'messages_words'").fetchall()
        owner.execute("DROP INDEX messages_words")
        with owner.cursor() as cursor:
            for statement in FILL.split(";\n")[:-1]:
                cursor.execute(statement, values)
        owner.execute(index)
        owner.execute("VACUUM ANALYZE messages, conversations, participants")
        yield found
        owner.execute("TRUNCATE conversations CASCADE")


def asked(store, act, procedure, **request) -> tuple[dict, int, set[str]]:
    """The answer, how many messages it read, and by which scans; each statement is explained as it was run."""
    statements, now = [], clock.now()

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    with store.reading() as tx:
        sa.event.listen(store._engine, "before_cursor_execute", note)
        try:
            answer = act(tx, HEAD, schema(procedure.request).load(request), now)
        finally:
            sa.event.remove(store._engine, "before_cursor_execute", note)
        read, scans = 0, set()
        for statement, parameters in statements:
            plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            for node in nodes(plan[0]["Plan"]):
                if node.get("Relation Name") == "messages":
                    rows = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
                    read += rows * node["Actual Loops"]
                    scans.add(node["Node Type"])
    return answer, read, scans


def nodes(node: dict):
    yield node
    for each in node.get("Plans", ()):
        yield from nodes(each)


def test_however_much_was_said_nobody_waits_for_it(full):
    big = full.rows("SELECT md5('c1')::uuid::text AS id")[0]["id"]

    def page(**request):
        return asked(full.store, messages.list_messages, messaging.list_messages, conversation_id=big, **request)

    for request in ({}, {"around": MESSAGES // 4}, {"around": 1}):
        answer, read, scans = page(limit=50, **request)
        assert len(answer["items"]) >= 25 and read <= 51 and scans == {"Index Scan"}, request

    def search(**request):
        return asked(full.store, messages.search_messages, messaging.search_messages, limit=20, **request)

    answer, read, scans = search(q="báo cáo", conversation_id=big)  # it is in every message
    assert len(answer["items"]) == 20 and "Seq Scan" not in scans
    answer, read, scans = search(q="hiếm")  # a word that is rare, in 1,000 conversations
    assert read <= 100 and "Seq Scan" not in scans
    answer, read, scans = search(q="báo cáo")
    assert len(answer["items"]) == 20 and "Seq Scan" not in scans
