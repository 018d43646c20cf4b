"""What helps to assign well: the load of units, orders that are alike, orders that recur."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = r"""
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The numbers of the documents that a text names, as 12/BC-UBND.
CREATE FUNCTION document_numbers(given text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(array_agg(DISTINCT found[1]), '{}')
        FROM regexp_matches(plain(given), '\m(\d{1,6}(?:/\d{4})?/[a-z][a-z0-9&]*(?:-[a-z0-9&]+)*)', 'g') AS found);

-- Kept, not made anew: to compare a title takes less than to fold it.
ALTER TABLE tasks ADD title_plain text GENERATED ALWAYS AS (plain(title)) STORED;
CREATE INDEX tasks_alike ON tasks USING gin (title_plain gin_trgm_ops) WHERE state = 'issued';
CREATE INDEX tasks_naming ON tasks USING gin (document_numbers(title || ' ' || content)) WHERE state = 'issued';
CREATE INDEX tasks_of_source ON tasks (source, urgency, id) WHERE state = 'issued';
CREATE INDEX assignments_load ON assignments (unit_id, current_due)
    WHERE parent_id IS NULL AND role <> 'inform' AND state NOT IN ('completed', 'revoked', 'archived');

CREATE TABLE templates (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused')),
    title text NOT NULL,
    "order" jsonb NOT NULL,
    leader_post_ids uuid[] NOT NULL,
    rrule text NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    day_off text NOT NULL CHECK (day_off IN ('before', 'after', 'keep')),
    "offset" integer NOT NULL,
    next_on date,
    post_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    person_id uuid NOT NULL
);
COMMENT ON COLUMN templates.next_on IS 'the first occurrence that nothing has come of';
CREATE INDEX templates_waiting ON templates (next_on) WHERE state = 'active';
CREATE INDEX templates_of_unit ON templates (unit_id, id);
CREATE INDEX templates_of_leader ON templates USING gin (leader_post_ids);

CREATE TABLE occurrences (
    template_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
    occurrence date NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('drafted', 'missed', 'refused')),
    task_id uuid CHECK ((task_id IS NOT NULL) = (outcome = 'drafted')),
    code text,
    at timestamptz NOT NULL,
    PRIMARY KEY (template_id, occurrence)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
