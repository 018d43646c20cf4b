"""Sign-ins that another identity provider answers for."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
ALTER TABLE sessions ADD COLUMN issuer text, ADD COLUMN subject text, ADD COLUMN issuer_session text;
CREATE INDEX sessions_of_subject ON sessions (issuer, subject) WHERE ended_at IS NULL AND issuer IS NOT NULL;
CREATE INDEX sessions_of_issuer_session ON sessions (issuer, issuer_session)
    WHERE ended_at IS NULL AND issuer_session IS NOT NULL;

-- Browsers that are on their way to a provider, or came back and still owe a code of our own second factor (`subject`).
-- The state and the browser's mark are kept as hashes.
CREATE TABLE sign_in_attempts (
    state_hash bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    provider text NOT NULL,
    nonce text,
    verifier text,
    return_to text NOT NULL,
    session_id uuid,
    subject text,
    issuer_session text,
    issued_at timestamptz,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_expiry ON sign_in_attempts (expires_at);

-- What providers said has ended, for as long as they could say it again.
CREATE TABLE provider_logouts (
    issuer text NOT NULL,
    token_id text NOT NULL,
    subject text,
    issuer_session text,
    issued_at timestamptz NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, token_id)
);
CREATE INDEX provider_logouts_noted ON provider_logouts (noted_at);
CREATE INDEX provider_logouts_subject ON provider_logouts (issuer, subject);
CREATE INDEX provider_logouts_session ON provider_logouts (issuer, issuer_session);
"""


def upgrade():
    op.execute(TABLES)
