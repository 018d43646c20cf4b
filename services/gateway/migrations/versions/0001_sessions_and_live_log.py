"""Sessions, the live log and the copy of the directory."""

from alembic import op

from chassis.migrations import create_chassis_tables
from kernel import directory_copy

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('browser', 'token')),
    account_id uuid NOT NULL,
    person_id uuid NOT NULL,
    client text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sessions_of_account ON sessions (account_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_of_person ON sessions (person_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE live_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL,
    audience text[] NOT NULL,
    common jsonb NOT NULL,
    per_recipient jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX live_log_audience ON live_log USING gin (audience);
CREATE INDEX live_log_at ON live_log (at);
"""


def upgrade():
    create_chassis_tables()
    directory_copy.create_tables()
    op.execute(TABLES)
