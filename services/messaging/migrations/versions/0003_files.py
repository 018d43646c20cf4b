"""The store of files: what was handed in, where its bytes are, what it is attached to."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE files (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('receiving', 'kept', 'refused')),
    refusal jsonb,
    blob_id uuid,
    size bigint,
    sha256 text,
    media_type text,
    scan text NOT NULL CHECK (scan IN ('unchecked', 'clean', 'infected')),
    scan_failed_at timestamptz,
    uploaded_by_person_id uuid NOT NULL,
    uploaded_at timestamptz NOT NULL,
    keep_until timestamptz,
    CHECK (state <> 'kept' OR (blob_id IS NOT NULL AND size IS NOT NULL AND sha256 IS NOT NULL AND scan <> 'infected'))
);
COMMENT ON COLUMN files.blob_id IS 'where the bytes are, in the store';
COMMENT ON COLUMN files.keep_until IS 'empty: it is attached, and stays';
CREATE INDEX files_unattached ON files (keep_until) WHERE keep_until IS NOT NULL;
CREATE INDEX files_unattached_of ON files (uploaded_by_person_id) WHERE keep_until IS NOT NULL;
CREATE INDEX files_unchecked ON files (scan_failed_at NULLS FIRST, id) WHERE state = 'kept' AND scan = 'unchecked';

CREATE TABLE file_uploads (
    blob_id uuid PRIMARY KEY,
    file_id uuid NOT NULL REFERENCES files,
    begun_at timestamptz NOT NULL
);
COMMENT ON TABLE file_uploads IS 'bytes that are on their way, or came to nothing';
CREATE INDEX file_uploads_begun ON file_uploads (begun_at);
CREATE INDEX file_uploads_file ON file_uploads (file_id);

CREATE TABLE file_attachments (
    file_id uuid NOT NULL REFERENCES files,
    service text NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (file_id, service, subject_id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
