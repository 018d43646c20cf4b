"""Accounts in full: one-time passwords, sealed second factors, recovery codes, guesses, known sources, the desk."""

from alembic import op

revision = "0005"
down_revision = "0004"

# A secret of one-time codes that stood in clear is not trusted any more: whoever had one sets it up anew.
TABLES = """
ALTER TABLE accounts
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN kind text NOT NULL DEFAULT 'personal' CHECK (kind IN ('personal', 'break_glass')),
    ADD COLUMN password_once boolean NOT NULL DEFAULT false,
    ADD COLUMN password_until timestamptz,
    ADD COLUMN password_changed_at timestamptz,
    ADD COLUMN totp_pending text;
UPDATE accounts SET totp_secret = NULL, totp_last_step = NULL;
-- user names made from a person's name differ by the number behind it
CREATE INDEX accounts_stem ON accounts (regexp_replace(username, '[0-9]+$', ''));

CREATE TABLE recovery_codes (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

-- Guesses at passwords and codes that were wrong, or are not decided yet.
CREATE TABLE guesses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket text NOT NULL,
    attempt uuid NOT NULL,
    failed boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX guesses_bucket ON guesses (bucket, at);
CREATE INDEX guesses_attempt ON guesses (attempt);
CREATE INDEX guesses_at ON guesses (at);

-- Where an account signed in from before: devices and addresses, as hashes.
CREATE TABLE known_sources (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('device', 'address')),
    last_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, source)
);

CREATE TABLE recoveries (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('password', 'totp')),
    state text NOT NULL CHECK (state IN ('asked', 'confirmed', 'refused')),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    reason text NOT NULL,
    asked_by uuid NOT NULL REFERENCES people,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_by uuid REFERENCES people,
    decided_at timestamptz,
    CHECK (state <> 'confirmed' OR decided_by <> asked_by)
);
CREATE UNIQUE INDEX recoveries_open ON recoveries (account_id, kind) WHERE state = 'asked';
CREATE INDEX recoveries_asked ON recoveries (id) WHERE state = 'asked';
"""


def upgrade():
    op.execute(TABLES)
