"""Imports of tasks that are under way elsewhere, and what of them is still to be completed."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
ALTER TABLE tasks
    ADD imported_at timestamptz, ADD document_number text, ADD document_issued_on date;
COMMENT ON COLUMN tasks.imported_at IS 'it was under way elsewhere, and came in by a file';
ALTER TABLE progress_reports ADD imported boolean NOT NULL DEFAULT false;

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    form text NOT NULL,
    assigner_post_id uuid NOT NULL,
    dry_run boolean NOT NULL,
    mapping jsonb NOT NULL,
    size integer NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL,
    step text NOT NULL DEFAULT 'compare',
    person_id uuid NOT NULL,
    post_id uuid NOT NULL,
    acting_for uuid,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    claimed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    stage text,
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    applied integer NOT NULL DEFAULT 0,
    headers jsonb NOT NULL DEFAULT '[]',
    counts jsonb,
    fault jsonb
);
COMMENT ON COLUMN imports.assigner_post_id IS 'in whose name the work that is new here was ordered';
COMMENT ON COLUMN imports.applied IS 'orders of the file that are written: where a process that died is followed';
CREATE INDEX imports_open ON imports (created_at, id) WHERE state IN ('receiving', 'waiting', 'running');
CREATE INDEX imports_age ON imports (created_at);

-- The file as it came. It goes as soon as nobody needs it any more.
CREATE TABLE import_parts (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);

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

CREATE TABLE parked_tasks (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    import_id uuid NOT NULL REFERENCES imports,
    line integer NOT NULL,
    same text NOT NULL UNIQUE,
    code text NOT NULL,
    cells jsonb NOT NULL,
    each boolean NOT NULL,
    faults jsonb NOT NULL,
    parked_at timestamptz NOT NULL
);
COMMENT ON TABLE parked_tasks IS 'lines that say too little, until somebody completes or discards them';
COMMENT ON COLUMN parked_tasks.same IS 'by what the line is known when it comes again';
CREATE INDEX parked_tasks_code ON parked_tasks (code);
"""


def upgrade() -> None:
    op.execute(TABLES)
