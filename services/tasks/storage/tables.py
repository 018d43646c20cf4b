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
    clause=sa.Text, received_on=sa.Date, reporting=sa.Text, original_due=Moment, assigner_post_id=Id,
    assigner_person_id=Id, assigner_title=sa.Text, leader_post_ids=ARRAY(Id), issued_at=Moment, drafted_by_post_id=Id,
    drafted_by_unit_id=Id, drafted_by_person_id=Id, drafted_at=Moment, draft=JSONB,
)  # fmt: skip
assignments = _table(
    "assignments", id=Id, task_id=Id, parent_id=Id, assigner_post_id=Id, unit_id=Id, unit_code=sa.Text,
    unit_name=sa.Text, post_id=Id, role=sa.Text, title=sa.Text, content=sa.Text, state=sa.Text, version=sa.Integer,
    original_due=Moment, current_due=Moment, assigned_at=Moment, accepted_at=Moment, declined_at=Moment,
    suspended_at=Moment, submitted_at=Moment, submitted_by_person_id=Id, done_at=Moment, closed_at=Moment,
    grade=sa.Text, returns=sa.Integer, refusals=sa.Integer, proposed_unit_id=Id, under_correction=sa.Boolean,
)  # fmt: skip
followers = _table("followers", key=("task_id", "post_id"), task_id=Id, post_id=Id)
history = _table(
    "history", id=sa.BigInteger, task_id=Id, assignment_id=Id, version=sa.Integer, verb=sa.Text, actor_person_id=Id,
    acting_for=Id, at=Moment, reason=sa.Text, data=JSONB,
)  # fmt: skip
results = _table(
    "results", id=Id, assignment_id=Id, round=sa.Integer, summary=sa.Text, document_number=sa.Text,
    document_issued_on=sa.Date, receiving_level=sa.Text, file_ids=ARRAY(Id), unanswered_unit_ids=ARRAY(Id),
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
corrections = _table(
    "corrections", id=Id, task_id=Id, assignment_id=Id, version=sa.Integer, round=sa.Integer, kind=sa.Text,
    field=sa.Text, was=sa.Text, value=sa.Text, reason=sa.Text, state=sa.Text, decides_post_id=Id,
    proposed_by_person_id=Id, proposed_by_post_id=Id, proposed_at=Moment, decided_by_person_id=Id, decided_at=Moment,
    decision_reason=sa.Text,
)  # fmt: skip
