"""What tasks says on the bus."""

from marshmallow import fields

from chassis.contract import Event
from contracts.fields import Id, Moment, Statement


class IssuedAssignment(Statement):
    id = Id(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    role = fields.String(required=True)
    current_due = Moment(required=True, allow_none=True)


class Awaits(Statement):
    """For whose act something waits: an action item of this kind for this post, from whom and by when."""

    kind = fields.String(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    from_title = fields.String(required=True)
    due = Moment(required=True, allow_none=True)


class Waiting(Statement):
    """Something that waits for a post, or (`awaits` null) no longer does: a leader's being asked to issue, a blocker,
    an urging, a correction; what an owner is asked about what he passed on. Each has its own id and versions.
    `assignment_id` and `title` where it is about a piece that need not be the event's.
    """

    subject_id = Id(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    awaits = fields.Nested(Awaits, required=True, allow_none=True)
    assignment_id = Id()
    title = fields.String()


class TaskIssued(Statement):
    """An order was given: everything its hearers need to act and to render."""

    task_id = Id(required=True)
    title = fields.String(required=True)
    mode = fields.String(required=True)
    urgency = fields.String(required=True)
    source = fields.String(required=True)
    issued_at = Moment(required=True)
    assigner_post_id = Id(required=True)
    assigner_title = fields.String(required=True)
    followers = fields.List(Id(), required=True)
    unit_ids = fields.List(Id(), required=True)
    assignments = fields.List(fields.Nested(IssuedAssignment), required=True)
    waiting = fields.List(fields.Nested(Waiting), load_default=list)  # leaders who need not issue it any more


class ExtensionNow(Statement):
    """A request for more time that ended with its piece, or is another post's to decide since the piece moved."""

    extension_id = Id(required=True)
    version = fields.Integer(required=True)
    awaits = fields.Nested(Awaits, required=True, allow_none=True)


class FormerOwner(Statement):
    """Whose the piece was until now; `follows`: the order names him beside its pieces."""

    post_id = Id(required=True)
    follows = fields.Boolean(required=True)


class PieceNow(Statement):
    """A piece after a change, with what changed with it: its owner; a request for more time; what was `waiting` about
    it.

    What may be missing is not in an event of the first form, which told of an acceptance and nothing else.
    """

    change = fields.String(required=True)
    assignment_id = Id(required=True)
    task_id = Id(required=True)
    parent_id = Id(load_default=None, allow_none=True)
    title = fields.String(required=True)
    urgency = fields.String(load_default="normal")
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    assigner_post_id = Id(load_default=None, allow_none=True)
    role = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True)
    version = fields.Integer(required=True)
    current_due = Moment(load_default=None, allow_none=True)
    returns = fields.Integer(load_default=0)
    awaits = fields.Nested(Awaits, load_default=None, allow_none=True)
    extension = fields.Nested(ExtensionNow, load_default=None, allow_none=True)
    former = fields.Nested(FormerOwner, load_default=None, allow_none=True)
    waiting = fields.List(fields.Nested(Waiting), load_default=list)


class Act(Statement):
    """Who did it, when and why; `concerns` are the posts that should see it live."""

    at = Moment(required=True)
    actor_person_id = Id(required=True)
    acting_for = Id(required=True, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True)


class AssignmentChanged(PieceNow, Act):
    """One assignment moved on. `pieces` are others that came into being or changed by the same act: what was passed
    on, what was revoked with it, what is now another's to decide.
    """

    result_id = Id(load_default=None, allow_none=True)
    file_ids = fields.List(Id(), load_default=list)  # of the result that was submitted
    pieces = fields.List(fields.Nested(PieceNow), load_default=list)
    concerns = fields.List(Id(), required=True)


class TaskRevoked(Act):
    """An order was taken back, with all the pieces of it that were open."""

    task_id = Id(required=True)
    title = fields.String(required=True)
    unit_ids = fields.List(Id(), required=True)
    pieces = fields.List(fields.Nested(PieceNow), required=True)
    concerns = fields.List(Id(), required=True)


class AssignmentsMoved(Act):
    """Open pieces of a unit that was reorganised belong to another one now. `pieces` holds as well those passed on
    from them, which are the new head's to decide.
    """

    from_unit_id = Id(required=True)
    unit_id = Id(required=True)
    pieces = fields.List(fields.Nested(PieceNow), required=True)


class ExtensionChanged(Act):
    """Of a request for more time. `state` says whether it is decided, `current_due` the deadline that stands; `pieces`
    holds the one that was given more.
    """

    extension_id = Id(required=True)
    assignment_id = Id(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    urgency = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)
    assignment_version = fields.Integer(required=True)
    round = fields.Integer(required=True)
    late = fields.Boolean(required=True)
    due_before = Moment(required=True)
    requested_due = Moment(required=True)
    granted_due = Moment(required=True, allow_none=True)
    current_due = Moment(required=True)
    awaits = fields.Nested(Awaits, required=True, allow_none=True)
    waiting = fields.List(fields.Nested(Waiting), load_default=list)  # whether children are to have more time, too
    pieces = fields.List(fields.Nested(PieceNow), load_default=list)
    concerns = fields.List(Id(), required=True)


class OfPiece(Act):
    """About one piece."""

    assignment_id = Id(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    urgency = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    post_id = Id(required=True)
    waiting = fields.List(fields.Nested(Waiting), required=True)
    concerns = fields.List(Id(), required=True)


class DraftChanged(Act):
    """A draft was put before leaders, or sent back."""

    task_id = Id(required=True)
    title = fields.String(required=True)
    urgency = fields.String(required=True)
    change = fields.String(required=True)
    waiting = fields.List(fields.Nested(Waiting), required=True)
    concerns = fields.List(Id(), required=True)


class ProgressReported(OfPiece):
    """`waiting` holds what stops the work, if the report says so."""

    report_id = Id(required=True)
    number = fields.Integer(required=True)
    percent = fields.Integer(required=True, allow_none=True)
    blocker_id = Id(required=True, allow_none=True)
    file_ids = fields.List(Id(), load_default=list)


class BlockerChanged(OfPiece):
    blocker_id = Id(required=True)
    version = fields.Integer(required=True)
    level = fields.String(required=True)
    decides_post_id = Id(required=True)
    answer_due = Moment(required=True)


class Urged(Statement):
    urging_id = Id(required=True)
    assignment_id = Id(required=True)
    unit_id = Id(required=True)
    post_id = Id(required=True)


class UrgingRaised(Act):
    """One act, be it about one piece or about all late ones. `inside`: about what a unit passed on, which is no matter
    of the others in the order.
    """

    act_id = Id(required=True)
    task_id = Id(required=True)
    title = fields.String(required=True)
    urgency = fields.String(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    from_post_id = Id(required=True)
    from_title = fields.String(required=True)
    inside = fields.Boolean(required=True)
    answer_due = Moment(required=True)
    urgings = fields.List(fields.Nested(Urged), required=True)
    waiting = fields.List(fields.Nested(Waiting), required=True)
    concerns = fields.List(Id(), required=True)


class UrgingAnswered(OfPiece):
    urging_id = Id(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)


class CorrectionChanged(OfPiece):
    """`pieces` holds the one that an accepted correction put right."""

    correction_id = Id(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    field = fields.String(required=True)
    state = fields.String(required=True)
    pieces = fields.List(fields.Nested(PieceNow), required=True)


_ABOUT_EXTENSION = ("extension_id", "assignment_id", "task_id", "unit_id", "round", "state")

task_issued = Event(
    "tasks", "task_issued", TaskIssued, "An order was given.",
    hearers=("reminders", "messaging"), published=("task_id", "unit_ids"),
)  # fmt: skip
assignment_changed = Event(
    "tasks", "assignment_changed", AssignmentChanged, "A piece of an order moved on.",
    hearers=("reminders", "messaging", "gateway"), published=("assignment_id", "task_id", "unit_id", "change"),
)  # fmt: skip
task_revoked = Event(
    "tasks", "task_revoked", TaskRevoked, "An order was taken back.",
    hearers=("reminders", "messaging", "gateway"), published=("task_id", "unit_ids"),
)  # fmt: skip
assignments_moved = Event(
    "tasks", "assignments_moved", AssignmentsMoved, "Open pieces of a reorganised unit are another's now.",
    hearers=("reminders", "messaging", "gateway"), published=("from_unit_id", "unit_id"),
)  # fmt: skip
extension_requested = Event(
    "tasks", "extension_requested", ExtensionChanged, "More time was asked for.",
    hearers=("reminders", "gateway"), published=_ABOUT_EXTENSION,
)  # fmt: skip
extension_decided = Event(
    "tasks", "extension_decided", ExtensionChanged, "A request for more time was decided, or taken back.",
    hearers=("reminders", "gateway"), published=_ABOUT_EXTENSION,
)  # fmt: skip
draft_changed = Event(
    "tasks", "draft_changed", DraftChanged, "A draft was put before leaders, or sent back.",
    hearers=("reminders", "gateway"),
)  # fmt: skip
progress_reported = Event(
    "tasks", "progress_reported", ProgressReported, "A unit said how far it is.",
    hearers=("reminders", "messaging", "gateway"), published=("report_id", "assignment_id", "task_id", "unit_id"),
)  # fmt: skip
_ABOUT_BLOCKER = ("blocker_id", "assignment_id", "task_id", "unit_id", "level")
blocker_raised = Event(
    "tasks", "blocker_raised", BlockerChanged, "Something stops the work, and a level must decide.",
    hearers=("reminders", "gateway"), published=_ABOUT_BLOCKER,
)  # fmt: skip
blocker_resolved = Event(
    "tasks", "blocker_resolved", BlockerChanged, "The level that must decide has decided.",
    hearers=("reminders", "gateway"), published=_ABOUT_BLOCKER,
)  # fmt: skip
urging_raised = Event(
    "tasks", "urging_raised", UrgingRaised, "Owners of pieces are urged.",
    hearers=("reminders", "messaging"),
)  # fmt: skip
urging_answered = Event(
    "tasks", "urging_answered", UrgingAnswered, "The owner of a piece answered.",
    hearers=("reminders", "gateway"),
)  # fmt: skip
_ABOUT_CORRECTION = ("correction_id", "assignment_id", "task_id", "unit_id", "kind", "field", "state")
correction_proposed = Event(
    "tasks", "correction_proposed", CorrectionChanged, "A fact was entered wrongly, or is disputed.",
    hearers=("reminders", "gateway"), published=_ABOUT_CORRECTION,
)  # fmt: skip
correction_decided = Event(
    "tasks", "correction_decided", CorrectionChanged, "A correction was accepted, refused or withdrawn.",
    hearers=("reminders", "messaging", "gateway"), published=_ABOUT_CORRECTION,
)  # fmt: skip
