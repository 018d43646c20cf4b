"""How people are reached."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
CREATE TABLE channels (name text PRIMARY KEY, named_at timestamptz NOT NULL);
COMMENT ON TABLE channels IS 'those that the operators have set up for any process; in_app is always there';
COMMENT ON COLUMN channels.named_at IS 'by a process that has it; what nobody names any more is not there';
CREATE TABLE notification_settings (
    person_id uuid PRIMARY KEY,
    version integer NOT NULL,
    switches jsonb NOT NULL,
    digest boolean NOT NULL,
    quiet_from time,
    quiet_to time,
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
CREATE TABLE push_subscriptions (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    endpoint text NOT NULL UNIQUE,
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX push_subscriptions_of_person ON push_subscriptions (person_id, id);
CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    person_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    urgency_rank smallint NOT NULL,
    any_hour boolean NOT NULL,
    digest_on date,
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    fault text,
    provider_id text,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (person_id, digest_on)
);
CREATE INDEX deliveries_waiting ON deliveries (channel, any_hour, urgency_rank, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_of_state ON deliveries (state, id);
CREATE INDEX deliveries_of_channel ON deliveries (channel, id);
CREATE INDEX deliveries_of_channel_in_state ON deliveries (channel, state, id);
CREATE INDEX deliveries_ended ON deliveries (made_at) WHERE state <> 'waiting';
COMMENT ON COLUMN deliveries.due_at IS 'not before; while it is being sent, when somebody else may try';
COMMENT ON COLUMN deliveries.any_hour IS 'at night too';
DROP INDEX nudges_waiting;
ALTER TABLE nudges ADD COLUMN delivery_id uuid, ADD COLUMN any_hour boolean NOT NULL DEFAULT false;
CREATE INDEX nudges_waiting ON nudges (channel, any_hour, urgency_rank, due_at)
    WHERE state = 'waiting' AND delivery_id IS NULL;
CREATE INDEX nudges_waiting_of_person ON nudges (person_id, channel) WHERE state = 'waiting' AND delivery_id IS NULL;
CREATE INDEX nudges_of_delivery ON nudges (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX nudges_dropped ON nudges (due_at) WHERE state = 'dropped' AND delivery_id IS NULL;
CREATE INDEX occasions_in_time ON occasions (at);
CREATE INDEX nudges_told ON nudges (person_id, sent_at DESC, id DESC) WHERE channel = 'in_app' AND state = 'sent';
CREATE INDEX nudges_unread ON nudges (person_id, sent_at DESC, id DESC)
    WHERE channel = 'in_app' AND state = 'sent' AND read_at IS NULL;
CREATE TABLE digest_days (day date PRIMARY KEY);
COMMENT ON TABLE digest_days IS 'whose digests have been planned';
CREATE TABLE nudge_counts (
    person_id uuid NOT NULL,
    day date NOT NULL,
    nudges integer NOT NULL,
    deliveries integer NOT NULL,
    PRIMARY KEY (person_id, day)
);
CREATE INDEX nudge_counts_of_day ON nudge_counts (day, nudges DESC, person_id);
CREATE TABLE channel_quotas (
    unit_id uuid NOT NULL,
    channel text NOT NULL,
    month date NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (unit_id, channel, month)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
