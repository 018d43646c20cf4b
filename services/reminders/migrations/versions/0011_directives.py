"""Directives climb a ladder of their own, also where operators have set the ladders; who is mentioned and whom an
announcement reaches is told part by part.
"""

import json

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"

ALWAYS = ("normal", "urgent", "very_urgent", "express")
RULE = {
    "name": "acknowledgement",
    "title": "Nhắc xác nhận chỉ đạo, đôn đốc",
    "counts_from": "acknowledgement",
    "rungs": [
        {
            "name": "to_acknowledge",
            "after": {urgency: {"days": -1} for urgency in ALWAYS},
            "to": ["answers"],
            "text": "Sắp đến hạn xác nhận chỉ đạo, đôn đốc: {due}.",
        },
        {
            "name": "unacknowledged",
            "after": {urgency: {"days": 0} for urgency in ALWAYS},
            "to": ["answers", "superior"],
            "text": "{unit} chưa xác nhận chỉ đạo, đôn đốc, hạn {due}.",
        },
        {
            "name": "still_unacknowledged",
            "after": {urgency: {"days": 2} for urgency in ALWAYS},
            "to": ["answers", "superior", "chief_of_office"],
            "text": "Quá hạn {due} từ 2 ngày làm việc: {unit} vẫn chưa xác nhận chỉ đạo, đôn đốc.",
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
    acknowledge boolean,
    acknowledge_by timestamptz,
    rung text,
    next_at timestamptz NOT NULL,
    part integer NOT NULL,
    told_up_to uuid,
    CHECK (NOT open OR (addressed IS NOT NULL AND rung IS NOT NULL))
);
CREATE INDEX announced_open ON announced (next_at) WHERE open;
CREATE INDEX announced_over ON announced (next_at) WHERE NOT open;
COMMENT ON TABLE announced IS 'announcements that people are nudged about';
COMMENT ON COLUMN announced.next_at IS 'when the readers are told by this rung; of what is closed when it was';
COMMENT ON COLUMN announced.told_up_to IS 'the readers are told in the order of their ids, part by part';

CREATE TABLE mentioned (
    message_id uuid PRIMARY KEY,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    title text,
    by_title text,
    to_tell uuid[] NOT NULL,
    part integer NOT NULL
);
CREATE INDEX mentioned_to_tell ON mentioned (at) WHERE to_tell <> '{}';
CREATE INDEX mentioned_told ON mentioned (at) WHERE to_tell = '{}';
COMMENT ON TABLE mentioned IS 'messages that mention somebody, as their newest version has it';
COMMENT ON COLUMN mentioned.to_tell IS 'who is still to be told, part by part';

CREATE TABLE heeded (
    subject_id uuid NOT NULL,
    person_id uuid NOT NULL,
    acknowledged boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (subject_id, person_id)
);
CREATE INDEX heeded_at ON heeded (at);
COMMENT ON TABLE heeded IS 'who has read for himself what he would be told of: a message or an announcement';
"""
BY_NOBODY = "ALTER TABLE ladder_versions ALTER person_id DROP NOT NULL, ALTER post_id DROP NOT NULL"
ONE_MORE_RULE = """
INSERT INTO ladder_versions (version, rules, reason, changed_at)
    SELECT version + 1, rules || CAST(:rules AS jsonb), 'Bổ sung bậc nhắc xác nhận chỉ đạo, đôn đốc', now()
    FROM (SELECT * FROM ladder_versions ORDER BY version DESC LIMIT 1) AS newest
    WHERE NOT jsonb_path_exists(rules, '$[*] ? (@.name == "acknowledgement")')
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(BY_NOBODY)
    op.get_bind().execute(text(ONE_MORE_RULE), {"rules": json.dumps([RULE])})
