"""One provider: where it is, with which keys it signs, and what it says of somebody."""

import time
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode, urlsplit

import eventlet
import structlog
from joserfc.jwk import Key

from gateway.single_sign_on import tokens
from gateway.single_sign_on.outbound import Outbound, ProviderUnavailable
from gateway.single_sign_on.settings import ProviderSettings, is_secure, is_this_machine

log = structlog.get_logger()

METADATA_SECONDS = 3600.0
KEYS_SECONDS = 600.0  # a key that was withdrawn counts no longer than this
NEW_KEYS_SECONDS = 30.0  # unknown keys make us look again, but not more often than this
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class SignedIn:
    """Somebody, as the issuer knows him, and the issuer's own session if it named one."""

    issuer: str
    subject: str
    session: str | None
    issued_at: int


@dataclass(frozen=True)
class SignedOut:
    """A session of the issuer, or all of somebody's, is over. `id` is the token's, so that it counts once."""

    issuer: str
    id: str
    subject: str | None
    session: str | None
    issued_at: int


class Provider:
    def __init__(self, settings: ProviderSettings, public_url: str, callback_path: str):
        self.settings = settings
        self._public_url = public_url
        self._redirect_uri = public_url + callback_path
        self._http = Outbound(settings.id, settings.ca_file)
        self._reading = eventlet.semaphore.Semaphore(1)
        self._metadata: dict = {}
        self._metadata_until = 0.0
        self._keys: list[Key] = []
        self._keys_read = -KEYS_SECONDS

    def authorization_url(self, state: str, nonce: str, challenge: str, fresh: bool = False) -> str:
        """Where the browser goes to sign in; `fresh` asks for a new sign-in there."""
        asked = {
            "response_type": "code", "scope": "openid", "client_id": self.settings.client_id,
            "redirect_uri": self._redirect_uri, "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        } | ({"prompt": "login"} if fresh else {})  # fmt: skip
        return _with_query(self._known()["authorization_endpoint"], asked)

    def sign_out_url(self, return_to: str) -> str | None:
        """Where the browser goes to sign out at the provider as well, if there is such a place."""
        endpoint = self._known().get("end_session_endpoint")
        if not isinstance(endpoint, str) or not self._is_ours(endpoint):
            return None
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self._public_url + return_to}
        return _with_query(endpoint, asked)

    def check_issuer(self, issuer: str | None) -> None:
        """An answer that another provider gave is none of this one (RFC 9207)."""
        announced = self._known().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (announced or issuer is not None):
            raise tokens.InvalidProviderToken("the answer is another issuer's")

    def redeem(self, code: str, verifier: str, nonce: str) -> SignedIn:
        """Who it is that came back with this code."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        metadata, auth = self._known(), None
        if "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = (quote_plus(self.settings.client_id), quote_plus(self.settings.client_secret))
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        status, answer = self._http.post(metadata["token_endpoint"], form, auth)
        if status != 200:
            if answer.get("error") != "invalid_grant":
                log.error("identity provider refuses us", provider=self.settings.id, status=status)
            raise tokens.InvalidProviderToken("the code was refused")
        header, claims = self._read(answer.get("id_token"))
        tokens.check_id_token(
            header, claims, issuer=self.settings.issuer, client_id=self.settings.client_id, nonce=nonce,
            now=int(time.time()),
        )  # fmt: skip
        return SignedIn(self.settings.issuer, claims["sub"], claims.get("sid"), int(claims["iat"]))

    def signed_out(self, logout_token: str) -> SignedOut:
        header, claims = self._read(logout_token)
        tokens.check_logout_token(
            header, claims, issuer=self.settings.issuer, client_id=self.settings.client_id, now=int(time.time())
        )
        return SignedOut(
            self.settings.issuer, claims["jti"], claims.get("sub"), claims.get("sid"), int(claims["iat"])
        )  # fmt: skip

    def _read(self, token: object) -> tuple[dict, dict]:
        """With the keys that we have; with those of now, when none of ours fits."""
        try:
            return tokens.read(token, self._current_keys(KEYS_SECONDS))
        except tokens.UnknownKey:
            return tokens.read(token, self._current_keys(NEW_KEYS_SECONDS))

    def _current_keys(self, seconds: float) -> list[Key]:
        """The provider's keys as they were at most so long ago."""
        if time.monotonic() - self._keys_read >= seconds:
            uri = self._known()["jwks_uri"]
            with self._reading:
                if time.monotonic() - self._keys_read >= seconds:
                    self._keys = tokens.import_keys(self._http.get(uri))
                    self._keys_read = time.monotonic()
        return self._keys

    def _known(self) -> dict:
        if time.monotonic() >= self._metadata_until:
            with self._reading:
                if time.monotonic() >= self._metadata_until:
                    self._metadata = self._discovered()
                    self._metadata_until = time.monotonic() + METADATA_SECONDS
        return self._metadata

    def _discovered(self) -> dict:
        found = self._http.get(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        sound = found.get("issuer") == self.settings.issuer and all(
            self._is_ours(found.get(each)) for each in ENDPOINTS
        )
        methods = found.get("token_endpoint_auth_methods_supported", [])
        if not sound or not isinstance(methods, list):
            log.error("identity provider describes itself wrongly", provider=self.settings.id)
            raise ProviderUnavailable("its description is not sound")
        return found

    def _is_ours(self, url: object) -> bool:
        """An endpoint to which codes and secrets may go: never in clear, unless the provider is on this machine too."""
        if not isinstance(url, str) or not is_secure(url):
            return False
        return urlsplit(url).scheme == "https" or is_this_machine(urlsplit(self.settings.issuer).hostname)


def _with_query(url: str, asked: dict) -> str:
    return url + ("&" if "?" in url else "?") + urlencode(asked)
