"""One number by which files and machines know a person; two officials who say who somebody is to an issuer."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
-- Machines compare without case.
CREATE INDEX people_lower_employee_number ON people (lower(employee_number));
DROP INDEX provisioned_employee;

-- What machines have said until now, where it is nobody else's number.
UPDATE people SET employee_number = told.number
FROM (
    SELECT person_id, number, count(*) OVER (PARTITION BY lower(number)) AS times
    FROM (
        SELECT person_id,
            said->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'employeeNumber' AS number
        FROM provisioned WHERE deleted_at IS NULL
    ) AS said
) AS told
WHERE people.id = told.person_id AND people.employee_number IS NULL AND told.times = 1
    AND told.number ~ '^[[:alnum:]][[:alnum:]_./-]{0,63}$'
    AND NOT EXISTS (SELECT FROM people AS other WHERE lower(other.employee_number) = lower(told.number));

-- What one official has said of a person; another one must say the same. Whoever took an identity away said so alone.
CREATE TABLE identity_proposals (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    issuer text NOT NULL,
    subject text NOT NULL,
    asked_by uuid NOT NULL REFERENCES people,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, issuer)
);
DROP TABLE identity_removals;
"""


def upgrade():
    op.execute(TABLES)
