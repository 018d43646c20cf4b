"""What an outside identity system feeds in."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
-- Outside identity systems. `reach` says whom a client sees and changes: those whom it brought, or everybody.
-- On one day it may take away (deactivate, delete, end as an official) only so many people.
CREATE TABLE scim_clients (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    reach text NOT NULL CHECK (reach IN ('own', 'all')),
    endings_a_day integer NOT NULL CHECK (endings_a_day >= 0),
    endings integer NOT NULL,
    endings_on date NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX scim_clients_name ON scim_clients (name) WHERE revoked_at IS NULL;

-- What clients said of a person: `said` as they wrote it; name, numbers and address as they were taken over from it, to
-- see whether somebody else has changed them since. A person whom a client deleted is no User any more.
CREATE TABLE provisioned (
    person_id uuid PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    client_id uuid NOT NULL REFERENCES scim_clients,
    said jsonb NOT NULL,
    name text NOT NULL,
    phone text,
    mobile text,
    email text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX provisioned_client ON provisioned (client_id, person_id) WHERE deleted_at IS NULL;
CREATE INDEX provisioned_deleted ON provisioned (person_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX provisioned_emails ON provisioned USING gin ((lower(said->>'emails')::jsonb) jsonb_path_ops);
CREATE INDEX provisioned_employee ON provisioned
    (lower(said->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'employeeNumber'));

-- A client's own names for people.
CREATE TABLE external_ids (
    client_id uuid NOT NULL REFERENCES scim_clients,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    external_id text NOT NULL,
    PRIMARY KEY (client_id, person_id),
    UNIQUE (client_id, external_id)
);

-- Who revoked an account, or nobody knows any more: then as if an administrator had. It is not restored by less.
ALTER TABLE accounts ADD COLUMN revoked_by text CHECK (revoked_by IN ('client', 'unit', 'administrator'));

-- Filters compare without case.
CREATE INDEX people_lower_name ON people (lower(name));
CREATE INDEX people_lower_email ON people (lower(email));
"""


def upgrade():
    op.execute(TABLES)
