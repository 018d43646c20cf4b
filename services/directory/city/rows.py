"""Rows of the city, in the order of the tables' columns."""

from datetime import date, datetime
from typing import NamedTuple


class UnitRow(NamedTuple):
    id: str
    version: int
    code: str
    kind: str
    name: str
    full_name: str
    full_name_en: str | None
    folded: str
    parent_id: str | None
    valid_from: date
    valid_to: date | None = None


class PostRow(NamedTuple):
    id: str
    version: int
    unit_id: str
    kind: str
    title: str
    is_head: bool
    rank: int
    valid_from: date
    valid_to: date | None = None


class PersonRow(NamedTuple):
    id: str
    name: str
    folded: str
    given: str
    phone: str
    email: str
    mobile: str
    room: str
    employee_number: str


class MembershipRow(NamedTuple):
    id: str
    version: int
    person_id: str
    post_id: str
    primary: bool
    valid_from: date
    valid_to: date | None = None


class DelegationRow(NamedTuple):
    id: str
    version: int
    grantor_post_id: str
    grantee_person_id: str
    kind: str
    scope: str
    document_number: str
    valid_from: date
    valid_to: date


class AudienceRow(NamedTuple):
    id: str
    version: int
    title: str
    title_en: str
    unit_ids: list[str]


class WorkingDayRow(NamedTuple):
    id: date
    version: int
    working: bool
    name: str


class AccountRow(NamedTuple):
    id: str
    person_id: str
    username: str


class SuccessorRow(NamedTuple):
    unit_id: str
    successor_id: str
    how: str
    on_day: date


class ReorganisationRow(NamedTuple):
    id: str
    version: int
    change: str
    command: str
    unit_ids: list[str]
    on_day: date
    document_number: str
    state: str
    successor_ids: list[str]
    without_post: list[str]
    entered_by: str
    entered_as: str
    created_at: datetime
    decided_at: datetime | None
