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
people = _table("people", id=Id, name=sa.Text, folded=sa.Text, given=sa.Text, phone=sa.Text, email=sa.Text)
memberships = _table(
    "memberships", id=Id, version=sa.BigInteger, person_id=Id, post_id=Id, primary=sa.Boolean, **PERIOD
)
delegations = _table(
    "delegations", id=Id, version=sa.BigInteger, grantor_post_id=Id, grantee_person_id=Id, scope=sa.Text,
    document_number=sa.Text, **PERIOD,
)  # fmt: skip
audiences = _table("audiences", id=sa.Text, version=sa.BigInteger, title=sa.Text, title_en=sa.Text, unit_ids=ARRAY(Id))
working_days = _table("working_days", id=sa.Date, version=sa.BigInteger, working=sa.Boolean, name=sa.Text)
accounts = _table(
    "accounts", id=Id, version=sa.BigInteger, person_id=Id, username=sa.Text, password_hash=sa.Text,
    totp_secret=sa.Text, totp_last_step=sa.BigInteger, revoked_at=Moment,
)  # fmt: skip
entries = _table(
    "entries", membership_id=Id, person_id=Id, post_id=Id, unit_id=Id, post_kind=sa.Text, rank=sa.Integer,
    folded=sa.Text, given=sa.Text, **PERIOD,
)  # fmt: skip
directory_version = _table("directory_version", only=sa.Boolean, newest=sa.BigInteger)


# provisioning
scim_clients = _table(
    "scim_clients", id=Id, name=sa.Text, token_hash=sa.LargeBinary, reach=sa.Text, endings_a_day=sa.Integer,
    endings=sa.Integer, endings_on=sa.Date, created_at=Moment, revoked_at=Moment,
)  # fmt: skip
provisioned = _table(
    "provisioned", person_id=Id, client_id=Id, said=JSONB, name=sa.Text, phone=sa.Text, email=sa.Text,
    created_at=Moment, changed_at=Moment, deleted_at=Moment,
)  # fmt: skip
external_ids = _table("external_ids", client_id=Id, person_id=Id, external_id=sa.Text)


def live(table: sa.Table, day) -> sa.ColumnElement[bool]:
    """Whether a fact holds on a day."""
    return sa.and_(table.c.valid_from <= day, sa.or_(table.c.valid_to.is_(None), table.c.valid_to > day))
