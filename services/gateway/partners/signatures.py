"""HTTP message signatures (RFC 9421) with Ed25519 over content digests (RFC 9530), the same in both directions."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, InvalidSignature
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.resolvers import HTTPSignatureKeyResolver
from requests import PreparedRequest
from werkzeug.datastructures import Headers

from chassis.errors import Refusal
from gateway.partners import storage
from gateway.partners.keys import key_id

WINDOW = timedelta(minutes=5)  # by which a partner's clock, and the way to us, may be off
NONCES_KEPT = 3 * WINDOW  # longer than a date can be good
SAID, BROUGHT = "congvu-event", "congvu-webhook"  # tags: what is signed for one thing is worth nothing for the other
OURS = "congvu"
COVERED = ("@method", "@authority", "@path", "content-type", "content-digest")
ATTRIBUTE = "ce-"
NONCE_AT_MOST = 100
_NOBODYS = Ed25519PrivateKey.generate().public_key()  # whoever is unknown is refused for his signature like others


@dataclass(frozen=True)
class Signer:
    """Whose signature was found good."""

    name: str
    says: frozenset[str]
    nonce: str


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, store, now: datetime):
        self._store, self._now = store, now
        self.found = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        with self._store.reading() as tx:
            self.found = storage.signer(tx, key_id, self._now)
        return Ed25519PublicKey.from_public_bytes(self.found.public_key) if self.found else _NOBODYS


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = WINDOW


def verified(store, origin: str, path: str, headers: Headers, body: bytes, now: datetime) -> Signer | None:
    """Whose request a POST to this address is; None if that is not certain, for whatever reason.

    `headers` are as they came; `origin` is the scheme and host by which partners reach us. Raises DatabaseUnavailable.
    """
    keys = _Keys(store, now)
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=keys)
    attributes = {name.lower() for name, _ in headers if name.lower().startswith(ATTRIBUTE)}
    message = SimpleNamespace(method="POST", url=origin + path, headers=headers)
    try:
        [result] = verifier.verify(
            message,
            expect_tag=SAID,
            max_age=timedelta(0),
            require_components=[*COVERED, *sorted(attributes)],
            body=body,
        )
    except InvalidSignature as error:
        if isinstance(error.__cause__, Refusal):  # our own trouble, not his signature
            raise error.__cause__ from None
        return None
    except (HTTPMessageSignaturesException, ValueError):
        return None
    if keys.found is None or not result.nonce or len(result.nonce) > NONCE_AT_MOST:
        return None
    return Signer(keys.found.name, frozenset(keys.found.says), result.nonce)


def sign(request: PreparedRequest, key: Ed25519PrivateKey) -> None:
    """Sign what is brought to a partner, with its body."""
    ours = key_id(OURS, key.public_key())
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Own(key))
    now = datetime.now(UTC)
    signer.sign(
        request, key_id=ours, created=now, expires=now + WINDOW, nonce=secrets.token_urlsafe(16), tag=BROUGHT,
        label="congvu", covered_component_ids=COVERED[:-1], body=request.body,
    )  # fmt: skip


class _Own(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey):
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self._key
