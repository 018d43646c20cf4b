"""An OpenID Connect provider of our own on loopback, which can be told to do everything wrong.

Whatever a real one does right is checked here too: the client's secret, its address, PKCE, codes that count once.
"""

import base64
import contextlib
import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import eventlet
import orjson
from eventlet import wsgi
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from werkzeug.wrappers import Request, Response

CLIENT_ID, CLIENT_SECRET = "congvu", "một bí mật: +%/"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def new_key(kid: str, algorithm: str = "ES256"):
    """Keys that are quick to make; a test that wants RSA says so."""
    parameters = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm.startswith(("RS", "PS")):
        return RSAKey.generate_key(2048, parameters)
    if algorithm == "Ed25519":
        return OKPKey.generate_key("Ed25519", parameters)
    return ECKey.generate_key("P-256", parameters)


@dataclass
class IdentityProvider:
    issuer: str
    keys: list = field(default_factory=lambda: [new_key("first")])
    metadata: dict = field(default_factory=dict)  # what its description says otherwise
    claims: dict = field(default_factory=dict)  # what its id tokens say otherwise; None takes a claim away
    answers: dict = field(default_factory=dict)  # path -> a Response, or a function that makes one
    sign: object = None  # claims -> token, when it signs otherwise
    codes: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)  # paths

    def sign_in(self, url: str, subject: str, session: str | None = None) -> str:
        """What the browser does there: the address to which it is sent back."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256", asked
        assert "openid" in asked["scope"].split() and asked["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked | {"sub": subject, "sid": session}
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer})

    def id_token(self, asked: dict) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": asked["sub"], "sid": asked["sid"], "nonce": asked["nonce"],
            "iat": now, "exp": now + 300,
        } | self.claims  # fmt: skip
        return self.signed({name: value for name, value in claims.items() if value is not None})

    def logout_token(self, **changes) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
            "events": {LOGOUT_EVENT: {}},
        } | changes  # fmt: skip
        return self.signed({name: value for name, value in claims.items() if value is not None}, "logout+jwt")

    def signed(self, claims: dict, kind: str = "JWT") -> str:
        if self.sign is not None:
            return self.sign(claims)
        key = self.keys[-1]
        return jwt.encode({"alg": key.alg, "kid": key.kid, "typ": kind}, claims, key, algorithms=[key.alg])

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.asked.append(request.path)
        found = self.answers.get(request.path) or {
            "/.well-known/openid-configuration": self._description,
            "/jwks": self._jwks,
            "/token": self._token,
        }.get(request.path)
        answer = found(request) if callable(found) and not isinstance(found, Response) else found
        return (answer or Response(status=404))(environ, start_response)

    def _description(self, _request):
        return said({
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize?theme=city",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/logout",
        } | self.metadata)  # fmt: skip

    def _jwks(self, _request):
        return said({"keys": [key.as_dict(private=False) for key in self.keys]})

    def _token(self, request):
        if dict(request.form).keys() & {"client_id", "client_secret"}:
            client = (request.form["client_id"], request.form["client_secret"])
        else:
            client = (unquote_plus(request.authorization.username), unquote_plus(request.authorization.password))
        if client != (CLIENT_ID, CLIENT_SECRET):
            return said({"error": "invalid_client"}, 401)
        asked = self.codes.pop(request.form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(request.form["code_verifier"].encode()).digest())
        if (
            asked is None
            or challenge.rstrip(b"=").decode() != asked["code_challenge"]
            or request.form["redirect_uri"] != asked["redirect_uri"]
            or request.form["grant_type"] != "authorization_code"
        ):
            return said({"error": "invalid_grant"}, 400)
        return said({"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked)})


def said(body: dict, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")


@contextlib.contextmanager
def listening(ssl: dict | None = None) -> Iterator[IdentityProvider]:
    """A provider on a port of its own; `ssl` are a certificate's files."""
    listener = eventlet.listen(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    provider = IdentityProvider(f"{'https' if ssl else 'http'}://127.0.0.1:{port}")
    if ssl:
        listener = eventlet.wrap_ssl(listener, server_side=True, **ssl)
    server = eventlet.spawn(wsgi.server, listener, provider, log_output=False)
    try:
        yield provider
    finally:
        server.kill()
        listener.close()
