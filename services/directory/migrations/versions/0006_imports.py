"""Imports of units, posts and people."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE people ADD COLUMN employee_number text UNIQUE;

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    what text NOT NULL,
    form text NOT NULL,
    unit_id uuid REFERENCES units,
    dry_run boolean NOT NULL,
    end_missing boolean NOT NULL,
    mapping jsonb NOT NULL,
    size integer NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL,
    step text NOT NULL DEFAULT 'compare',
    person_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    claimed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    stage text,
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    headers jsonb NOT NULL DEFAULT '[]',
    counts jsonb,
    digest text,
    stale boolean NOT NULL DEFAULT false,
    fault jsonb
);
CREATE INDEX imports_open ON imports (created_at, id) WHERE state IN ('receiving', 'waiting', 'running');
CREATE INDEX imports_age ON imports (created_at);

-- The file as it came. It goes as soon as nobody needs it any more.
CREATE TABLE import_parts (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);

-- What the file would change, or has changed.
CREATE TABLE import_rows (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    number integer NOT NULL,
    kind text NOT NULL,
    line integer,
    key text NOT NULL,
    changes jsonb NOT NULL,
    faults jsonb NOT NULL,
    PRIMARY KEY (import_id, number)
);
CREATE INDEX import_rows_kind ON import_rows (import_id, kind, number);
"""


def upgrade():
    op.execute(TABLES)
