"""What a search walks past stands in the index that it walks along: the lines of one's own people lie far apart.

Only names stand there: with all its words a line could be longer than an index takes.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
DROP INDEX entries_rank, entries_top;
CREATE INDEX entries_rank ON entries (rank, membership_id) INCLUDE (named, top_id, valid_from, valid_to);
CREATE INDEX entries_top ON entries (top_id, rank, membership_id) INCLUDE (named, valid_from, valid_to);
"""


def upgrade():
    op.execute(TABLES)
