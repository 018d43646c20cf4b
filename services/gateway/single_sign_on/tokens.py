"""Tokens of a provider: which signature counts, and what must stand in them."""

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from chassis.errors import Refusal

LEEWAY = 60  # seconds that the provider's clock and ours may differ
MAX_TOKEN = 16 * 1024
MAX_NAME = 255  # of a subject, a session, a token's id
MAX_AGE = 600  # seconds: tokens come fresh from the provider; one that is older was kept back
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
KEY_TYPES = {  # signature algorithms that count, all with public keys, and the kind of key that each takes
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "Ed25519": "OKP", "EdDSA": "OKP",
}  # fmt: skip
MIN_RSA_BITS = 2048
SIGNATURES = jws.JWSRegistry(algorithms=list(KEY_TYPES), strict_check_header=False)  # what is not critical is ignored


class InvalidProviderToken(Refusal):
    """The message is for the log: it says which rule was broken, nothing of the token."""

    refusal_code = "sign_in_failed"


class UnknownKey(InvalidProviderToken):
    """No key of those that are known fits: there may be new ones."""


def import_keys(document: dict) -> list[Key]:
    """The keys of a JWKS that can sign what we accept; those of other kinds are left out."""
    found = []
    listed = document.get("keys")
    for data in listed if isinstance(listed, list) else []:
        if not isinstance(data, dict) or data.get("kty") not in KEY_TYPES.values() or data.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key(data)
            if key.key_type == "RSA" and key.public_key.key_size < MIN_RSA_BITS:
                continue
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        found.append(key)
    return found


def read(token: object, keys: list[Key]) -> tuple[dict, dict]:
    """Header and claims of a token that one of these keys has signed."""
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN:
        raise InvalidProviderToken("not a token")
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = _key_for(header, keys)
        decoded = jwt.decode(token, key, registry=SIGNATURES)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise InvalidProviderToken(f"signature: {type(error).__name__}") from None
    return decoded.header, decoded.claims


def check_id_token(header: dict, claims: dict, *, issuer: str, client_id: str, nonce: str, now: int) -> None:
    """OpenID Connect Core, 3.1.3.7."""
    if header.get("typ", "JWT") not in ("JWT", "jwt", "id_token+jwt"):
        raise InvalidProviderToken("typ")
    _check(claims, now, iss=issuer, aud=client_id, sub=None, exp=None, iat=None, nonce=nonce)
    audience = claims["aud"]
    if claims.get("azp", client_id) != client_id or (
        isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
    ):
        raise InvalidProviderToken("azp")
    _names(claims, "sub")
    _names(claims, "sid")


def check_logout_token(header: dict, claims: dict, *, issuer: str, client_id: str, now: int) -> None:
    """OpenID Connect Back-Channel Logout, 2.6. Being young is what lets us forget the ids of those that were used."""
    if header.get("typ", "logout+jwt") not in ("logout+jwt", "JWT"):
        raise InvalidProviderToken("typ")
    _check(claims, now, iss=issuer, aud=client_id, exp=None, iat=None, jti=None)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise InvalidProviderToken("events")
    if "nonce" in claims:
        raise InvalidProviderToken("nonce")
    if claims.get("sub") is None and claims.get("sid") is None:
        raise InvalidProviderToken("neither sub nor sid")
    for name in ("sub", "sid", "jti"):
        _names(claims, name)


def _check(claims: dict, now: int, **wanted: str | None) -> None:
    options = {
        name: {"essential": True} | ({"value": value} if value is not None else {}) for name, value in wanted.items()
    }
    try:
        jwt.JWTClaimsRegistry(now, LEEWAY, **options).validate(claims)
    except JoseError as error:
        raise InvalidProviderToken(str(error)) from None
    if claims["iat"] < now - MAX_AGE - LEEWAY:
        raise InvalidProviderToken("iat")


def _names(claims: dict, name: str) -> None:
    """What is kept and compared is short text that can be printed."""
    value = claims.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()):
        raise InvalidProviderToken(name)


def _key_for(header: dict, keys: list[Key]) -> Key:
    algorithm, kid = header.get("alg"), header.get("kid")
    kind = KEY_TYPES.get(algorithm) if isinstance(algorithm, str) else None
    if kind is None:
        raise InvalidProviderToken("alg")
    fitting = [key for key in keys if key.key_type == kind and key.alg in (None, algorithm)]
    named = [key for key in fitting if key.kid == kid] if kid is not None else fitting
    if len(named) != 1:
        raise UnknownKey("no key fits")
    return named[0]
