"""Platforms of the city that have no account at the broker: what they say, and what is brought to them."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
-- `hears` and `url` are of its webhook, if it has one; `said_bytes` is what it has said on that day.
CREATE TABLE partners (
    name text PRIMARY KEY,
    says text[] NOT NULL,
    hears text[] NOT NULL,
    url text,
    created_at timestamptz NOT NULL,
    paused_at timestamptz,
    paused_because text,
    said_on date,
    said_bytes bigint NOT NULL DEFAULT 0,
    CHECK (url IS NOT NULL OR hears = '{}')
);

-- The public halves: what signs is with the partner alone.
CREATE TABLE partner_keys (
    id text PRIMARY KEY,
    partner text NOT NULL REFERENCES partners ON DELETE CASCADE,
    public_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz
);
CREATE INDEX partner_keys_partner ON partner_keys (partner);

-- What was signed is taken once, for as long as its date would let it come again; and so many a minute.
CREATE TABLE partner_requests (
    partner text NOT NULL,
    nonce text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (partner, nonce)
);
CREATE INDEX partner_requests_rate ON partner_requests (partner, at);

-- What partners said, on its way to the exchange.
CREATE TABLE said_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL UNIQUE,
    partner text NOT NULL,
    name text NOT NULL,
    attributes jsonb NOT NULL,
    data jsonb NOT NULL,
    said_at timestamptz NOT NULL,
    passed_at timestamptz
);
CREATE INDEX said_events_waiting ON said_events (id) WHERE passed_at IS NULL;
CREATE INDEX said_events_waiting_of ON said_events (partner) WHERE passed_at IS NULL;
CREATE INDEX said_events_old ON said_events (said_at) WHERE passed_at IS NOT NULL;

-- What was published, once for each webhook that wants it: `waiting`, `delivered` or `dead`.
CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner text NOT NULL REFERENCES partners ON DELETE CASCADE,
    event_id uuid NOT NULL,
    name text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts int NOT NULL DEFAULT 0,
    fault text,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    UNIQUE (partner, event_id)
);
CREATE INDEX deliveries_due ON deliveries (partner, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_kept ON deliveries (partner, id) WHERE state <> 'delivered';
CREATE INDEX deliveries_taken ON deliveries (partner, created_at) WHERE state = 'delivered';
CREATE INDEX deliveries_old ON deliveries (created_at);
"""


def upgrade() -> None:
    op.execute(TABLES)
