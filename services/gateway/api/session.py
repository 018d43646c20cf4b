"""Signing in and out, and who is signed in."""

import re
import secrets

from chassis.errors import CallFailed
from chassis.http import Answer
from contracts import directory
from gateway import schemas, sessions
from gateway.auth import CSRF_HEADER, cookie_name, device_cookie_name, refuse_foreign_origin
from gateway.rate_limits import name_key
from gateway.routes import route

DEVICE = re.compile(r"[\w-]{43}", re.ASCII)
DEVICE_SECONDS = 365 * 24 * 3600


class SessionRoutes:
    @route("POST", "/tokens", tag="session", signed_in=False, status=201, limit="sign_in",
           body=directory.Credentials, answer=schemas.Token,
           refusals=("wrong_credentials", "totp_required", "too_many_attempts"))  # fmt: skip
    def create_token(self, call):
        """Sign in a program: a bearer token."""
        token, opened = self._open_session(call, "token", None)
        return Answer({"token": token, **opened}, status=201)

    @route("POST", "/sessions", tag="session", signed_in=False, limit="sign_in", body=directory.Credentials,
           answer=schemas.BrowserSession, status=201,
           refusals=("wrong_credentials", "totp_required", "too_many_attempts", "foreign_origin"))  # fmt: skip
    def create_session(self, call):
        """Sign in a browser: a cookie that scripts cannot read, and a CSRF token for writes."""
        refuse_foreign_origin(self, call.request)
        name = device_cookie_name(self.settings.secure_cookies)
        device = call.request.cookies.get(name, "")
        if not DEVICE.fullmatch(device):
            device = secrets.token_urlsafe(sessions.TOKEN_BYTES)
        token, opened = self._open_session(call, "browser", device)
        cookies = [self._cookie(token, int(self.settings.session_lifetime)), self._cookie(device, DEVICE_SECONDS, name)]
        return Answer({"csrf_token": sessions.csrf_token(token), **opened}, status=201, cookies=cookies)

    @route("DELETE", "/sessions/current", tag="session", status=204, while_restricted=True)
    def end_current_session(self, call):
        """Sign out."""
        self.sessions.end(call.caller.session.id, call.caller.session.person_id)
        return Answer(status=204, cookies=[self._cookie("", 0)] if call.caller.csrf else [])

    @route("DELETE", "/sessions", tag="session", status=204)
    def end_all_sessions(self, call):
        """Sign out everywhere, here too."""
        self.sessions.end_all(call.caller.session.person_id)
        return Answer(status=204, cookies=[self._cookie("", 0)] if call.caller.csrf else [])

    @route("GET", "/sessions", tag="session", query=schemas.PageQuery, answer=schemas.SessionList)
    def list_sessions(self, call):
        """One's own open sessions, newest first."""
        current = call.caller.session
        fields = ("id", "kind", "client", "created_at", "last_used_at", "expires_at")
        rows, next_cursor = self.sessions.list_of(current.person_id, call.query["cursor"], call.query["limit"])
        items = [{name: getattr(row, name) for name in fields} | {"current": row.id == current.id} for row in rows]
        return {"items": items, "next_cursor": next_cursor}

    @route("DELETE", "/sessions/<uuid:session_id>", tag="session", status=204)
    def end_session(self, call, session_id):
        """End one of one's own sessions, with its live streams."""
        self.sessions.end(session_id, call.caller.session.person_id)
        return Answer(status=204)

    @route("GET", "/me", tag="session", answer=schemas.Me, while_restricted=True)
    def get_me(self, call):
        """Who is signed in, and in which capacities he may act."""
        headers = {CSRF_HEADER: call.caller.csrf} if call.caller.csrf else {}
        restriction = {"restriction": call.caller.session.restriction}
        return Answer(call.ask(directory.get_profile) | restriction, headers=headers)

    def _open_session(self, call, kind, device):
        """The token, and what the answer says of the session. Only who knows the password comes nearer to the limit of
        an account, and without the second factor only where he is: nobody shuts another out.
        """
        address = self.limits.address(call.request)
        name = name_key(call.body["username"])
        here = f"{name}/{address}"
        for who in (name, here):
            self.limits.enter("session", who)
        try:
            account = call.ask(directory.verify_credentials, call.body | {"address": address, "device": device})
        except CallFailed as error:
            if error.code == "totp_required":
                self.limits.count("session", here)
            elif error.code in ("wrong_credentials", "too_many_attempts"):
                self.limits.count("sign_in", address)
            raise
        self.limits.count("session", name)
        return self.sessions.open(account, kind, call.request.headers.get("User-Agent", ""))

    def _cookie(self, value, max_age, name=None):
        secure = self.settings.secure_cookies
        named = f"{name or cookie_name(secure)}={value}"
        parts = [named, "Path=/", "HttpOnly", "SameSite=Strict", f"Max-Age={max_age}"]
        return "; ".join([*parts, "Secure"] if secure else parts)
