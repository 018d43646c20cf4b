"""People as the directory shows them."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.fields import POST_KINDS, ById, Id, Line, Moment, Page, Request, Statement, Text, one_of

VISIBILITIES = ("city", "unit", "staff", "self")


class TelephoneNumber(Line):
    """Digits with blanks, dots, brackets and hyphens wherever people put them."""

    def __init__(self, **kwargs):
        super().__init__(max=30, **kwargs)
        self.validators.append(validate.Regexp(r"^\+?[0-9 ().-]*[0-9]$", error="Not a telephone number."))


class EmployeeNumber(Line):
    """By which the staff offices know a person: letters and digits, with dots, hyphens, slashes and underscores."""

    def __init__(self, **kwargs):
        super().__init__(max=64, **kwargs)
        self.validators.append(validate.Regexp(r"^[^\W_][\w.\-/]*$", error="Not an employee number."))


class Person(Statement):
    id = Id(required=True)
    name = fields.String(required=True)


class PersonEntry(Statement):
    """One line of the directory: a person in a post. `phone` is the office number."""

    id = Id(required=True)
    name = fields.String(required=True)
    post_id = Id(required=True)
    post_kind = fields.String(required=True)
    title = fields.String(required=True)
    unit_id = Id(required=True)
    unit_name = fields.String(required=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class SearchPeople(Request):
    """`q` as people type it: without diacritics, in any order of name parts; from 2 characters."""

    q = Text(max=100, min=2, load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    sub_units = fields.Boolean(load_default=True)
    post = one_of(POST_KINDS, load_default=None, allow_none=True)
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class PeoplePage(Statement):
    items = fields.List(fields.Nested(PersonEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListStaff(Page):
    unit_id = Id(required=True)
    sub_units = fields.Boolean(load_default=True)


class Contact(Statement):
    """How a person can be reached, as far as the seeker may know it. `phone` is the office number."""

    phone = fields.String(required=True, allow_none=True)
    mobile = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    room = fields.String(required=True, allow_none=True)


class Visibility(Statement):
    """Who may know a field: everybody in the `city`, the own `unit`, `staff` who serve its leaders, nobody (`self`)."""

    phone = one_of(VISIBILITIES)
    mobile = one_of(VISIBILITIES)
    email = one_of(VISIBILITIES)
    room = one_of(VISIBILITIES)

    class Meta(Request.Meta):
        pass


class PersonDetail(Person):
    """`employee_number` and `visibility` are told to the person and to administrators. Since `erased_at` nobody knows
    any more what he was called, nor how he was reached.
    """

    version = fields.Integer(required=True)
    erased_at = Moment(required=True, allow_none=True)
    employee_number = fields.String(required=True, allow_none=True)
    entries = fields.List(fields.Nested(PersonEntry), required=True)
    contact = fields.Nested(Contact, required=True)
    visibility = fields.Nested(Visibility, required=True, allow_none=True)


class NewContact(Request):
    """Only what is given changes; null takes a field away."""

    phone = TelephoneNumber(allow_none=True)
    mobile = TelephoneNumber(allow_none=True)
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    room = Line(max=50, allow_none=True)
    visibility = fields.Nested(Visibility)


class ChangeOwnContact(NewContact):
    version = fields.Integer(required=True, allow_none=True)


class NewPerson(NewContact):
    """Somebody who holds no post yet. Whoever has an employee number is known by it to files and machines too."""

    name = Line(max=200, required=True)
    employee_number = EmployeeNumber(load_default=None, allow_none=True)


class AddPerson(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))
    person = fields.Nested(NewPerson, required=True)


class PersonCorrection(NewContact):
    """Only what is given changes; null takes a field away."""

    name = Line(max=200)
    employee_number = EmployeeNumber(allow_none=True)


class ChangePerson(PersonCorrection):
    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)


class Erasure(Request):
    """Why; the audit log keeps it, so it names nobody."""

    reason = Text(max=500, required=True)


class ErasePerson(Erasure):
    id = Id(required=True)
    version = fields.Integer(required=True, allow_none=True)


class PersonChanged(Statement):
    person_id = Id(required=True)


class NamesRequest(Request):
    person_ids = fields.List(Id(), required=True, validate=validate.Length(max=500))


class Names(Statement):
    items = fields.List(fields.Nested(Person), required=True)


class ReachedAt(Statement):
    """For services that tell people something, never for showing it: whatever the person lets others see."""

    person_id = Id(required=True)
    email = fields.String(required=True, allow_none=True)
    mobile = fields.String(required=True, allow_none=True)


class Contacts(Statement):
    items = fields.List(fields.Nested(ReachedAt), required=True)


search_people = Procedure("directory", "search_people", SearchPeople, PeoplePage, "Find people as one types.")
get_person = Procedure("directory", "get_person", ById, PersonDetail, "A person in all his posts.")
list_staff = Procedure("directory", "list_staff", ListStaff, PeoplePage, "Everybody in a unit, its leaders first.")
change_own_contact = Procedure(
    "directory", "change_own_contact", ChangeOwnContact, PersonDetail, "How one can be reached, and who may know it."
)
add_person = Procedure("directory", "add_person", AddPerson, PersonDetail, "Make a person, who holds no post yet.")
change_person = Procedure(
    "directory", "change_person", ChangePerson, PersonDetail, "Correct a person's name, number and how to reach him."
)
erase_person = Procedure(
    "directory", "erase_person", ErasePerson, PersonDetail,
    "Nothing says any more who somebody was, who holds no post and whose account has ended.",
)  # fmt: skip
get_names = Procedure("directory", "get_names", NamesRequest, Names, "The names of up to 500 people.")
get_contacts = Procedure(
    "directory", "get_contacts", NamesRequest, Contacts, "Where people whose account is not revoked are written to.",
    caller="service", callers=("reminders",),
)  # fmt: skip

person_changed = Event(
    "directory", "person_changed", PersonChanged, "What is known of a person has changed.", hearers=("gateway",)
)
person_erased = Event(
    "directory", "person_erased", PersonChanged, "Nothing says any more who a person was.",
    hearers=("reminders", "gateway"),
)  # fmt: skip
