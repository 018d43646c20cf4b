"""The tables that several areas read: conversations, who takes part in them, what was said, how far each has read."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from chassis.rows import Id

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)

conversations = sa.Table(
    "conversations", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("task_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("first_person_id", Id),
    sa.Column("second_person_id", Id),
    sa.Column("version", sa.Integer),
    sa.Column("last_number", sa.Integer),
    sa.Column("created_at", Moment),
    sa.Column("active_at", Moment),
    sa.Column("ordered", sa.Boolean),
    sa.Column("closed_at", Moment),
    sa.Column("sealed_for", Moment),
)  # fmt: skip
participants = sa.Table(
    "participants", metadata,
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("addressee", Id, sa.Computed("coalesce(post_id, person_id, unit_id)"), primary_key=True),
    sa.Column("post_id", Id),
    sa.Column("person_id", Id),
    sa.Column("unit_id", Id),
    sa.Column("role", sa.Text),
    sa.Column("from_number", sa.Integer),
    sa.Column("until_number", sa.Integer),
    sa.Column("joined_at", Moment),
)  # fmt: skip
messages = sa.Table(
    "messages", metadata,
    sa.Column("id", Id),
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("sender_person_id", Id),
    sa.Column("sender_post_id", Id),
    sa.Column("sender_title", sa.Text),
    sa.Column("acting_for", Id),
    sa.Column("sent_at", Moment),
    sa.Column("version", sa.Integer),
    sa.Column("state", sa.Text),
    sa.Column("client_id", sa.Text),
    sa.Column("request_hash", sa.Text),
    sa.Column("reply_to", Id),
    sa.Column("reply_to_number", sa.Integer),
    sa.Column("mentions", JSONB(none_as_null=True)),
    sa.Column("files", JSONB(none_as_null=True)),
    sa.Column("words", TSVECTOR),
    sa.Column("edited_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by_person_id", Id),
    sa.Column("ended_reason", sa.Text),
    sa.Column("expired_at", Moment),
    sa.Column("sha256", sa.Text),
)  # fmt: skip
message_versions = sa.Table(
    "message_versions", metadata,
    sa.Column("message_id", Id, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text),
    sa.Column("mentions", JSONB(none_as_null=True)),
    sa.Column("until", Moment),
    sa.Column("changed_by_person_id", Id),
)  # fmt: skip
read_marks = sa.Table(
    "read_marks", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("number", sa.Integer),
    sa.Column("paced_until", Moment),
    sa.Column("mentions_read", sa.Integer),
)  # fmt: skip
conversation_settings = sa.Table(
    "conversation_settings", metadata,
    sa.Column("person_id", Id, primary_key=True),
    sa.Column("conversation_id", Id, primary_key=True),
    sa.Column("pinned", sa.Boolean),
    sa.Column("muted_until", Moment),
)  # fmt: skip
