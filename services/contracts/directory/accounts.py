"""Accounts: who signs in, and in which capacities he may act."""

from marshmallow import fields, validate

from chassis.contract import Event, Procedure
from contracts.directory.appointments import DELEGATION_KINDS, DELEGATION_SCOPES
from contracts.directory.people import Person
from contracts.fields import ById, Id, Moment, Nothing, Page, Request, Statement, Text, one_of

RESTRICTIONS = ("password_change_required", "totp_enrolment_required")
ACCOUNT_STATES = ("active", "one_time_password", "no_password", "revoked")
RECOVERY_KINDS = ("password", "totp")
RECOVERY_STATES = ("asked", "confirmed", "refused", "expired")
HANDOVER_FORMS = ("sheet", "slips")


def _password(**options) -> fields.String:
    return fields.String(validate=validate.Length(1, 200), **options)


def _code(**options) -> fields.String:
    """A code of the authenticator, or a recovery code."""
    return fields.String(validate=validate.Length(1, 40), **options)


class Credentials(Request):
    """`totp` is a code of the authenticator or a recovery code, where the account has a second factor."""

    username = fields.String(required=True, validate=validate.Length(1, 100))
    password = _password(required=True)
    totp = _code(load_default=None, allow_none=True)


class SignIn(Credentials):
    """`address` is where the attempt comes from; `device` is what a browser shows that signed in before."""

    address = fields.String(load_default="", validate=validate.Length(max=64))
    device = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128))


class Restricted(Statement):
    """`restriction` is what the account's owner must do before anything else."""

    restriction = one_of(RESTRICTIONS, required=True, allow_none=True)


class Account(Restricted):
    """`version` grows with whatever ends the account's sessions."""

    account_id = Id(required=True)
    person_id = Id(required=True)
    version = fields.Integer(required=True)


class SignedIn(Account):
    """`lacks_second_factor`: where a post asks for one, its session is restricted until there is one."""

    lacks_second_factor = fields.Boolean(required=True)


class OwnAccount(Restricted):
    id = Id(required=True)
    username = fields.String(required=True)
    totp_enrolled = fields.Boolean(required=True)
    totp_required = fields.Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)
    password_changed_at = Moment(required=True, allow_none=True)


class AccountState(Statement):
    """Somebody's account, as those see it who look after accounts."""

    id = Id(required=True)
    person_id = Id(required=True)
    username = fields.String(required=True)
    state = one_of(ACCOUNT_STATES, required=True)
    totp_enrolled = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class NewPassword(Request):
    """At least 12 characters, nothing common, nothing that anybody knows of the account; no other rules."""

    password = _password(required=True)
    new_password = _password(required=True)


class Proof(Request):
    """Whoever changes a second factor shows once more who he is; `totp` where he has one already."""

    password = _password(required=True)
    totp = _code(load_default=None, allow_none=True)


class TotpSecret(Statement):
    """For the authenticator. It counts once it is confirmed by a code."""

    secret = fields.String(required=True)
    otpauth_uri = fields.String(required=True)


class TotpCode(Request):
    code = fields.String(required=True, validate=validate.Length(1, 10))


class RecoveryCodes(Restricted):
    """Each signs in once in the place of a code. Shown this once."""

    recovery_codes = fields.List(fields.String(), required=True)


class AccountChange(ById):
    version = fields.Integer(load_default=None, allow_none=True)


class AskRecovery(Request):
    """What a person has lost; `reason` says how he showed who he is."""

    person_id = Id(required=True)
    kind = one_of(RECOVERY_KINDS, required=True)
    reason = Text(max=500, required=True)


