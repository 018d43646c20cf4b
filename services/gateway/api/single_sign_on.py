"""Signing in by another identity provider, and the identities of an account."""

from datetime import timedelta
from urllib.parse import parse_qs

from chassis import clock
from chassis.errors import CallFailed
from chassis.http import Answer, HttpRefusal
from contracts import directory
from gateway import schemas
from gateway.auth import claims_of
from gateway.routes import route
from gateway.single_sign_on.flow import ATTEMPT_SECONDS
from gateway.single_sign_on.outbound import ProviderUnavailable
from gateway.single_sign_on.pages import page_for_browsers

FRESH = timedelta(minutes=15)  # whoever links his account has signed in since then
FORM = "application/x-www-form-urlencoded"
MAX_FORM = 64 * 1024


class SingleSignOnRoutes:
    @route("GET", "/oidc/providers", tag="session", signed_in=False, answer=schemas.ProviderList)
    def list_providers(self, call):
        """The identity providers by which one may sign in."""
        items = [{"id": each.id, "title": each.title} for each in self.single_sign_on.offered]
        return {"items": items, "next_cursor": None}

    @route("GET", "/oidc/<string:provider>/start", tag="session", signed_in=False, query=schemas.ReturnTo, status=303,
           refusals=("unknown_provider", "provider_unavailable", "too_many_attempts"))  # fmt: skip
    @page_for_browsers
    def start_sign_in(self, call, provider):
        """Sends the browser to an identity provider."""
        address = self.limits.address(call.request)
        url, mark = self.single_sign_on.begin(provider, call.query["return_to"], self._mark(call), address=address)
        return Answer(status=303, headers={"Location": url}, cookies=[self._marking(mark)])

    @route("GET", "/oidc/<string:provider>/callback", tag="session", signed_in=False, query=schemas.ProviderAnswer,
           status=303, refusals=("unknown_provider", "provider_unavailable", "service_unavailable", "sign_in_expired",
           "sign_in_failed", "sign_in_refused", "unknown_identity", "totp_required", "unauthenticated",
           "identity_taken", "identity_linked_already"))  # fmt: skip
    @page_for_browsers
    def finish_sign_in(self, call, provider):
        """Where the provider sends the browser back: signs it in, or links the identity, and sends it on."""
        attempt, found = self.single_sign_on.finish(provider, self._mark(call), call.query)
        if attempt.session_id is None:
            return self._let_in(call, attempt, found, None)
        claims = claims_of(self.sessions.alive(attempt.session_id))
        identity = {"issuer": found.issuer, "subject": found.subject}
        self.remote.call(directory.link_identity, identity, claims=claims)
        return Answer(status=303, headers={"Location": attempt.return_to})

    @route("POST", "/oidc/<string:provider>/code", tag="session", signed_in=False, accepts=(FORM,), max_body=MAX_FORM,
           body=schemas.CodeForm, status=303,
           refusals=("unknown_provider", "service_unavailable", "sign_in_expired", "unknown_identity", "totp_required",
                     "wrong_credentials", "too_many_attempts"))  # fmt: skip
    @page_for_browsers
    def give_code(self, call, provider):
        """The one-time code that `totp_required` asked for, with the ticket that it gave: `ticket`, `totp`."""
        form = _form(call, "ticket", "totp")
        attempt, found = self.single_sign_on.resume(provider, self._mark(call), form["ticket"])
        return self._let_in(call, attempt, found, form["totp"])

    @route("POST", "/oidc/<string:provider>/backchannel-logout", tag="session", signed_in=False,
           accepts=(FORM,), max_body=MAX_FORM, body=schemas.LogoutForm,
           refusals=("unknown_provider", "provider_unavailable", "invalid_logout_token"))  # fmt: skip
    def end_sessions_of_provider(self, call, provider):
        """For the provider: a session there is over, so ours by it end, with their live streams."""
        form = _form(call, "logout_token", code="invalid_logout_token")
        self.sessions.end_by_issuer(self.single_sign_on.signed_out(provider, form["logout_token"]))
        return Answer(status=200)

    @route("POST", "/oidc/<string:provider>/logout", tag="session",
           query=schemas.ReturnTo, answer=schemas.SignOutAddress, refusals=("unknown_provider",),
           while_restricted=True)  # fmt: skip
    def sign_out_everywhere(self, call, provider):
        """Sign out here, and learn where to sign out at the provider."""
        found = self.single_sign_on.provider(provider)
        self.sessions.end(call.caller.session.id, call.caller.session.person_id)
        try:
            url = found.sign_out_url(call.query["return_to"])
        except ProviderUnavailable:
            url = None
        return Answer({"url": url}, cookies=[self._cookie("", 0)] if call.caller.csrf else [])

    @route("GET", "/me/identities", tag="session", answer=schemas.IdentityEntries)
    def list_identities(self, call):
        """The identities by which one may sign in oneself."""
        return self._with_providers(call.ask(directory.list_identities)) | {"next_cursor": None}

    @route("POST", "/me/identities", tag="session", body=schemas.NewIdentity, answer=schemas.ProviderAddress,
           status=201, refusals=("unknown_provider", "provider_unavailable", "fresh_sign_in_required", "wrong_password",
           "too_many_attempts", "not_found"))  # fmt: skip
    def start_linking(self, call):
        """Begin to link one's own account: the browser goes to the provider and comes back with the identity."""
        session = call.caller.session
        if session.created_at < clock.now() - FRESH:
            raise HttpRefusal("fresh_sign_in_required")
        asked = call.body
        call.ask(directory.begin_linking, {"password": asked["password"]})
        url, mark = self.single_sign_on.begin(
            asked["provider"], asked["return_to"], self._mark(call), session_id=session.id
        )
        return Answer({"url": url}, status=201, cookies=[self._marking(mark)])

    @route("DELETE", "/me/identities/<uuid:identity_id>", tag="session", status=204)
    def unlink_identity(self, call, identity_id):
        """Take one of one's own identities away; the sessions that it opened end."""
        call.ask(directory.unlink_identity, {"id": identity_id})
        return Answer(status=204)

    @route("GET", "/people/<uuid:person_id>/identities", tag="directory", query=schemas.PageQuery,
           answer=schemas.IdentityOfPage)  # fmt: skip
    def list_identities_of(self, call, person_id):
        """For administrators: the identities by which a person may sign in, and those that wait for a second word."""
        return self._with_providers(call.ask(directory.list_identities_of, call.query | {"person_id": person_id}))

    @route("PUT", "/people/<uuid:person_id>/identities/<string:provider>", tag="directory", body=schemas.Subject,
           answer=schemas.IdentityOf,
           refusals=("unknown_provider", "identity_taken", "identity_linked_already", "newly_appointed"))  # fmt: skip
    def put_identity(self, call, person_id, provider):
        """For administrators: who a person is to a provider that knows him by no other identity yet.

        It counts (`linked`) once a second administrator has said the same within a day; until then it is `asked`.
        Administrators and auditors link their own.
        """
        issuer = self.single_sign_on.provider(provider).settings.issuer
        request = {"person_id": person_id, "issuer": issuer, "subject": call.body["subject"]}
        return call.ask(directory.feed_identity, request) | {"provider": provider}

    @route("DELETE", "/people/<uuid:person_id>/identities/<string:provider>", tag="directory", status=204,
           refusals=("unknown_provider",))  # fmt: skip
    def remove_identity(self, call, person_id, provider):
        """For administrators: a person no longer signs in by a provider; what was asked for him there is withdrawn."""
        issuer = self.single_sign_on.provider(provider).settings.issuer
        call.ask(directory.remove_identity, {"person_id": person_id, "issuer": issuer})
        return Answer(status=204)

    def _with_providers(self, answer: dict) -> dict:
        known = {each.issuer: each.id for each in self.single_sign_on.offered}
        return answer | {"items": [item | {"provider": known.get(item["issuer"])} for item in answer["items"]]}

    def _let_in(self, call, attempt, found, totp):
        trusted = self.single_sign_on.provider(attempt.provider).settings.second_factor
        identity = {"issuer": found.issuer, "subject": found.subject, "second_factor": trusted, "totp": totp}
        try:
            account = call.ask(directory.verify_identity, identity)
        except CallFailed as error:
            if error.code not in ("totp_required", "wrong_credentials"):
                raise
            ticket = self.single_sign_on.wait_for_code(attempt, self._mark(call), found)
            raise HttpRefusal(error.code, ticket=ticket) from None
        token, _ = self.sessions.open(account, "browser", call.request.headers.get("User-Agent", ""), by=found)
        cookies = [self._cookie(token, int(self.settings.session_lifetime))]
        return Answer(status=303, headers={"Location": attempt.return_to}, cookies=cookies)

    def _mark(self, call) -> str:
        """What tells this browser from others on its way to a provider and back."""
        return call.request.cookies.get(mark_name(self.settings.secure_cookies), "")

    def _marking(self, mark: str) -> str:
        """The way back begins on the provider's page, so the cookie is Lax."""
        secure = self.settings.secure_cookies
        name = mark_name(secure)
        parts = [f"{name}={mark}", "Path=/", "HttpOnly", "SameSite=Lax", f"Max-Age={ATTEMPT_SECONDS}"]
        return "; ".join([*parts, "Secure"] if secure else parts)


def mark_name(secure: bool) -> str:
    return "__Host-congvu-signing-in" if secure else "congvu-signing-in"


def _form(call, *names: str, code: str = "invalid_request") -> dict[str, str]:
    """These fields of a form, each once."""
    try:
        sent = parse_qs(call.request.raw.decode("ascii"), strict_parsing=True, max_num_fields=10, errors="strict")
    except ValueError:
        sent = {}
    for name in names:
        if len(sent.get(name, ())) != 1:
            raise HttpRefusal(code, errors=[{"field": name, "message": "Give this field once."}])
    return {name: sent[name][0] for name in names}
