"""The tables of the directory, as the migrations make them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData()
Id = sa.Uuid(as_uuid=False)
Moment = sa.DateTime(timezone=True)


def _table(name: str, /, **columns) -> sa.Table:
    return sa.Table(
        name, metadata, *(sa.Column(column, kind, primary_key=column == "id") for column, kind in columns.items())
    )


PERIOD = {"valid_from": sa.Date, "valid_to": sa.Date}  # valid_to is the day after the last, empty while it is open

units = _table(
    "units", id=Id, version=sa.BigInteger, code=sa.Text, kind=sa.Text, name=sa.Text, full_name=sa.Text,
    full_name_en=sa.Text, folded=sa.Text, parent_id=Id, **PERIOD,
)  # fmt: skip
posts = _table(
    "posts", id=Id, version=sa.BigInteger, unit_id=Id, kind=sa.Text, title=sa.Text, is_head=sa.Boolean,
    rank=sa.Integer, **PERIOD,
)  # fmt: skip
people = _table(
    "people", id=Id, name=sa.Text, folded=sa.Text, given=sa.Text, phone=sa.Text, email=sa.Text, mobile=sa.Text,
    room=sa.Text, shown_to=JSONB, version=sa.BigInteger, employee_number=sa.Text, erased_at=Moment,
)  # fmt: skip
memberships = _table(
    "memberships", id=Id, version=sa.BigInteger, person_id=Id, post_id=Id, primary=sa.Boolean, **PERIOD
)
delegations = _table(
    "delegations", id=Id, version=sa.BigInteger, grantor_post_id=Id, grantee_person_id=Id, kind=sa.Text,
    scope=sa.Text, document_number=sa.Text, **PERIOD,
)  # fmt: skip
audiences = _table(
    "audiences", id=sa.Text, version=sa.BigInteger, title=sa.Text, title_en=sa.Text, unit_ids=ARRAY(Id),
    retired_on=sa.Date,
)  # fmt: skip
working_days = _table("working_days", id=sa.Date, version=sa.BigInteger, working=sa.Boolean, name=sa.Text)
accounts = _table(
    "accounts", id=Id, version=sa.BigInteger, person_id=Id, username=sa.Text, password_hash=sa.Text,
    totp_secret=sa.Text, totp_last_step=sa.BigInteger, revoked_at=Moment, kind=sa.Text, password_once=sa.Boolean,
    password_until=Moment, password_changed_at=Moment, totp_pending=sa.Text, revoked_by=sa.Text,
)  # fmt: skip
# searching
entries = _table(
    "entries", membership_id=Id, person_id=Id, post_id=Id, unit_id=Id, top_id=Id, post_kind=sa.Text, rank=sa.Integer,
    named=sa.Text, given=sa.Text, words=sa.Text, digits=sa.Text, **PERIOD,
)  # fmt: skip
# identities
identities = _table(
    "identities", id=Id, account_id=Id, issuer=sa.Text, subject=sa.Text, linked_at=sa.DateTime(timezone=True)
)
identity_proposals = _table(
    "identity_proposals", account_id=Id, issuer=sa.Text, subject=sa.Text, asked_by=Id, asked_at=Moment
)

vocabulary = _table("vocabulary", word=sa.Text, lines=sa.Integer)
post_words = _table("post_words", word=sa.Text)
shown_people = _table("shown_people", viewer_id=Id, day=sa.Date, person_id=Id)
shown_counts = _table("shown_counts", viewer_id=Id, day=sa.Date, people=sa.Integer, refused=sa.Boolean)
directory_version = _table("directory_version", only=sa.Boolean, newest=sa.BigInteger)

# imports
imports = _table(
    "imports", id=Id, version=sa.BigInteger, what=sa.Text, form=sa.Text, unit_id=Id, dry_run=sa.Boolean,
    end_missing=sa.Boolean, mapping=JSONB, size=sa.Integer, sha256=sa.Text, state=sa.Text, step=sa.Text, person_id=Id,
    created_at=Moment, ended_at=Moment, claimed_at=Moment,
    attempts=sa.Integer, stage=sa.Text, done=sa.Integer, total=sa.Integer, headers=JSONB, counts=JSONB, digest=sa.Text,
    stale=sa.Boolean, fault=JSONB,
)  # fmt: skip
import_parts = _table("import_parts", import_id=Id, number=sa.Integer, content=sa.LargeBinary)
import_rows = _table(
    "import_rows", import_id=Id, number=sa.Integer, kind=sa.Text, line=sa.Integer, key=sa.Text, changes=JSONB,
    faults=JSONB,
)  # fmt: skip

# units as they were, reorganisations and their plans
unit_states = _table(
    "unit_states", unit_id=Id, name=sa.Text, full_name=sa.Text, full_name_en=sa.Text, folded=sa.Text, parent_id=Id,
    **PERIOD,
)  # fmt: skip
post_states = _table("post_states", post_id=Id, title=sa.Text, **PERIOD)
unit_successors = _table("unit_successors", unit_id=Id, successor_id=Id, how=sa.Text, on_day=sa.Date)
reorganisations = _table(
    "reorganisations", id=Id, version=sa.BigInteger, change=sa.Text, command=JSONB, unit_ids=ARRAY(Id),
    on_day=sa.Date, document_number=sa.Text, state=sa.Text, failure=JSONB, successor_ids=ARRAY(Id),
    without_post=ARRAY(Id), entered_by=Id, entered_as=Id, created_at=sa.DateTime(timezone=True),
    decided_at=sa.DateTime(timezone=True),
)  # fmt: skip

# accounts: their second factors, the guesses at them, and the desk
recovery_codes = _table("recovery_codes", account_id=Id, code_hash=sa.LargeBinary, used_at=Moment)
guesses = _table("guesses", id=sa.BigInteger, bucket=sa.Text, attempt=Id, failed=sa.Boolean, at=Moment)
known_sources = _table("known_sources", account_id=Id, source=sa.Text, kind=sa.Text, last_at=Moment)
recoveries = _table(
    "recoveries", id=Id, kind=sa.Text, state=sa.Text, account_id=Id, reason=sa.Text, asked_by=Id, asked_at=Moment,
    expires_at=Moment, decided_by=Id, decided_at=Moment,
)  # fmt: skip


# provisioning
scim_clients = _table(
    "scim_clients", id=Id, name=sa.Text, token_hash=sa.LargeBinary, reach=sa.Text, endings_a_day=sa.Integer,
    endings=sa.Integer, endings_on=sa.Date, created_at=Moment, revoked_at=Moment,
)  # fmt: skip
provisioned = _table(
    "provisioned", person_id=Id, client_id=Id, said=JSONB, name=sa.Text, phone=sa.Text, mobile=sa.Text, email=sa.Text,
    created_at=Moment, changed_at=Moment, deleted_at=Moment,
)  # fmt: skip
external_ids = _table("external_ids", client_id=Id, person_id=Id, external_id=sa.Text)


def live(table: sa.Table, day) -> sa.ColumnElement[bool]:
    """Whether a fact holds on a day."""
    return sa.and_(table.c.valid_from <= day, sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day))


def not_over(table: sa.Table, day) -> sa.ColumnElement[bool]:
    """Whether a fact holds on a day or is to begin after it."""
    begun = sa.func.greatest(table.c.valid_from, sa.literal(day, sa.Date))
    return sa.or_(table.c.valid_to.is_(None), table.c.valid_to > begun)
