"""The tables of orders, as the migrations make them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.rows import Id

metadata = sa.MetaData()
Moment = sa.DateTime(timezone=True)


def _table(name: str, /, *, key: tuple[str, ...] = ("id",), **columns) -> sa.Table:
    return sa.Table(
        name, metadata, *(sa.Column(column, kind, primary_key=column in key) for column, kind in columns.items())
    )


tasks = _table(
    "tasks", id=Id, code=sa.Text, state=sa.Text, version=sa.Integer, title=sa.Text, title_key=sa.Text, content=sa.Text,
    expected_result=sa.Text, mode=sa.Text, urgency=sa.Text, source=sa.Text, field=sa.Text, document_id=Id,
    clause=sa.Text, superior_due=Moment, received_on=sa.Date, reporting=sa.Text, original_due=Moment,
    assigner_post_id=Id, assigner_person_id=Id, assigner_title=sa.Text, leader_post_ids=ARRAY(Id),
    issued_at=Moment, drafted_by_post_id=Id, drafted_by_unit_id=Id, drafted_by_person_id=Id, drafted_at=Moment,
    draft=JSONB, imported_at=Moment, document_number=sa.Text, document_issued_on=sa.Date,
    talk_id=Id, talk_count=sa.Integer, talk_sha256=sa.Text, talk_sealed_at=Moment,
)  # fmt: skip
assignments = _table(
    "assignments", id=Id, task_id=Id, parent_id=Id, assigner_post_id=Id, unit_id=Id, unit_code=sa.Text,
    unit_name=sa.Text, post_id=Id, role=sa.Text, title=sa.Text, content=sa.Text, state=sa.Text, version=sa.Integer,
    original_due=Moment, current_due=Moment, assigned_at=Moment, accepted_at=Moment, declined_at=Moment,
    suspended_at=Moment, submitted_at=Moment, submitted_by_person_id=Id, done_at=Moment, closed_at=Moment,
    grade=sa.Text, returns=sa.Integer, refusals=sa.Integer, proposed_unit_id=Id, under_correction=sa.Boolean,
)  # fmt: skip
followers = _table("followers", key=("task_id", "post_id"), task_id=Id, post_id=Id)
attachments = _table(
    "attachments", key=("subject_id", "place"), subject_id=Id, place=sa.Integer, file_id=Id, assignment_id=Id,
    name=sa.Text, media_type=sa.Text, size=sa.BigInteger,
)  # fmt: skip
history = _table(
    "history", id=sa.BigInteger, task_id=Id, assignment_id=Id, version=sa.Integer, verb=sa.Text, actor_person_id=Id,
    acting_for=Id, at=Moment, reason=sa.Text, data=JSONB,
)  # fmt: skip
results = _table(
    "results", id=Id, assignment_id=Id, round=sa.Integer, summary=sa.Text, document_number=sa.Text,
    document_issued_on=sa.Date, receiving_level=sa.Text, unanswered_unit_ids=ARRAY(Id),
    submitted_by_person_id=Id, submitted_by_post_id=Id, submitted_at=Moment, outcome=sa.Text, grade=sa.Text,
    reason=sa.Text, decided_by_person_id=Id, decided_at=Moment,
)  # fmt: skip
extensions = _table(
    "extensions", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, round=sa.Integer, state=sa.Text,
    reason=sa.Text, progress=sa.Text, plan=sa.Text, due_before=Moment, requested_due=Moment, granted_due=Moment,
    late=sa.Boolean, requested_by_person_id=Id, requested_by_post_id=Id, requested_at=Moment, decided_by_person_id=Id,
    decided_at=Moment, decision_reason=sa.Text,
)  # fmt: skip
progress_reports = _table(
    "progress_reports", id=Id, task_id=Id, assignment_id=Id, number=sa.Integer, result=sa.Text, percent=sa.Integer,
    request=sa.Text, blocker_id=Id, reported_by_person_id=Id, reported_by_post_id=Id, reported_at=Moment,
    imported=sa.Boolean,
)  # fmt: skip
blockers = _table(
    "blockers", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, text=sa.Text, level=sa.Text,
    decides_post_id=Id, raised_by_person_id=Id, raised_by_post_id=Id, raised_at=Moment, answer_due=Moment,
    answer=sa.Text, resolved_by_person_id=Id, resolved_at=Moment,
)  # fmt: skip
urgings = _table(
    "urgings", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, kind=sa.Text, text=sa.Text, from_post_id=Id,
    from_person_id=Id, from_title=sa.Text, to_post_id=Id, raised_at=Moment, answer_due=Moment, answer=sa.Text,
    answered_by_person_id=Id, answered_at=Moment,
)  # fmt: skip
prompts = _table(
    "prompts", id=Id, assignment_id=Id, kind=sa.Text, version=sa.Integer, open=sa.Boolean, raised_at=Moment,
)  # fmt: skip
corrections = _table(
    "corrections", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, round=sa.Integer, kind=sa.Text,
    field=sa.Text, was=sa.Text, value=sa.Text, reason=sa.Text, state=sa.Text, decides_post_id=Id,
    proposed_by_person_id=Id, proposed_by_post_id=Id, proposed_at=Moment, decided_by_person_id=Id, decided_at=Moment,
    decision_reason=sa.Text,
)  # fmt: skip
documents = _table(
    "documents", id=Id, version=sa.Integer, origin=sa.Text, origin_id=sa.Text, origin_version=sa.BigInteger,
    source=sa.Text, number=sa.Text, issued_on=sa.Date, abstract=sa.Text, signer=sa.Text, urgency=sa.Text,
    received_on=sa.Date, state=sa.Text, reached=sa.Text, code=sa.Text, settled=sa.Boolean, report_due_on=sa.Date,
    refusal_reason=sa.Text, recall=sa.Text, amendment=JSONB, entered_by_person_id=Id, entered_at=Moment,
)  # fmt: skip
clauses = _table(
    "clauses", key=("document_id", "number"), document_id=Id, number=sa.Integer, label=sa.Text, text=sa.Text,
    due_on=sa.Date, reporting=sa.Text, no_task_reason=sa.Text, no_task_by_person_id=Id, no_task_at=Moment,
)  # fmt: skip
task_clauses = _table(
    "task_clauses", key=("document_id", "number", "task_id"), document_id=Id, number=sa.Integer, task_id=Id
)  # fmt: skip
moved_documents = _table("moved_documents", id=sa.BigInteger, document_id=Id)
superior_requests = _table(
    "superior_requests", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, state=sa.Text, source=sa.Text,
    due_before=Moment, requested_due=Moment, consented_at=Moment, consented_by_person_id=Id, sent_number=sa.Text,
    sent_on=sa.Date, said=JSONB, said_version=sa.BigInteger, granted_due=Moment, answer_number=sa.Text,
    answer_issued_on=sa.Date, answer_reason=sa.Text, answered_at=Moment, answered_by_person_id=Id,
)  # fmt: skip
superior_reports = _table(
    "superior_reports", id=Id, version=sa.Integer, state=sa.Text, source=sa.Text, document_id=Id, since=sa.Date,
    as_of=Moment, classes=JSONB, drafted_by_person_id=Id, drafted_by_post_id=Id, decided_by_person_id=Id,
    decided_at=Moment, return_reason=sa.Text, sent_number=sa.Text, sent_on=sa.Date, sent_at=Moment,
)  # fmt: skip
report_lines = _table(
    "report_lines", key=("report_id", "number"), report_id=Id, number=sa.Integer, task_id=Id, title=sa.Text,
    document_id=Id, document_number=sa.Text, clause=sa.Text, units=ARRAY(sa.Text), superior_due=Moment,
    done_at=Moment, report_class=sa.Text, days=sa.Integer,
)  # fmt: skip
imports = _table(
    "imports", id=Id, version=sa.BigInteger, form=sa.Text, assigner_post_id=Id, dry_run=sa.Boolean, mapping=JSONB,
    size=sa.Integer, sha256=sa.Text, state=sa.Text, step=sa.Text, person_id=Id, post_id=Id, acting_for=Id,
    created_at=Moment, ended_at=Moment, claimed_at=Moment, attempts=sa.Integer, stage=sa.Text, done=sa.Integer,
    total=sa.Integer, applied=sa.Integer, headers=JSONB, counts=JSONB, fault=JSONB,
)  # fmt: skip
import_parts = _table(
    "import_parts", key=("import_id", "number"), import_id=Id, number=sa.Integer, content=sa.LargeBinary
)  # fmt: skip
import_rows = sa.Table(
    "import_rows", metadata, sa.Column("import_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True), sa.Column("kind", sa.Text), sa.Column("line", sa.Integer),
    sa.Column("key", sa.Text), sa.Column("changes", JSONB), sa.Column("faults", JSONB),
)  # fmt: skip
parked_tasks = _table(
    "parked_tasks", id=Id, version=sa.Integer, import_id=Id, line=sa.Integer, same=sa.Text, code=sa.Text, cells=JSONB,
    each=sa.Boolean, faults=JSONB, parked_at=Moment,
)  # fmt: skip
templates = _table(
    "templates", id=Id, version=sa.Integer, state=sa.Text, title=sa.Text, order=JSONB, leader_post_ids=ARRAY(Id),
    rrule=sa.Text, starts_on=sa.Date, ends_on=sa.Date, day_off=sa.Text, offset=sa.Integer, next_on=sa.Date, post_id=Id,
    unit_id=Id, person_id=Id, acting_for=Id,
)  # fmt: skip
occurrences = _table(
    "occurrences", key=("template_id", "occurrence"), template_id=Id, occurrence=sa.Date, outcome=sa.Text, task_id=Id,
    code=sa.Text, at=Moment,
)  # fmt: skip
