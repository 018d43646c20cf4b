"""Units as they were, reorganisations and their plans."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
-- Each former state of a unit and of a post: the tables themselves hold how they are now, or were when they ended.
CREATE TABLE unit_states (
    unit_id uuid NOT NULL REFERENCES units,
    name text NOT NULL,
    full_name text NOT NULL,
    full_name_en text,
    folded text NOT NULL,
    parent_id uuid REFERENCES units,
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (unit_id, valid_to)
);
CREATE TABLE post_states (
    post_id uuid NOT NULL REFERENCES posts,
    title text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (post_id, valid_to)
);
CREATE TABLE unit_successors (
    unit_id uuid NOT NULL REFERENCES units,
    successor_id uuid NOT NULL REFERENCES units,
    how text NOT NULL,
    on_day date NOT NULL,
    PRIMARY KEY (unit_id, successor_id)
);
CREATE INDEX unit_successors_successor ON unit_successors (successor_id);

-- What was decided about units, done or still ahead. `command` is what was asked for, `unit_ids` what it names.
CREATE TABLE reorganisations (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    change text NOT NULL,
    command jsonb NOT NULL,
    unit_ids uuid[] NOT NULL,
    on_day date NOT NULL,
    document_number text NOT NULL,
    state text NOT NULL CHECK (state IN ('planned', 'done', 'withdrawn', 'failed')),
    failure jsonb,
    successor_ids uuid[] NOT NULL,
    without_post uuid[] NOT NULL,
    entered_by uuid NOT NULL REFERENCES people,
    entered_as uuid NOT NULL REFERENCES posts,
    created_at timestamptz NOT NULL,
    decided_at timestamptz
);
CREATE INDEX reorganisations_due ON reorganisations (on_day, id) WHERE state = 'planned';
CREATE INDEX reorganisations_entered_as ON reorganisations (entered_as, id);
CREATE INDEX reorganisations_units ON reorganisations USING gin (unit_ids);

ALTER TABLE delegations ADD COLUMN kind text NOT NULL DEFAULT 'TUQ';
CREATE INDEX delegations_grantor ON delegations (grantor_post_id);
"""


def upgrade():
    op.execute(TABLES)
