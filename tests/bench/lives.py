"""A million pieces of orders and their lives, written straight into the database of tasks, set by set.

Three years of orders of the city's leaders to its real units: what is received, refused, extended, returned, late,
passed on inside units, and since the last months not finished. Histories, extensions and blockers go with the rows, so
that the present state is the fold of the past. Nothing is random but by the seed.
"""

import psycopg

from deploy.local.terminal import step

YEARS, CHILDREN = 3, 0.67  # pieces passed on, to one of a unit's own
UNITS = "('office', 'department', 'ward', 'commune', 'special_zone')"
UUID7 = """
    CREATE OR REPLACE FUNCTION pg_temp.id_at(timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
        SELECT (lpad(to_hex((extract(epoch FROM $1) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid $$;
    CREATE OR REPLACE FUNCTION pg_temp.end_of(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
        SELECT date_trunc('day', $1, 'Asia/Ho_Chi_Minh') + interval '23:59:59' $$;
    SELECT setseed(0.25);
"""
ORDERS = f"""
    CREATE TEMP TABLE leaders AS
        SELECT row_number() OVER (ORDER BY o.rank, o.id) - 1 AS n, o.id AS post_id, o.title,
            (SELECT person_id FROM copy_memberships m WHERE m.post_id = o.id LIMIT 1) AS person_id
        FROM copy_posts o WHERE o.kind IN ('chairman', 'vice_chairman');
    CREATE TEMP TABLE heads AS
        SELECT row_number() OVER (ORDER BY u.code) - 1 AS n, u.id AS unit_id, u.code, u.full_name AS name,
            o.id AS post_id, (SELECT person_id FROM copy_memberships m WHERE m.post_id = o.id LIMIT 1) AS person_id,
            (SELECT array_agg(b.id) FROM copy_posts b WHERE b.unit_id = u.id AND NOT b.is_head) AS below
        FROM copy_units u JOIN copy_posts o ON o.unit_id = u.id AND o.is_head WHERE u.kind IN {UNITS};
    CREATE TEMP TABLE orders AS
        SELECT n, pg_temp.id_at(at) AS id, at, chance,
            CASE WHEN chance < 0.05 THEN 168 WHEN chance < 0.2 THEN 16 ELSE 1 + (random() * 5)::int END AS units,
            pg_temp.end_of(at + interval '1 day' * (5 + (random() * 40)::int)) AS due,
            (ARRAY['normal', 'urgent', 'urgent', 'urgent', 'very_urgent', 'express'])[1 + floor(random() * 6)]
                AS urgency,
            (ARRAY['city_pc', 'city_pc', 'city_pc', 'government_office', 'city_party_committee', 'pc_party_committee'])
                [1 + floor(random() * 6)] AS source,
            (ARRAY['y tế', 'giáo dục', 'giao thông', 'tài chính', 'nội vụ', 'môi trường'])
                [1 + floor(random() * 6)] AS field,
            floor(random() * 1000)::int AS place
        FROM (SELECT n, random() AS chance,
                now() - interval '1 day' * {YEARS * 365} * (1 - n::float / :orders) - interval '1 hour' AS at
            FROM generate_series(1, :orders) AS n) AS given;
    INSERT INTO tasks (id, state, version, title, title_key, content, expected_result, mode, urgency, source, field,
            received_on, reporting, original_due, assigner_post_id, assigner_person_id, assigner_title, issued_at)
        SELECT o.id, 'issued', 1, t.title, lower(t.title), content, 'Báo cáo kết quả bằng văn bản', 'each', urgency,
            source, field, (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 'monthly', due, l.post_id, l.person_id,
            l.title, at
        FROM orders o JOIN leaders l ON l.n = o.n % (SELECT count(*) FROM leaders),
            LATERAL (SELECT format('%s %s, đợt %s',
                (ARRAY['Rà soát', 'Báo cáo', 'Kiểm tra', 'Triển khai', 'Tổng kết', 'Xử lý', 'Thẩm định'])[1 + o.n % 7],
                (ARRAY['phòng chống ngập', 'giải phóng mặt bằng', 'cải cách hành chính', 'an toàn thực phẩm',
                    'chuyển đổi số', 'đầu tư công', 'nhà ở xã hội', 'tuyến đường sắt đô thị', 'phòng cháy chữa cháy',
                    'tuyển sinh đầu cấp', 'chi trả bảo hiểm'])[1 + o.n % 11], o.n) AS title) AS t,
            LATERAL (SELECT repeat('Các đơn vị rà soát, cập nhật phương án, báo cáo kết quả về Văn phòng Ủy ban. ',
                2 + o.n % 5) AS content) AS c
        ORDER BY o.n;
    INSERT INTO followers SELECT o.id, f.id FROM orders o,
        (SELECT id FROM copy_posts WHERE kind = 'chief_of_office' LIMIT 1) AS f WHERE o.n % 3 = 0;
    INSERT INTO history (task_id, version, verb, actor_person_id, at, data)
        SELECT o.id, 1, 'issue', l.person_id, o.at, '{{}}' FROM orders o
        JOIN leaders l ON l.n = o.n % (SELECT count(*) FROM leaders) ORDER BY o.n;
"""
LIVES = """
    CREATE TEMP TABLE lives AS
        SELECT pg_temp.id_at(o.at) AS id, o.id AS task_id, NULL::uuid AS parent_id, l.post_id AS assigner_post_id,
            h.unit_id, h.code, h.name, h.post_id, h.person_id, h.below, l.person_id AS giver_id,
            o.at, CASE WHEN o.chance > 0.96 THEN NULL ELSE o.due END AS due, random() AS a, random() AS b, random() AS c
        FROM orders o JOIN leaders l ON l.n = o.n % (SELECT count(*) FROM leaders)
            CROSS JOIN LATERAL generate_series(0, o.units - 1) AS i
            JOIN heads h ON h.n = (o.place + i) % (SELECT count(*) FROM heads)
        ORDER BY o.n;
    ALTER TABLE lives ADD declined timestamptz, ADD upheld timestamptz, ADD accepted timestamptz, ADD asked timestamptz,
        ADD granted timestamptz, ADD passed timestamptz, ADD first timestamptz, ADD returned timestamptz,
        ADD submitted timestamptz, ADD approved timestamptz, ADD archived timestamptz, ADD revoked timestamptz;
    UPDATE lives SET declined = at + interval '9 hours' WHERE a < 0.03;
    UPDATE lives SET upheld = declined + interval '1 day' * 6 * c WHERE declined IS NOT NULL;
    UPDATE lives SET accepted = coalesce(upheld, at) + interval '1 hour' + interval '4 days' * b * b * b;
    UPDATE lives SET submitted = accepted + interval '2 hours' + CASE
        WHEN due IS NULL THEN interval '30 days' * c
        WHEN c < 0.82 THEN greatest(due - accepted, interval '1 day') * (0.3 + 0.7 * a)
        ELSE greatest(due - accepted, interval '1 day') + interval '25 days' * a END
        WHERE NOT (at > now() - interval '150 days' AND c > 0.97);
    UPDATE lives SET asked = accepted + (coalesce(submitted, accepted + interval '20 days') - accepted) * 0.5
        WHERE b > 0.9 AND due IS NOT NULL;
    UPDATE lives SET granted = least(asked + interval '1 day' * 5 * a, submitted - interval '1 minute')
        WHERE asked IS NOT NULL AND a > 0.05;
    UPDATE lives SET first = accepted + (submitted - accepted) * 0.8, returned = accepted + (submitted - accepted) * 0.9
        WHERE a > 0.94 AND submitted IS NOT NULL AND asked IS NULL;
    UPDATE lives SET approved = submitted + interval '4 days' * b * b
        WHERE a < 0.99 OR at < now() - interval '100 days';
    UPDATE lives SET archived = approved + interval '15 days' WHERE b < 0.6;
    UPDATE lives SET passed = accepted + interval '1 hour' WHERE below IS NOT NULL AND a < :children;
    UPDATE lives SET revoked = accepted + interval '90 minutes', submitted = NULL, approved = NULL, archived = NULL,
        asked = NULL, granted = NULL, first = NULL, returned = NULL, passed = NULL WHERE c BETWEEN 0.4 AND 0.43;
    INSERT INTO lives (id, task_id, parent_id, assigner_post_id, unit_id, code, name, post_id, person_id, giver_id, at,
            due, a, b, c, accepted, submitted, approved, archived)
        SELECT pg_temp.id_at(passed), task_id, id, post_id, unit_id, code, name,
            below[1 + (a * 10000)::int % cardinality(below)], giver_id, person_id, passed, due, a, b, c,
            passed + interval '20 minutes', submitted - interval '30 minutes', submitted - interval '20 minutes',
            archived
        FROM lives WHERE passed IS NOT NULL AND passed < now();
"""
PAST = "declined, upheld, accepted, asked, granted, passed, first, returned, submitted, approved, archived, revoked"
NOT_YET = "UPDATE lives SET " + ", ".join(
    f"{name} = CASE WHEN {name} <= now() THEN {name} END" for name in PAST.split(", ")
)  # fmt: skip
ROWS = """
    INSERT INTO assignments (id, task_id, parent_id, assigner_post_id, unit_id, unit_code, unit_name, post_id, role,
            title, state, version, original_due, current_due, assigned_at, accepted_at, declined_at, submitted_at,
            submitted_by_person_id, done_at, closed_at, grade, returns, refusals)
        SELECT id, task_id, parent_id, assigner_post_id, unit_id, code, name, post_id, 'lead',
            CASE WHEN parent_id IS NOT NULL THEN 'Phần việc được giao' END,
            CASE WHEN revoked IS NOT NULL THEN 'revoked' WHEN archived IS NOT NULL THEN 'archived'
                WHEN approved IS NOT NULL THEN 'completed' WHEN submitted IS NOT NULL THEN 'result_submitted'
                WHEN returned IS NULL AND first IS NOT NULL THEN 'result_submitted'
                WHEN accepted IS NOT NULL THEN 'in_progress' WHEN upheld IS NOT NULL THEN 'assigned'
                WHEN declined IS NOT NULL THEN 'declined' ELSE 'assigned' END,
            1 + num_nonnulls(declined, upheld, accepted, granted, passed, first, returned, submitted, approved,
                archived, revoked),
            due, CASE WHEN granted IS NOT NULL THEN due + interval '10 days' ELSE due END, at, accepted,
            CASE WHEN upheld IS NULL THEN declined END,
            coalesce(submitted, CASE WHEN returned IS NULL THEN first END),
            CASE WHEN submitted IS NOT NULL OR (returned IS NULL AND first IS NOT NULL) THEN person_id END,
            CASE WHEN approved IS NOT NULL THEN submitted END, coalesce(approved, revoked),
            CASE WHEN approved IS NOT NULL THEN 'good' END, (returned IS NOT NULL)::int, (declined IS NOT NULL)::int
        FROM lives ORDER BY at;
    INSERT INTO history (task_id, assignment_id, version, verb, actor_person_id, at, data)
        SELECT task_id, id, row_number() OVER (PARTITION BY id ORDER BY happened, place), verb, coalesce(who, giver_id),
            happened, data
        FROM lives, LATERAL (VALUES
            (0, 'issue', giver_id, at, jsonb_build_object('unit_id', unit_id, 'post_id', post_id, 'current_due', due,
                'role', 'lead', 'assigner_post_id', assigner_post_id)),
            (1, 'decline', person_id, declined, jsonb_build_object('proposed_unit_id', unit_id)),
            (2, 'uphold', giver_id, upheld, '{}'), (3, 'accept', person_id, accepted, '{}'),
            (4, 'pass_on', person_id, passed, '{}'),
            (5, 'extend', giver_id, granted, jsonb_build_object('current_due', due + interval '10 days')),
            (6, 'submit_result', person_id, first, '{}'), (7, 'return_result', giver_id, returned, '{}'),
            (8, 'submit_result', person_id, submitted, '{}'), 
            (9, 'approve_result', giver_id, approved, '{"grade": "good"}'),
            (10, 'archive', person_id, archived, '{}'), (11, 'revoke', giver_id, revoked, '{}')
        ) AS event (place, verb, who, happened, data)
        WHERE happened IS NOT NULL ORDER BY happened;
    INSERT INTO extensions (id, task_id, assignment_id, version, round, state, reason, progress, plan, due_before,
            requested_due, granted_due, late, requested_by_person_id, requested_by_post_id, requested_at, decided_at,
            decided_by_person_id)
        SELECT pg_temp.id_at(asked), task_id, id, 1 + (granted IS NOT NULL)::int, 1,
            CASE WHEN granted IS NOT NULL THEN 'granted' WHEN submitted IS NULL AND revoked IS NULL THEN 'pending'
                ELSE 'withdrawn' END,
            'Chờ số liệu', '60%', 'Hoàn thành trong tuần', due, due + interval '10 days',
            CASE WHEN granted IS NOT NULL THEN due + interval '10 days' END, false,
            coalesce(person_id, giver_id), post_id, asked, coalesce(granted, submitted, revoked), giver_id
        FROM lives WHERE asked IS NOT NULL AND (granted IS NOT NULL OR submitted IS NULL OR submitted > asked);
    INSERT INTO blockers (id, task_id, assignment_id, version, text, level, decides_post_id, raised_by_person_id,
            raised_by_post_id, raised_at, answer_due, resolved_at)
        SELECT pg_temp.id_at(accepted), task_id, id, 1, 'Chưa có kinh phí', 'assigner', assigner_post_id,
            coalesce(person_id, giver_id), post_id, accepted, pg_temp.end_of(accepted + interval '4 days'),
            coalesce(submitted, revoked, CASE WHEN a > 0.3 THEN accepted + interval '3 days' END)
        FROM lives WHERE accepted IS NOT NULL AND b BETWEEN 0.2 AND 0.24;
"""
INDEXES = """
    SELECT i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid IN ('assignments'::regclass, 'history'::regclass, 'tasks'::regclass)
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)
"""


def fill(url: str, pieces: int) -> None:
    """Beside what is there. The indexes are made in one go at the end. `url` is an administrator's."""
    orders = max(1, int(pieces / 13.9 / (1 + CHILDREN * 0.93)))
    with step(f"Writing {pieces:,} pieces and their lives"), psycopg.connect(url) as database:
        database.execute("SET session_replication_role = replica")
        database.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
        indexes = database.execute(INDEXES).fetchall()
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        for script in (UUID7, ORDERS, LIVES, NOT_YET, ROWS):
            for statement in _statements(script):
                database.execute(statement.replace(":orders", str(orders)).replace(":children", str(CHILDREN)))
        for _, definition in indexes:
            database.execute(definition)
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")


def _statements(script: str) -> list[str]:
    """One by one; a function's body has no semicolon of its own."""
    return [statement for statement in script.split(";\n") if statement.strip()]
