"""Which key a token must be signed with: one of the provider's, of the right kind, that can be told from the others."""

import base64

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.single_sign_on.tokens import InvalidProviderToken, UnknownKey, import_keys, read
from tests.support.identity_provider import new_key


def said(*keys) -> list:
    """Those of a provider's keys that count."""
    return import_keys({"keys": [key.as_dict(private=False) for key in keys]})


def signed(key, algorithm: str, kid: str | None = None) -> str:
    header = {"alg": algorithm} | ({"kid": kid} if kid else {})
    return jwt.encode(header, {"sub": "x"}, key, algorithms=[algorithm])


def rsa(bits: int, **parameters) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": "rsa"} | parameters)


def test_only_public_keys_for_signatures_count():
    good, secret = rsa(2048), OctKey.generate_key(256, {"kid": "secret"})
    assert [key.kid for key in said(good, rsa(1024), rsa(2048, use="enc"))] == ["rsa"]
    assert import_keys({"keys": [secret.as_dict(private=True)]}) == []
    for nonsense in ({}, {"keys": None}, {"keys": [1, {"kty": "RSA"}, {"kty": "RSA", "n": 1, "e": []}]}):
        assert import_keys(nonsense) == []


def test_a_key_signs_by_its_own_algorithm_only():
    key = rsa(2048, alg="RS256")
    assert read(signed(key, "RS256", "rsa"), said(key))[1] == {"sub": "x"}
    with pytest.raises(UnknownKey):
        read(signed(rsa_of(key), "PS256", "rsa"), said(key))


def rsa_of(key: RSAKey) -> RSAKey:
    """The same one, without its algorithm."""
    return RSAKey.import_key({name: value for name, value in key.as_dict(private=True).items() if name != "alg"})


def test_without_a_name_the_only_key_that_fits_is_meant():
    first, second, edwards = new_key("first"), new_key("second"), new_key("ed", "Ed25519")
    token = signed(first, "ES256")
    assert read(token, said(first, edwards))[1] == {"sub": "x"}
    with pytest.raises(UnknownKey):
        read(token, said(first, second))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256K", None, 1, ["ES256"]])
def test_other_algorithms_are_none_of_ours(algorithm):
    header, claims = (base64.urlsafe_b64encode(orjson.dumps(each)).rstrip(b"=").decode() for each in (
        {"alg": algorithm, "kid": "first"}, {"sub": "x"},
    ))  # fmt: skip
    with pytest.raises(InvalidProviderToken) as refused:
        read(f"{header}.{claims}.", said(new_key("first")))
    assert not isinstance(refused.value, UnknownKey)  # no reason to ask for newer keys
