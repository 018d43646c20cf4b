"""Ladders and what they watch."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE watched (
    subject_id uuid PRIMARY KEY,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    task_id uuid,
    title text NOT NULL,
    link text NOT NULL,
    state text NOT NULL,
    role text NOT NULL,
    is_child boolean NOT NULL,
    unit_id uuid NOT NULL,
    unit_name text NOT NULL,
    post_id uuid NOT NULL,
    assigner_post_id uuid,
    followers uuid[] NOT NULL DEFAULT '{}',
    urgency_rank smallint NOT NULL,
    due timestamptz,
    since timestamptz,
    answer_by timestamptz,
    answers_post_id uuid,
    since_version integer NOT NULL DEFAULT 0,
    open boolean NOT NULL,
    next_at timestamptz,
    unreached boolean NOT NULL DEFAULT false
);
CREATE INDEX watched_due ON watched (urgency_rank, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX watched_open ON watched (subject_id) WHERE open;
CREATE INDEX watched_closed ON watched (at) WHERE NOT open;
CREATE INDEX watched_unreached ON watched (subject_id) WHERE unreached;
COMMENT ON TABLE watched IS 'pieces of work, and what waits for an answer: an extension, a blocker, an urging';
COMMENT ON COLUMN watched.version IS 'of the subject: the newest that was heard';
COMMENT ON COLUMN watched.followers IS 'as the order named them';
COMMENT ON COLUMN watched.since IS 'when it began to wait to be received, which its since_version said';
COMMENT ON COLUMN watched.next_at IS 'when the ladders are to look at it; an event asks for it at once';
COMMENT ON COLUMN watched.unreached IS 'something was to be said, and nobody holds or looks after any of the posts';

CREATE TABLE watched_log (
    subject_id uuid NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL,
    role text NOT NULL,
    is_child boolean NOT NULL,
    unit_id uuid NOT NULL,
    post_id uuid NOT NULL,
    assigner_post_id uuid,
    urgency_rank smallint NOT NULL,
    due timestamptz,
    since timestamptz,
    answer_by timestamptz,
    answers_post_id uuid,
    PRIMARY KEY (subject_id, version)
);
CREATE INDEX watched_log_in_time ON watched_log (at);
COMMENT ON TABLE watched_log IS 'how pieces stood after each of their moves, for the simulator';
COMMENT ON COLUMN watched_log.since IS 'where the move made it wait to be received';

CREATE TABLE ladder_versions (
    version integer PRIMARY KEY,
    rules jsonb NOT NULL,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL,
    person_id uuid NOT NULL,
    post_id uuid NOT NULL
);
COMMENT ON TABLE ladder_versions IS 'the rules that were set, from the second on; the first ones are the program''s';

CREATE TABLE ladder_recounts (
    id uuid PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('rules', 'working_days')),
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    reached uuid,
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL
);
CREATE INDEX ladder_recounts_open ON ladder_recounts (id) WHERE ended_at IS NULL;
COMMENT ON TABLE ladder_recounts IS 'a look at every open piece is asked for, part by part, up to subject reached';

CREATE TABLE ladder_calendar ("only" boolean PRIMARY KEY CHECK ("only"), fingerprint text NOT NULL);
COMMENT ON TABLE ladder_calendar IS 'the working days by which the next looks were reckoned';
"""


def upgrade() -> None:
    op.execute(TABLES)
