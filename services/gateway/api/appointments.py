"""Posts, who holds them, and powers lent."""

from contracts import directory
from gateway import schemas
from gateway.assembling import versioned
from gateway.routes import BASE, route


class AppointmentsRoutes:
    @route("POST", "/posts", tag="directory", body=directory.NewPost, answer=directory.PostDetail, status=201,
           idempotency_key=True, etag=True,
           refusals=("unknown_unit", "day_in_past", "post_misplaced", "unit_has_head"))  # fmt: skip
    def make_post(self, call):
        """Make a post in a unit, beside the one that heads it."""
        post = call.ask(directory.make_post, {"idempotency_key": call.idempotency_key, "post": call.body})
        return versioned(post, status=201, headers={"Location": f"{BASE}/posts/{post['id']}"})

    @route("GET", "/posts/<uuid:post_id>", tag="directory", answer=directory.PostDetail, etag=True,
           refusals=("people_budget_spent",))  # fmt: skip
    def get_post(self, call, post_id):
        """A post and who holds it, did or will."""
        return versioned(call.ask(directory.get_post, {"id": post_id}))

    @route("GET", "/posts/<uuid:post_id>/holders", tag="directory", query=schemas.PageQuery,
           answer=directory.HolderPage, refusals=("people_budget_spent",))  # fmt: skip
    def list_holders(self, call, post_id):
        """Who holds a post, did or will, the latest first."""
        return call.ask(directory.list_holders, call.query | {"post_id": post_id})

    @route("GET", "/posts/<uuid:post_id>/delegations", tag="directory", query=schemas.PageQuery,
           answer=directory.DelegationPage, refusals=("not_authorised",))  # fmt: skip
    def list_post_delegations(self, call, post_id):
        """What a post has lent, now or ahead: for administrators, auditors and those who lead its unit."""
        return call.ask(directory.list_post_delegations, call.query | {"post_id": post_id})

    @route("POST", "/posts/<uuid:post_id>/close", tag="directory", body=schemas.OnDay, answer=directory.PostDetail,
           idempotency_key=True, if_match=True, etag=True,
           refusals=("day_in_past", "post_closed", "head_post_needed"))  # fmt: skip
    def close_post(self, call, post_id):
        """Close a post on a day, with the memberships in it."""
        return versioned(call.ask(directory.close_post, _change(call, post_id) | call.body))

    @route("POST", "/memberships", tag="directory", body=directory.Appointment, answer=directory.MembershipFact,
           status=201, idempotency_key=True, etag=True,
           refusals=("unknown_person", "day_in_past", "dates_in_wrong_order", "post_closed", "post_taken",
                     "membership_overlaps", "primary_overlaps", "not_released"))  # fmt: skip
    def appoint(self, call):
        """Bổ nhiệm: appoint a person to a post."""
        request = {"idempotency_key": call.idempotency_key, "appointment": call.body}
        return versioned(call.ask(directory.appoint, request), status=201)

    @route("POST", "/memberships/<uuid:membership_id>/end", tag="directory", body=schemas.OnDay,
           answer=directory.MembershipFact, idempotency_key=True, if_match=True, etag=True,
           refusals=("day_in_past", "dates_in_wrong_order", "membership_ended"))  # fmt: skip
    def end_membership(self, call, membership_id):
        """A person leaves a post: the last day is the day before."""
        return versioned(call.ask(directory.end_membership, _change(call, membership_id) | call.body))

    @route("GET", "/delegations", tag="directory", query=schemas.PageQuery, answer=directory.DelegationPage)
    def list_delegations(self, call):
        """Powers that one has lent or was lent, now or ahead."""
        return call.ask(directory.list_delegations, call.query)

    @route("POST", "/delegations", tag="directory", body=directory.NewDelegation, answer=directory.DelegationFact,
           status=201, idempotency_key=True, etag=True,
           refusals=("unknown_person", "day_in_past", "dates_in_wrong_order", "delegation_to_oneself",
                     "delegation_too_long", "beyond_own_powers", "grantee_not_eligible", "already_lent"))  # fmt: skip
    def lend_powers(self, call):
        """Ủy quyền: lend powers of the post in which one acts, in person."""
        request = {"idempotency_key": call.idempotency_key, "delegation": call.body}
        return versioned(call.ask(directory.lend_powers, request), status=201)

    @route("DELETE", "/delegations/<uuid:delegation_id>", tag="directory", answer=directory.DelegationFact,
           idempotency_key=True, if_match=True, etag=True, refusals=("wrong_state",))  # fmt: skip
    def take_powers_back(self, call, delegation_id):
        """Take lent powers back, from now on."""
        return versioned(call.ask(directory.take_powers_back, _change(call, delegation_id)))


def _change(call, id_: str) -> dict:
    return {"id": id_, "version": call.version, "idempotency_key": call.idempotency_key}
