"""Tokens: who may sign what, for whom, for how long."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis import identity
from chassis.errors import InvalidToken
from chassis.identity import Signer, Verifier, make_keys
from tests.support.mutations import mutations

CLAIMS = {"sub": "person-1", "session_id": "s"}


@pytest.fixture
def keys(tmp_path):
    make_keys(tmp_path, ("gateway", "tasks"))
    return tmp_path


def signer(keys, name="gateway"):
    return Signer(str(keys / f"{name}.json"))


def verifier(keys, audience="tasks"):
    return Verifier(str(keys / "trusted.json"), audience)


def test_an_actors_token_is_good_for_its_audience_only(keys):
    token = signer(keys).token("tasks", CLAIMS)
    assert verifier(keys).claims(token, "actor")["sub"] == "person-1"
    with pytest.raises(InvalidToken):
        verifier(keys, "messaging").claims(token, "actor")


def test_only_the_edge_speaks_for_actors(keys):
    with pytest.raises(InvalidToken):
        verifier(keys).claims(signer(keys, "tasks").token("tasks", CLAIMS), "actor")
    with pytest.raises(InvalidToken):
        verifier(keys).claims(signer(keys, "tasks").token("tasks", {"sub": "service:gateway"}), "service")


def test_a_client_is_neither_an_actor_nor_a_service_and_only_the_edge_speaks_for_it(keys):
    token = signer(keys).token("tasks", {"sub": "client:1"})
    assert verifier(keys).claims(token, "client")["sub"] == "client:1"
    for kind in ("actor", "service"):
        with pytest.raises(InvalidToken):
            verifier(keys).claims(token, kind)
    with pytest.raises(InvalidToken):
        verifier(keys).claims(signer(keys).token("tasks", CLAIMS), "client")
    with pytest.raises(InvalidToken):
        verifier(keys).claims(signer(keys, "tasks").token("tasks", {"sub": "client:1"}), "client")


def test_a_token_ends_after_a_minute(keys, monkeypatch):
    token = signer(keys).token("tasks", CLAIMS)
    check = verifier(keys)
    check.claims(token, "actor")
    now = identity.time.time()
    monkeypatch.setattr(identity.time, "time", lambda: now + identity.LIFETIME + identity.SKEW + 1)
    with pytest.raises(InvalidToken):
        check.claims(token, "actor")


def test_a_token_that_claims_a_longer_life_is_refused(keys, monkeypatch):
    monkeypatch.setattr(identity, "LIFETIME", 3600)
    token = signer(keys).token("tasks", CLAIMS)
    monkeypatch.undo()
    with pytest.raises(InvalidToken):
        verifier(keys).claims(token, "actor")


def test_two_hundred_mutations_of_a_token_are_all_refused(keys):
    token = signer(keys).token("tasks", CLAIMS)
    check = verifier(keys)
    for each in mutations(token, 200):
        with pytest.raises(InvalidToken):
            check.claims(each, "actor")
    assert check.claims(token, "actor")  # what was refused has spoiled nothing


def test_claims_and_headers_cannot_be_exchanged_between_tokens(keys):
    mint, check = signer(keys), verifier(keys)
    tokens = [mint.token("tasks", CLAIMS | {"sub": f"person-{number}"}) for number in range(3)]
    tokens.append(mint.token("messaging", CLAIMS))
    tokens.append(signer(keys, "tasks").token("tasks"))
    parts = [token.split(".") for token in tokens]
    forged = {".".join((head[0], body[1], seal[2])) for head in parts for body in parts for seal in parts} - set(tokens)
    assert len(forged) == 2 * 5 * 5 - 5
    for each in forged:
        for caller in ("actor", "service"):
            with pytest.raises(InvalidToken):
                check.claims(each, caller)


def test_claims_that_are_written_anew_are_refused_under_the_old_seal(keys):
    head, body, seal = signer(keys).token("tasks", CLAIMS).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changes = ({"sub": "person-2"}, {"exp": 2**40}, {"aud": ["tasks"]}, {"iss": "tasks"}, {"membership_id": "m"}, {})
    for change in changes:
        said = json.dumps(claims | change, indent=1).encode()
        forged = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
        with pytest.raises(InvalidToken):
            verifier(keys).claims(f"{head}.{forged}.{seal}", "actor")


def test_an_unsigned_token_and_a_foreign_key_are_refused(keys):
    stranger = OKPKey.generate_key("Ed25519", {"kid": "gateway"})
    body = {"sub": "person-1", "iss": "gateway", "aud": "tasks", "iat": 1, "exp": 2**40}
    forged = jwt.encode({"alg": "Ed25519", "kid": "gateway"}, body, stranger, algorithms=["Ed25519"])
    unsigned = "eyJhbGciOiJub25lIn0." + forged.split(".")[1] + "."
    for token in (forged, unsigned, "", "a.b.c", None, 7):
        with pytest.raises(InvalidToken):
            verifier(keys).claims(token, "actor")


def test_private_keys_are_private_and_kept(keys):
    before = (keys / "tasks.json").read_text()
    make_keys(keys, ("gateway", "tasks", "reminders"))
    assert (keys / "tasks.json").read_text() == before
    assert (keys / "tasks.json").stat().st_mode & 0o077 == 0
    assert {key["kid"] for key in json.loads((keys / "trusted.json").read_text())["keys"]} == {
        "gateway",
        "tasks",
        "reminders",
    }
    assert all("d" not in key for key in json.loads((keys / "trusted.json").read_text())["keys"])