class AskRecoveryOnce(AskRecovery):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class Recovery(Statement):
    """`title` and `unit_name` are those of the person's primary post; null when he holds none."""

    id = Id(required=True)
    person_id = Id(required=True)
    person_name = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    kind = one_of(RECOVERY_KINDS, required=True)
    state = one_of(RECOVERY_STATES, required=True)
    reason = fields.String(required=True)
    asked_by = Id(required=True)
    asked_by_name = fields.String(required=True)
    asked_at = Moment(required=True)
    expires_at = Moment(required=True)
    decided_by = Id(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class ConfirmRecovery(ById):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class RecoveryPage(Statement):
    items = fields.List(fields.Nested(Recovery), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ConfirmedRecovery(Recovery):
    """`one_time_password` is shown to nobody else; null where a second factor was lost."""

    username = fields.String(required=True)
    one_time_password = fields.String(required=True, allow_none=True)


class Handover(Request):
    unit_id = Id(required=True)
    sub_units = fields.Boolean(load_default=True)
    form = one_of(HANDOVER_FORMS, load_default="sheet")


class HandoverDocument(Statement):
    """A sheet (CSV) or printable slips (HTML) with one-time passwords that stand nowhere else."""

    document = fields.String(required=True)
    accounts = fields.Integer(required=True)


class Membership(Statement):
    """A person holding a post. `title` is how the post is spoken of, with its unit."""

    id = Id(required=True)
    unit_id = Id(required=True)
    post_id = Id(required=True)
    title = fields.String(required=True)
    primary = fields.Boolean(required=True)


class Delegation(Statement):
    """A post's powers, lent: `kind` says how one signs for it, `scope` what they are good for."""

    id = Id(required=True)
    grantor_post_id = Id(required=True)
    title = fields.String(required=True)
    kind = one_of(DELEGATION_KINDS, required=True)
    scope = one_of(DELEGATION_SCOPES, required=True)
    from_day = fields.Date(required=True)
    to_day = fields.Date(required=True)
    document_number = fields.String(required=True)


class Profile(Statement):
    """Who is signed in, and in which capacities he may act."""

    person = fields.Nested(Person, required=True)
    memberships = fields.List(fields.Nested(Membership), required=True)
    delegations = fields.List(fields.Nested(Delegation), required=True)


class AccountRevoked(Statement):
    account_id = Id(required=True)
    person_id = Id(required=True)


class CredentialsChanged(Statement):
    """The account's sessions of earlier versions end, except the one in which its owner changed it himself."""

    account_id = Id(required=True)
    person_id = Id(required=True)
    kept_session_id = fields.String(required=True, allow_none=True)


class BreakGlass(Statement):
    """`person_id` holds the account of which it is said; the event's version is the account's."""

    account_id = Id(required=True)
    person_id = Id(required=True)
    at = Moment(required=True)


verify_credentials = Procedure(
    "directory", "verify_credentials", SignIn, SignedIn, "Check a local account's password.", caller="service",
    callers=("gateway",),
)  # fmt: skip
get_profile = Procedure("directory", "get_profile", Nothing, Profile, "Who the actor is and what he holds.")

get_own_account = Procedure("directory", "get_own_account", Nothing, OwnAccount, "The actor's own account.")
change_password = Procedure("directory", "change_password", NewPassword, Account, "Choose another password.")
begin_totp = Procedure("directory", "begin_totp", Proof, TotpSecret, "A secret for a new second factor.")
confirm_totp = Procedure("directory", "confirm_totp", TotpCode, RecoveryCodes, "From now on this second factor counts.")
renew_recovery_codes = Procedure(
    "directory", "renew_recovery_codes", Proof, RecoveryCodes, "Ten new recovery codes in the place of the old ones."
)

get_account = Procedure("directory", "get_account", ById, AccountState, "A person's account, for who looks after it.")
revoke_account = Procedure("directory", "revoke_account", AccountChange, AccountState, "Nobody signs in with it.")
restore_account = Procedure("directory", "restore_account", AccountChange, AccountState, "It may be used again.")
ask_recovery = Procedure(
    "directory", "ask_recovery", AskRecoveryOnce, Recovery, "The desk: what a person has lost, told by one official."
)
list_recoveries = Procedure(
    "directory", "list_recoveries", Page, RecoveryPage, "What waits for a second official, newest first."
)
confirm_recovery = Procedure(
    "directory", "confirm_recovery", ConfirmRecovery, ConfirmedRecovery, "A second official agrees; it takes effect."
)
refuse_recovery = Procedure("directory", "refuse_recovery", ById, Recovery, "A second official does not agree.")
hand_over_accounts = Procedure(
    "directory", "hand_over_accounts", Handover, HandoverDocument,
    "One-time passwords for those of a unit who have not chosen one yet.", timeout=20.0,
)  # fmt: skip

account_revoked = Event(
    "directory",
    "account_revoked",
    AccountRevoked,
    "An account may no longer be used.",
    hearers=("reminders", "gateway"),
)
credentials_changed = Event(
    "directory", "credentials_changed", CredentialsChanged, "Another password or second factor: older sessions end.",
    hearers=("gateway",),
)  # fmt: skip
break_glass_used = Event(
    "directory", "break_glass_used", BreakGlass, "Somebody has signed in with the sealed account.",
    hearers=("reminders",),
)  # fmt: skip
break_glass_sealed = Event(
    "directory", "break_glass_sealed", BreakGlass, "The sealed account has another password: its older sessions end.",
    hearers=("reminders", "gateway"),
)  # fmt: skip
