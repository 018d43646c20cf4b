"""Documents with their clauses and the orders from them; more time asked of superiors; reports to them."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE tasks ADD superior_due timestamptz;
COMMENT ON COLUMN tasks.superior_due IS 'the deadline of whoever is above the city; only his recorded answer moves it';
UPDATE tasks SET superior_due = original_due
    WHERE source IN ('government_office', 'city_party_committee', 'pc_party_committee');
CREATE INDEX tasks_from_above ON tasks (source, id)
    WHERE state = 'issued' AND source IN ('government_office', 'city_party_committee', 'pc_party_committee');

CREATE TABLE documents (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    origin text,
    origin_id text,
    origin_version bigint,
    source text NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    abstract text,
    signer text,
    urgency text NOT NULL,
    received_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('arrived', 'received', 'refused', 'recalled')),
    reached text NOT NULL CHECK (reached IN ('01', '02', '03', '04', '05', '06')),
    code text NOT NULL CHECK (code IN ('01', '02', '03', '04', '05', '06', '13', '15', '16')),
    settled boolean NOT NULL,
    report_due_on date,
    refusal_reason text,
    recall text CHECK (recall IN ('asked', 'agreed', 'refused')),
    amendment jsonb,
    entered_by_person_id uuid,
    entered_at timestamptz NOT NULL,
    UNIQUE (origin, origin_id)
);
COMMENT ON COLUMN documents.reached IS 'the farthest of 01 to 06 that was told; it never goes back';
COMMENT ON COLUMN documents.code IS 'what was told last: that, or a word of a recall';
COMMENT ON COLUMN documents.amendment IS 'what the sender says since it was received';
CREATE INDEX documents_known ON documents (source, number, issued_on);
CREATE INDEX documents_of_source ON documents (source, id);
CREATE INDEX documents_to_receive ON documents (id) WHERE state = 'arrived';
CREATE INDEX documents_to_assign ON documents (id) WHERE state = 'received' AND NOT settled;
CREATE INDEX documents_report_due ON documents (report_due_on, id) WHERE report_due_on IS NOT NULL;

CREATE TABLE clauses (
    document_id uuid NOT NULL REFERENCES documents,
    number integer NOT NULL,
    label text NOT NULL,
    text text NOT NULL,
    due_on date,
    reporting text NOT NULL,
    no_task_reason text,
    no_task_by_person_id uuid,
    no_task_at timestamptz,
    PRIMARY KEY (document_id, number)
);
CREATE TABLE task_clauses (
    document_id uuid NOT NULL,
    number integer NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    PRIMARY KEY (document_id, number, task_id),
    FOREIGN KEY (document_id, number) REFERENCES clauses
);
CREATE INDEX task_clauses_of_task ON task_clauses (task_id);
CREATE INDEX tasks_of_document ON tasks (document_id, id) WHERE document_id IS NOT NULL;

CREATE TABLE moved_documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid NOT NULL
);
CREATE INDEX moved_documents_of ON moved_documents (document_id);
COMMENT ON TABLE moved_documents IS 'whose orders moved: their status is to be looked at';

ALTER TABLE extensions DROP CONSTRAINT extensions_state_check, ADD CONSTRAINT extensions_state_check CHECK
    (state IN ('pending', 'awaiting_superior', 'granted', 'granted_partly', 'refused', 'withdrawn'));
DROP INDEX extensions_one_open;
CREATE UNIQUE INDEX extensions_one_open ON extensions (assignment_id) WHERE state IN ('pending', 'awaiting_superior');

CREATE TABLE superior_requests (
    id uuid PRIMARY KEY REFERENCES extensions,
    task_id uuid NOT NULL REFERENCES tasks,
    assignment_id uuid NOT NULL REFERENCES assignments,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('awaiting', 'granted', 'refused', 'withdrawn')),
    source text NOT NULL,
    due_before timestamptz NOT NULL,
    requested_due timestamptz NOT NULL,
    consented_at timestamptz NOT NULL,
    consented_by_person_id uuid NOT NULL,
    sent_number text,
    sent_on date,
    said jsonb,
    said_version bigint,
    granted_due timestamptz,
    answer_number text,
    answer_issued_on date,
    answer_reason text,
    answered_at timestamptz,
    answered_by_person_id uuid
);
COMMENT ON TABLE superior_requests IS 'more time that the city has consented to and its superior must grant';
COMMENT ON COLUMN superior_requests.said IS 'an answer that a sibling brought, until the Office records it';
CREATE INDEX superior_requests_awaiting ON superior_requests (id) WHERE state = 'awaiting';

CREATE TABLE superior_reports (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('drafted', 'returned', 'approved', 'sent')),
    source text NOT NULL,
    document_id uuid REFERENCES documents,
    since date,
    as_of timestamptz NOT NULL,
    classes jsonb NOT NULL,
    drafted_by_person_id uuid NOT NULL,
    drafted_by_post_id uuid NOT NULL,
    decided_by_person_id uuid CHECK (decided_by_person_id <> drafted_by_person_id),
    decided_at timestamptz,
    return_reason text,
    sent_number text,
    sent_on date,
    sent_at timestamptz
);
CREATE INDEX superior_reports_of_source ON superior_reports (source, id);
CREATE TABLE report_lines (
    report_id uuid NOT NULL REFERENCES superior_reports,
    number integer NOT NULL,
    task_id uuid NOT NULL,
    title text NOT NULL,
    document_id uuid,
    document_number text,
    clause text,
    units text[] NOT NULL,
    superior_due timestamptz,
    done_at timestamptz,
    report_class text NOT NULL,
    days integer NOT NULL,
    PRIMARY KEY (report_id, number)
);
CREATE INDEX report_lines_of_class ON report_lines (report_id, report_class, number);
"""


def upgrade() -> None:
    op.execute(TABLES)
