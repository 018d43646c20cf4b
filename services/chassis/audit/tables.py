"""The log's tables, and the one function that writes it. The service's own role can only read and call the function.

Each row's hash covers the row and the hash before it; `audit_head` says where the chain ends. The function holds the
head until the commit, so entries are numbered without holes, in the order in which they took effect.
"""

START = bytes(32)  # what stands before the first entry

# What is hashed, as text. Only functions of PostgreSQL itself take part, so that a verifier depends on none of ours.
CANONICAL = (
    """jsonb_build_array("number", to_char("at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), "action","""
    """ "subject", "actor", "details", encode("previous", 'hex'))::text"""
)

AUDIT_TABLES = f"""
CREATE TABLE audit_log (
    number bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    actor jsonb NOT NULL,
    details jsonb NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_action ON audit_log (action, number);
CREATE INDEX audit_log_subject ON audit_log (subject, number);
CREATE INDEX audit_log_actor ON audit_log ((actor->>'sub'), number);
CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT '\\x{START.hex()}'
);
INSERT INTO audit_head DEFAULT VALUES;

CREATE FUNCTION audit_append(entries jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last_number bigint;
    last_hash bytea;
    entry jsonb;
    moment timestamptz;
BEGIN
    SELECT h.number, h.hash INTO STRICT last_number, last_hash FROM audit_head h FOR UPDATE;
    FOR entry IN SELECT jsonb_array_elements(entries) LOOP
        moment := clock_timestamp();
        INSERT INTO audit_log
            SELECT w.*, sha256(convert_to({CANONICAL}, 'UTF8'))
            FROM (SELECT last_number + 1, moment, entry->>'action', entry->>'subject', entry->'actor',
                         entry->'details', last_hash)
                AS w ("number", "at", "action", "subject", "actor", "details", "previous")
            RETURNING audit_log.number, audit_log.hash INTO last_number, last_hash;
    END LOOP;
    UPDATE audit_head SET number = last_number, hash = last_hash;
END $$;
REVOKE ALL ON FUNCTION audit_append FROM PUBLIC;

DO $$
DECLARE
    role_name text;
BEGIN
    FOR role_name IN
        SELECT DISTINCT granted.grantee::regrole::text
        FROM pg_class c, aclexplode(c.relacl) granted
        WHERE c.oid = 'audit_log'::regclass AND granted.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('REVOKE ALL ON audit_log, audit_head FROM %s', role_name);
        EXECUTE format('GRANT SELECT ON audit_log, audit_head TO %s', role_name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION audit_append TO %s', role_name);
    END LOOP;
END $$;
"""
