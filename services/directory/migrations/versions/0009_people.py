"""One number by which files and machines know a person; two officials who say who somebody is to an issuer."""

from alembic import op

revision = "0009"
down_revision = "0008"

# A file that wrote a number in another case had made its person a second time. Whoever was made first keeps it; the
# others are people without one, until an administrator has looked at them.
WRITTEN_TWICE = """
WITH twice AS (
    SELECT id, first_value(id) OVER (PARTITION BY lower(employee_number) ORDER BY id) AS keeper
    FROM people WHERE employee_number IS NOT NULL
), taken AS (
    UPDATE people SET employee_number = NULL, version = version + 1
    FROM twice WHERE people.id = twice.id AND twice.id <> twice.keeper
    RETURNING jsonb_build_object(
        'action', 'person.number_withdrawn', 'subject', people.id, 'actor', '{}'::jsonb,
        'details', jsonb_build_object('kept_by', twice.keeper)
    ) AS entry
)
SELECT audit_append(jsonb_agg(entry)) FROM taken HAVING count(*) > 0;
CREATE UNIQUE INDEX people_lower_employee_number ON people (lower(employee_number));
"""
TABLES = """
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
    op.execute(WRITTEN_TWICE)
    op.execute(TABLES)
