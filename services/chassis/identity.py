"""Signed tokens on the bus: who asks, and for which service the question is meant.

The edge mints tokens for signed-in actors and for machines from outside (their `sub` begins with "client:"), every
service signs for itself as a named principal. A token lives a
minute at most, names its audience, and is worth nothing elsewhere. Nothing else in a message is identity.
"""

import json
import time
from pathlib import Path

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from chassis.errors import InvalidToken

LIFETIME = 60  # seconds
REUSE = 30  # seconds for which a minted token is used again for the same claims and audience
SKEW = 5  # seconds that two hosts' clocks may differ
EDGE = "gateway"  # the only one whose key may speak for actors and for clients
CLIENT = "client:"
ALGORITHM = "Ed25519"
_OF_THE_TOKEN = ("iss", "aud", "iat", "exp", "kind")  # claims that say nothing of who acts


def make_keys(folder: Path, names: tuple[str, ...]) -> None:
    """Make a private key for each name (<name>.json, mode 600) and trusted.json with all public ones.

    Keys that exist are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    public = []
    for name in names:
        path = folder / f"{name}.json"
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", {"kid": name, "use": "sig"})
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(json.dumps(key.as_dict(private=True)))
        public.append(OKPKey.import_key(json.loads(path.read_text())).as_dict(private=False))
    (folder / "trusted.json").write_text(json.dumps({"keys": public}))


def actor_of(claims: dict) -> dict:
    """What verified claims tell of who acts."""
    return {name: value for name, value in claims.items() if name not in _OF_THE_TOKEN and value is not None}


def unsealed(kind: str, word: str, trusted: KeySet) -> dict:
    """What a service has sealed as this kind of statement, with `signer`, the name of its key.

    Raises InvalidToken.
    """
    try:
        found = jws.deserialize_compact(word, trusted, algorithms=[ALGORITHM])
        if found.headers().get("typ") != kind:
            raise InvalidToken("it is a statement of another kind")
        return json.loads(found.payload) | {"signer": found.headers().get("kid")}
    except (JoseError, ValueError) as error:
        raise InvalidToken("the seal is not valid") from error


class Signer:
    """Mints tokens with one service's private key."""

    def __init__(self, path: str):
        self._key = OKPKey.import_key(json.loads(Path(path).read_text()))
        self.name = self._key.kid
        self._minted: dict[tuple, tuple[float, str]] = {}

    def token(self, audience: str, claims: dict | None = None) -> str:
        """A token for one callee: with `claims` for an actor, without for the service itself."""
        now = time.time()
        body = claims if claims is not None else {"sub": f"service:{self.name}"}
        cached = self._minted.get(known := (audience, *sorted(body.items())))
        if cached and now - cached[0] < REUSE:
            return cached[1]
        if len(self._minted) > 10_000:
            self._minted.clear()
        header = {"alg": ALGORITHM, "kid": self.name}
        full = body | {"iss": self.name, "aud": audience, "iat": int(now), "exp": int(now) + LIFETIME}
        token = jwt.encode(header, full, self._key, algorithms=[ALGORITHM])
        self._minted[known] = (now, token)
        return token

    def seal(self, kind: str, statement: dict) -> str:
        """A statement that anybody can check with the public key, and that is no token."""
        header = {"alg": ALGORITHM, "kid": self.name, "typ": kind}
        return jws.serialize_compact(header, json.dumps(statement), self._key, algorithms=[ALGORITHM])


class Verifier:
    """Checks tokens that are meant for one service."""

    def __init__(self, path: str, audience: str):
        self._keys = KeySet.import_key_set(json.loads(Path(path).read_text()))
        self._audience = audience
        self._seen: dict[str, dict] = {}

    def claims(self, token: object, caller: str) -> dict:
        """The claims of a valid token of the wanted kind ("actor", "client" or "service").

        Raises InvalidToken for anything else: foreign key, other audience, expired, forged, absent.
        """
        if not isinstance(token, str) or len(token) > 4096:
            raise InvalidToken("a token is needed")
        claims = self._seen.get(token)
        if claims is None:
            claims = self._verify(token)
            if len(self._seen) > 10_000:
                self._seen.clear()
            self._seen[token] = claims
        if claims["exp"] < time.time() - SKEW:
            raise InvalidToken("the token has expired")
        if claims["kind"] != caller:
            raise InvalidToken("a token of another kind is needed")
        return claims

    def unsealed(self, kind: str, word: str) -> dict:
        """What a service has sealed as this kind of statement, with its name as `signer`. Raises InvalidToken."""
        return unsealed(kind, word, self._keys)

    def _verify(self, token: str) -> dict:
        try:
            decoded = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
        except (JoseError, ValueError) as error:
            raise InvalidToken("the token is not valid") from error
        claims, signer = decoded.claims, decoded.header.get("kid")
        now = time.time()
        sound = (
            claims.get("iss") == signer
            and claims.get("aud") == self._audience
            and isinstance(claims.get("sub"), str)
            and isinstance(claims.get("exp"), int)
            and isinstance(claims.get("iat"), int)
            and claims["exp"] - claims["iat"] <= LIFETIME
            and claims["iat"] <= now + SKEW
        )
        if not sound:
            raise InvalidToken("the token is not valid")
        subject = claims["sub"]
        if subject == f"service:{signer}":
            kind = "service"
        elif signer == EDGE and not subject.startswith("service:"):
            kind = "client" if subject.startswith(CLIENT) else "actor"
        else:
            raise InvalidToken("the token is not valid")
        return claims | {"kind": kind}
