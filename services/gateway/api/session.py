"""Signing in and out, and who is signed in."""

from chassis.http import Answer
from contracts import directory
from gateway import schemas, sessions
from gateway.auth import CSRF_HEADER, cookie_name, refuse_foreign_origin
from gateway.routes import route


class SessionRoutes:
    @route("POST", "/tokens", tag="session", signed_in=False, status=201,
           body=directory.Credentials, answer=schemas.Token,
           refusals=("wrong_credentials", "totp_required"))  # fmt: skip
    def create_token(self, call):
        """Sign in a program: a bearer token."""
        token, expires_at = self._open_session(call, "token")
        return Answer({"token": token, "expires_at": expires_at}, status=201)

    @route("POST", "/sessions", tag="session", signed_in=False, body=directory.Credentials,
           answer=schemas.BrowserSession, status=201,
           refusals=("wrong_credentials", "totp_required", "foreign_origin"))  # fmt: skip
    def create_session(self, call):
        """Sign in a browser: a cookie that scripts cannot read, and a CSRF token for writes."""
        refuse_foreign_origin(self, call.request)
        token, expires_at = self._open_session(call, "browser")
        body = {"csrf_token": sessions.csrf_token(token), "expires_at": expires_at}
        lifetime = int(self.settings.session_lifetime)
        return Answer(body, status=201, headers={"Set-Cookie": self._cookie(token, lifetime)})

    @route("DELETE", "/sessions/current", tag="session", status=204)
    def end_current_session(self, call):
        """Sign out."""
        self.sessions.end(call.caller.session.id, call.caller.session.person_id)
        return Answer(status=204, headers={"Set-Cookie": self._cookie("", 0)} if call.caller.csrf else {})

    @route("GET", "/sessions", tag="session", answer=schemas.SessionList)
    def list_sessions(self, call):
        """One's own open sessions, newest first."""
        current = call.caller.session
        fields = ("id", "kind", "client", "created_at", "last_used_at", "expires_at")
        rows = self.sessions.list_of(current.person_id)
        items = [{name: getattr(row, name) for name in fields} | {"current": row.id == current.id} for row in rows]
        return {"items": items, "next_cursor": None}

    @route("DELETE", "/sessions/<uuid:session_id>", tag="session", status=204)
    def end_session(self, call, session_id):
        """End one of one's own sessions, with its live streams."""
        self.sessions.end(session_id, call.caller.session.person_id)
        return Answer(status=204)

    @route("GET", "/me", tag="session", answer=directory.Profile)
    def get_me(self, call):
        """Who is signed in, and in which capacities he may act."""
        headers = {CSRF_HEADER: call.caller.csrf} if call.caller.csrf else {}
        return Answer(call.ask(directory.get_profile), headers=headers)

    def _open_session(self, call, kind):
        account = call.ask(directory.verify_credentials, call.body)
        return self.sessions.open(account, kind, call.request.headers.get("User-Agent", ""))

    def _cookie(self, token, max_age):
        secure = self.settings.secure_cookies
        parts = [f"{cookie_name(secure)}={token}", "Path=/", "HttpOnly", "SameSite=Strict", f"Max-Age={max_age}"]
        return "; ".join([*parts, "Secure"] if secure else parts)
