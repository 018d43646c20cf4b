"""Units, posts, people, who holds what, powers lent, audiences, working days, accounts."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The newest version of any fact. Whoever writes facts raises it first and holds the row until his commit,
-- so versions become visible in their order and leave no hole.
CREATE TABLE directory_version (
    "only" boolean PRIMARY KEY CHECK ("only"),
    newest bigint NOT NULL
);

CREATE TABLE units (
    id uuid PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    code text NOT NULL UNIQUE,
    kind text NOT NULL,
    name text NOT NULL,
    full_name text NOT NULL,
    full_name_en text,
    folded text NOT NULL,
    parent_id uuid REFERENCES units,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from)
);
CREATE INDEX units_parent ON units (parent_id);

CREATE TABLE posts (
    id uuid PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    unit_id uuid NOT NULL REFERENCES units,
    kind text NOT NULL,
    title text NOT NULL,
    is_head boolean NOT NULL,
    rank integer NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from)
);
CREATE INDEX posts_unit ON posts (unit_id);

-- Names, numbers and addresses of people stand here and nowhere else; `folded` and `given` are the name for searching.
CREATE TABLE people (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    folded text NOT NULL,
    given text NOT NULL,
    phone text,
    email text
);

CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES people,
    post_id uuid NOT NULL REFERENCES posts,
    "primary" boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from)
);
CREATE INDEX memberships_person ON memberships (person_id);
CREATE INDEX memberships_post ON memberships (post_id);

CREATE TABLE delegations (
    id uuid PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    grantor_post_id uuid NOT NULL REFERENCES posts,
    grantee_person_id uuid NOT NULL REFERENCES people,
    scope text NOT NULL,
    document_number text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to >= valid_from)
);
CREATE INDEX delegations_grantee ON delegations (grantee_person_id);

CREATE TABLE audiences (
    id text PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    title text NOT NULL,
    title_en text NOT NULL,
    unit_ids uuid[] NOT NULL
);

CREATE TABLE working_days (
    id date PRIMARY KEY,
    version bigint NOT NULL UNIQUE,
    working boolean NOT NULL,
    name text NOT NULL
);

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    person_id uuid NOT NULL UNIQUE REFERENCES people,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    totp_secret text,
    totp_last_step bigint,
    revoked_at timestamptz
);

-- The lines of the directory as they are searched: a person in a post, flattened. Made anew from the tables above
-- whenever one of them changes; it goes with the person when the person is erased.
CREATE TABLE entries (
    membership_id uuid PRIMARY KEY REFERENCES memberships ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    post_id uuid NOT NULL REFERENCES posts,
    unit_id uuid NOT NULL REFERENCES units,
    post_kind text NOT NULL,
    rank integer NOT NULL,
    folded text NOT NULL,
    given text NOT NULL,
    valid_from date NOT NULL,
    valid_to date
);
CREATE INDEX entries_anywhere ON entries USING gin (folded gin_trgm_ops);
CREATE INDEX entries_whole ON entries (folded, rank, membership_id);
CREATE INDEX entries_given ON entries (given, rank, membership_id);
CREATE INDEX entries_rank ON entries (rank, membership_id);
CREATE INDEX entries_kind ON entries (post_kind, rank, membership_id);
CREATE INDEX entries_unit ON entries (unit_id, rank, membership_id);
CREATE INDEX entries_person ON entries (person_id);
CREATE INDEX entries_post ON entries (post_id);
"""


def upgrade():
    create_chassis_tables()
    op.execute(TABLES)
