"""Posts, who holds them, and powers lent."""

from marshmallow import fields, validate

from chassis.contract import PATIENCE, Procedure
from contracts.directory.reorganisation import ChangeById
from contracts.fields import POST_KINDS, THESE_CENTURIES, ById, Day, Id, Line, Page, Request, Statement, one_of

DELEGATION_KINDS = ("KT", "TL", "TUQ")
DELEGATION_SCOPES = ("all", "tasks", "reminders", "messaging")


class Keyed(Request):
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 200))


class NewPost(Request):
    unit_id = Id(required=True)
    kind = one_of(POST_KINDS, required=True)
    title = Line(max=300, required=True)
    from_day = Day(required=True, validate=THESE_CENTURIES)


class MakePost(Keyed):
    post = fields.Nested(NewPost, required=True)


class Holder(Statement):
    """A person in a post; `version` is the membership's, `to_day` the last day, empty while it is open."""

    membership_id = Id(required=True)
    version = fields.Integer(required=True)
    person_id = Id(required=True)
    name = fields.String(required=True)
    primary = fields.Boolean(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)


class Post(Statement):
    id = Id(required=True)
    version = fields.Integer(required=True)
    unit_id = Id(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    is_head = fields.Boolean(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)


class HolderPage(Statement):
    items = fields.List(fields.Nested(Holder), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PostDetail(Post):
    """With the first page of its holders."""

    holders = fields.Nested(HolderPage, required=True)


class ListHolders(Page):
    post_id = Id(required=True)


class ListPosts(Page):
    unit_id = Id(required=True)


class PostPage(Statement):
    items = fields.List(fields.Nested(Post), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EndOn(ChangeById):
    """The last day is the day before `on_day`."""

    on_day = Day(required=True, validate=THESE_CENTURIES)


class Appointment(Request):
    """With a new primary post a person leaves the one before. A post that heads its unit has one holder: with
    `replaces` whoever holds it leaves it that day. `to_day` is the last day.
    """

    person_id = Id(required=True)
    post_id = Id(required=True)
    from_day = Day(required=True, validate=THESE_CENTURIES)
    to_day = Day(load_default=None, allow_none=True, validate=THESE_CENTURIES)
    primary = fields.Boolean(load_default=True)
    replaces = fields.Boolean(load_default=False)


class Appoint(Keyed):
    appointment = fields.Nested(Appointment, required=True)


class MembershipFact(Statement):
    id = Id(required=True)
    version = fields.Integer(required=True)
    person_id = Id(required=True)
    post_id = Id(required=True)
    primary = fields.Boolean(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)


class NewDelegation(Request):
    """Powers of the post in which the actor acts, lent to another person; `to_day` is the last day.

    `kind`: KT. to a deputy in the same unit, TL. and TUQ. to somebody in the unit or below it.
    """

    grantee_person_id = Id(required=True)
    kind = one_of(DELEGATION_KINDS, required=True)
    scope = one_of(DELEGATION_SCOPES, required=True)
    document_number = Line(max=100, required=True)
    from_day = Day(required=True, validate=THESE_CENTURIES)
    to_day = Day(required=True, validate=THESE_CENTURIES)


class Lend(Keyed):
    delegation = fields.Nested(NewDelegation, required=True)


class DelegationFact(Statement):
    id = Id(required=True)
    version = fields.Integer(required=True)
    grantor_post_id = Id(required=True)
    grantor_title = fields.String(required=True)
    grantee_person_id = Id(required=True)
    grantee_name = fields.String(required=True)
    kind = fields.String(required=True)
    scope = fields.String(required=True)
    document_number = fields.String(required=True)
    from_day = Day(required=True)
    to_day = Day(required=True, allow_none=True)


class ListPostDelegations(Page):
    post_id = Id(required=True)


class DelegationPage(Statement):
    items = fields.List(fields.Nested(DelegationFact), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


make_post = Procedure("directory", "make_post", MakePost, PostDetail, "Make a post in a unit.", patience=PATIENCE)
list_posts = Procedure("directory", "list_posts", ListPosts, PostPage, "The posts of a unit, the senior first.")
get_post = Procedure("directory", "get_post", ById, PostDetail, "A post and who holds it.")
list_holders = Procedure(
    "directory", "list_holders", ListHolders, HolderPage, "Who holds a post, did or will, the latest first."
)
close_post = Procedure(
    "directory", "close_post", EndOn, PostDetail, "Close a post, with the memberships in it.", patience=PATIENCE
)
appoint = Procedure("directory", "appoint", Appoint, MembershipFact, "Appoint a person to a post.", patience=PATIENCE)
end_membership = Procedure(
    "directory", "end_membership", EndOn, MembershipFact, "A person leaves a post.", patience=PATIENCE
)
lend_powers = Procedure(
    "directory", "lend_powers", Lend, DelegationFact, "Lend powers of one's own post.", patience=PATIENCE
)
take_powers_back = Procedure(
    "directory", "take_powers_back", ChangeById, DelegationFact, "Take lent powers back, from now on.",
    patience=PATIENCE,
)  # fmt: skip
list_post_delegations = Procedure(
    "directory", "list_post_delegations", ListPostDelegations, DelegationPage, "What a post has lent, now or ahead."
)
list_delegations = Procedure(
    "directory", "list_delegations", Page, DelegationPage, "Powers that one has lent or was lent, now or ahead."
)
