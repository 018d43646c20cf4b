"""Personal reminders."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE reminders (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    person_id uuid NOT NULL,
    title text NOT NULL,
    note text,
    link text,
    urgency_rank smallint NOT NULL,
    starts_at timestamp,
    zone text NOT NULL,
    before_minutes integer NOT NULL,
    rrule text,
    working_day jsonb,
    ends_at timestamp,
    follows_id uuid,
    occurs_at timestamptz NOT NULL DEFAULT 'infinity',
    next_at timestamptz NOT NULL DEFAULT 'infinity',
    timed_version integer NOT NULL DEFAULT 1,
    calendar text,
    origin_uid text,
    origin_sequence integer,
    changed_at timestamptz NOT NULL,
    CHECK ((starts_at IS NULL) = (follows_id IS NOT NULL)),
    CHECK ((occurs_at = 'infinity') = (next_at = 'infinity'))
);
CREATE INDEX reminders_due ON reminders (urgency_rank, next_at);
CREATE INDEX reminders_of_person ON reminders (person_id, occurs_at, id);
CREATE UNIQUE INDEX reminders_origin ON reminders (person_id, origin_uid) WHERE origin_uid IS NOT NULL;
CREATE INDEX reminders_following ON reminders (follows_id) WHERE follows_id IS NOT NULL;
CREATE INDEX reminders_of_calendar ON reminders (calendar) WHERE calendar IS NOT NULL;
CREATE INDEX reminders_ended ON reminders (changed_at) WHERE occurs_at = 'infinity';
COMMENT ON COLUMN reminders.starts_at IS 'the first occurrence, in the local time of its zone';
COMMENT ON COLUMN reminders.occurs_at IS 'the first occurrence that nothing has come of; it is said at next_at';
COMMENT ON COLUMN reminders.timed_version IS 'of the reminder, when its times were changed last';
COMMENT ON COLUMN reminders.calendar IS 'fingerprint of the working days by which occurs_at was found, if by any';
COMMENT ON COLUMN reminders.origin_uid IS 'of an invitation: the UID, and the occurrence that it is about';

CREATE TABLE reminder_occurrences (
    reminder_id uuid NOT NULL REFERENCES reminders ON DELETE CASCADE,
    occurrence timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('fired', 'done', 'skipped')),
    missed integer NOT NULL DEFAULT 0,
    fired_at timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (reminder_id, occurrence),
    CHECK ((settled_at IS NULL) = (outcome = 'fired')),
    CHECK (fired_at IS NOT NULL OR settled_at IS NOT NULL)
);
CREATE INDEX reminder_occurrences_in_time ON reminder_occurrences (occurrence);

CREATE TABLE followed_deadlines (
    assignment_id uuid PRIMARY KEY,
    version integer NOT NULL,
    due timestamptz,
    running boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX followed_deadlines_in_time ON followed_deadlines (at);
COMMENT ON COLUMN followed_deadlines.running IS 'whether the piece waits for its owner';
COMMENT ON COLUMN followed_deadlines.at IS 'its latest move, or question about it, of which was heard';

CREATE TABLE calendar_feeds (
    person_id uuid PRIMARY KEY,
    token_hash text NOT NULL UNIQUE,
    made_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(TABLES)
