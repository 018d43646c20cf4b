"""Directives climb a ladder of their own, also where operators have set the ladders; announcements are told."""

import json

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"

ALWAYS = ("normal", "urgent", "very_urgent", "express")
RULE = {
    "name": "acknowledgement",
    "title": "Nhắc xác nhận chỉ đạo",
    "counts_from": "acknowledgement",
    "rungs": [
        {
            "name": "unacknowledged",
            "after": {urgency: {"days": 0} for urgency in ALWAYS},
            "to": ["answers", "superior"],
            "text": "{unit} chưa xác nhận chỉ đạo, hạn {due}.",
        },
        {
            "name": "still_unacknowledged",
            "after": {urgency: {"days": 2} for urgency in ALWAYS},
            "to": ["answers", "superior", "chief_of_office"],
            "text": "Quá hạn {due} từ 2 ngày làm việc: {unit} vẫn chưa xác nhận chỉ đạo.",
        },
    ],
}
TABLES = """
CREATE TABLE announced (
    id uuid PRIMARY KEY,
    open boolean NOT NULL,
    importance text,
    title text,
    by_title text,
    addressed jsonb,
    published_at timestamptz,
    valid_until timestamptz,
    part integer NOT NULL,
    told_up_to uuid,
    CHECK (NOT open OR addressed IS NOT NULL)
);
CREATE INDEX announced_open ON announced (published_at) WHERE open;
COMMENT ON TABLE announced IS 'announcements that people are nudged about';
COMMENT ON COLUMN announced.told_up_to IS 'the readers are told in the order of their ids; part by part';
"""
BY_NOBODY = "ALTER TABLE ladder_versions ALTER person_id DROP NOT NULL, ALTER post_id DROP NOT NULL"
ONE_MORE_RULE = """
INSERT INTO ladder_versions (version, rules, reason, changed_at)
    SELECT version + 1, rules || CAST(:rules AS jsonb), 'Bổ sung bậc nhắc xác nhận chỉ đạo', now()
    FROM (SELECT * FROM ladder_versions ORDER BY version DESC LIMIT 1) AS newest
    WHERE NOT jsonb_path_exists(rules, '$[*] ? (@.name == "acknowledgement")')
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(BY_NOBODY)
    op.get_bind().execute(text(ONE_MORE_RULE), {"rules": json.dumps([RULE])})
