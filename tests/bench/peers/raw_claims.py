"""The floor of catching up: a bare claim loop that writes the rows which our clock writes, a batch by one statement."""

import os
import time

import psycopg

from tests.bench.peers.obeying import obey

BATCH = """
WITH due AS MATERIALIZED (
    SELECT id, person_id, title, urgency_rank, occurs_at, rrule, gen_random_uuid() AS occasion_id FROM reminders
    WHERE urgency_rank = %(rank)s AND next_at <= now() ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED
), occasion AS (
    INSERT INTO occasions (id, subject_id, rule, rung, deadline_version, title, text, link, urgency_rank, at)
    SELECT occasion_id, id, 'personal', occurs_at::text, 1, title, to_char(occurs_at, 'HH24:MI DD/MM/YYYY'),
        '/api/v1/reminders/' || id, urgency_rank, now() FROM due ON CONFLICT DO NOTHING
), nudge AS (
    INSERT INTO nudges (id, occasion_id, person_id, channel, state, urgency_rank, due_at)
    SELECT gen_random_uuid(), occasion_id, person_id, 'in_app', 'waiting', urgency_rank, now() FROM due
), note AS (
    INSERT INTO reminder_occurrences (reminder_id, occurrence, outcome, fired_at)
    SELECT id, occurs_at, 'fired', now() FROM due ON CONFLICT DO NOTHING
), event AS (
    INSERT INTO outbox (event_id, name, subject, version, data)
    SELECT gen_random_uuid(), 'reminder_fired', gen_random_uuid(), 1, jsonb_build_object('at', now(), 'items',
        jsonb_agg(jsonb_build_object('reminder_id', id, 'person_id', person_id, 'occurrence', occurs_at, 'missed', 0)))
    FROM due HAVING count(*) > 0
)
UPDATE reminders r SET
    occurs_at = CASE WHEN r.rrule IS NULL THEN 'infinity' ELSE r.occurs_at + interval '1 day' END,
    next_at = CASE WHEN r.rrule IS NULL THEN 'infinity' ELSE r.next_at + interval '1 day' END
FROM due WHERE r.id = due.id
"""


def catch_up(ranks: list[int]) -> dict:
    began = time.perf_counter()
    with psycopg.connect(os.environ["CONGVU_DATABASE_URL"]) as database:
        for rank in ranks:
            while True:
                with database.transaction():
                    claimed = database.execute(BATCH, {"rank": rank}, prepare=True).rowcount
                if claimed < 500:
                    break
    return {"seconds": time.perf_counter() - began}


if __name__ == "__main__":
    obey(catch_up)
