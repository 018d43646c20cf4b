"""An order says the number of its document, and is found by it; days on which imports put things right."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
UPDATE tasks t SET document_number = d.number, document_issued_on = d.issued_on
    FROM documents d WHERE d.id = t.document_id;
ALTER TABLE tasks DROP COLUMN search;
ALTER TABLE tasks ADD search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, folded(
    title || ' ' || content || ' ' || expected_result || ' ' || coalesce(code, '') || ' ' || coalesce(clause, '')
    || ' ' || coalesce(document_number, '')
))) STORED;
CREATE INDEX tasks_search ON tasks USING gin (search);
DROP INDEX tasks_naming;
CREATE INDEX tasks_naming ON tasks USING gin (
    document_numbers(title || ' ' || content || ' ' || coalesce(document_number, ''))
) WHERE state = 'issued';
DROP INDEX history_corrections;
CREATE INDEX history_put_right ON history (at) WHERE verb IN ('correct', 'import');
"""


def upgrade() -> None:
    op.execute(TABLES)
