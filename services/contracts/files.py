"""The store of files, which messaging keeps. Their bytes do not go over the bus: the gateway writes and reads them
where messaging says.
"""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.fields import Id, Line, Moment, Request, Statement, one_of

MOST_ATTACHED = 20  # files of one thing
SCANS = ("unchecked", "clean", "infected")


class FileIds(fields.List):
    """Files to attach, each once."""

    def __init__(self):
        super().__init__(Id(), load_default=list, validate=validate.Length(max=MOST_ATTACHED))

    def _deserialize(self, value, attr, data, **kwargs):
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class AttachedFile(Statement):
    id = Id(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)


class StoredFile(AttachedFile):
    """`media_type` is what the content is, not what anybody says that it is."""

    sha256 = fields.String(required=True)
    scan = one_of(SCANS, required=True)
    uploaded_at = Moment(required=True)


class BeginFile(Request):
    name = Line(max=1000, required=True)
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class BegunFile(Statement):
    """`blob_id` is where the bytes go, this time; none if it is kept or refused already: then they are only counted."""

    id = Id(required=True)
    blob_id = Id(required=True, allow_none=True)


class FinishFile(Request):
    """What arrived, as whoever received it counted it."""

    id = Id(required=True)
    blob_id = Id(required=True, allow_none=True)
    size = fields.Integer(required=True, validate=validate.Range(min=0))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class OpenFile(Request):
    """`grant` is the word of the service that a file was attached at."""

    id = Id(required=True)
    grant = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class OpenedFile(Statement):
    """The file with where its bytes are; or, in its place, the services one of which may grant it."""

    file = fields.Nested(StoredFile, required=True, allow_none=True)
    blob_id = Id(required=True, allow_none=True)
    ask = fields.List(fields.String(), required=True)


class GrantFile(Request):
    id = Id(required=True)


class GrantedFile(Statement):
    grant = fields.String(required=True)


class HoldFiles(Request):
    """For this person, to attach them."""

    person_id = Id(required=True)
    file_ids = fields.List(Id(), required=True, validate=validate.Length(1, MOST_ATTACHED))


class HeldFiles(Statement):
    items = fields.List(fields.Nested(AttachedFile), required=True)


begin_file = Procedure(
    "messaging", "begin_file", BeginFile, BegunFile, "A file is about to come: where its bytes go.", patience=PATIENCE
)
finish_file = Procedure(
    "messaging", "finish_file", FinishFile, StoredFile, "Its bytes are there: they are looked at, and kept or refused.",
    timeout=PATIENCE,
)  # fmt: skip
open_file = Procedure(
    "messaging", "open_file", OpenFile, OpenedFile, "A file is to be read: where its bytes are."
)  # fmt: skip
hold_files = Procedure(
    "messaging", "hold_files", HoldFiles, HeldFiles, "Files are about to be attached: they are the person's own, and "
    "stay.", caller="service", callers=("tasks",), timeout=3.0,
)  # fmt: skip
