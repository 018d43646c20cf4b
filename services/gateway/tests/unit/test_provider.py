"""One provider that is not well: whatever it does, we say so soon, and send nothing where it could be read."""

import itertools
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import eventlet
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.wrappers import Response

from gateway.single_sign_on import outbound
from gateway.single_sign_on import provider as providers
from gateway.single_sign_on.outbound import ProviderUnavailable
from gateway.single_sign_on.provider import ENDPOINTS, Provider
from gateway.single_sign_on.settings import ProviderSettings
from gateway.single_sign_on.tokens import InvalidProviderToken
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, listening, new_key

WHERE = "/.well-known/openid-configuration"
ENDLESS = (b"x" * 65536 for _ in iter(int, 1))
BAD_ANSWERS = {
    "it fails": Response(status=500),
    "it is not there": Response(status=404),
    "it sends us elsewhere": Response(status=302, headers={"Location": "file:///etc/passwd"}),
    "it is slow": lambda _request: eventlet.sleep(30),
    "it never stops": Response(ENDLESS),
    "it speaks no JSON": Response(b"<html>"),
    "it says a list": Response(b"[]"),
}
BAD_DESCRIPTIONS = {
    "it is somebody else": {"issuer": "https://evil.example"},
    "codes would go there in clear": {"token_endpoint": "http://evil.example/token"},
    "an endpoint that is none": {"authorization_endpoint": "javascript:alert(1)"},
    "an endpoint that is no text": {"jwks_uri": 7},
    "an endpoint that is missing": {"jwks_uri": None},
    "ways of knowing us that are no list": {"token_endpoint_auth_methods_supported": None},
}


@pytest.fixture
def other():
    with listening() as found:
        yield found


def provider(found, ca_file=None) -> Provider:
    settings = ProviderSettings("city", "City", found.issuer, CLIENT_ID, CLIENT_SECRET, ca_file=ca_file)
    return Provider(settings, "https://congvu.example", "/callback")


def leave(found) -> str:
    return found.authorization_url("s", "n", "c")


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer(name, other, monkeypatch):
    monkeypatch.setattr(outbound, "SECONDS", 0.3)
    other.answers[WHERE] = BAD_ANSWERS[name]
    with pytest.raises(ProviderUnavailable):
        leave(provider(other))


@pytest.mark.parametrize("name", BAD_DESCRIPTIONS)
def test_a_bad_description(name, other):
    other.metadata = BAD_DESCRIPTIONS[name]
    with pytest.raises(ProviderUnavailable):
        leave(provider(other))


def test_after_a_failure_others_are_told_at_once_for_a_while(other, monkeypatch):
    asking = provider(other)
    other.answers[WHERE] = Response(status=500)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            leave(asking)
    assert len(other.asked) == 1
    del other.answers[WHERE]
    monkeypatch.setattr(asking._http, "_paused_until", 0.0)
    assert leave(asking)


def test_a_certificate_counts_only_if_we_trust_who_gave_it(tmp_path):
    files = certificate(tmp_path)
    with listening(ssl=files) as secure:
        assert leave(provider(secure, ca_file=files["certfile"]))
        with pytest.raises(ProviderUnavailable):
            leave(provider(secure))


def right(found, request, spaces=(), status=200) -> Response:
    """The right description, after so much of nothing."""
    return Response(itertools.chain(spaces, found._description(request).response), status)


@pytest.mark.parametrize("name", ["elsewhere", "missing", "long", "late"])
def test_the_right_answer_given_wrongly(name, other, monkeypatch):
    """Each would be believed if nobody looked at how it came."""

    def late():
        for _ in range(10):
            eventlet.sleep(0.1)  # each piece in time, the whole of it not
            yield b" " * 8192  # the server sends no less at a time

    if name == "late":
        monkeypatch.setattr(outbound, "SECONDS", 0.5)
    other.answers |= {
        "elsewhere": {
            WHERE: Response(status=302, headers={"Location": "/there"}), "/there": lambda request: right(other, request)
        },
        "missing": {WHERE: lambda request: right(other, request, status=404)},
        "long": {WHERE: lambda request: right(other, request, [b" " * outbound.MAX_ANSWER])},
        "late": {WHERE: lambda request: right(other, request, late())},
    }[name]  # fmt: skip
    with pytest.raises(ProviderUnavailable):
        leave(provider(other))


def test_what_goes_to_a_provider_goes_by_no_proxy_of_the_environment(other, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert leave(provider(other))


def test_a_provider_elsewhere_has_no_endpoint_on_this_machine_in_clear(monkeypatch):
    """What listens here is not the provider."""
    where = "https://id.example"
    asking = provider(IdentityProvider(where))
    description = {"issuer": where} | {each: f"{where}/{each}" for each in ENDPOINTS}
    monkeypatch.setattr(asking._http, "get", lambda _url: description)
    assert leave(asking)
    description["token_endpoint"] = "http://127.0.0.1:8080/token"
    monkeypatch.setattr(asking, "_metadata_until", 0.0)
    with pytest.raises(ProviderUnavailable):
        leave(asking)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://evil.example/logout", 7, None])
def test_nobody_is_sent_to_sign_out_where_no_provider_is(other, address):
    assert provider(other).sign_out_url("/bye").startswith(other.issuer + "/logout?")
    other.metadata = {"end_session_endpoint": address}
    assert provider(other).sign_out_url("/bye") is None


def test_a_key_that_was_withdrawn_counts_no_longer(other, monkeypatch):
    asking, token = provider(other), other.logout_token(sub="s-1")
    assert asking.signed_out(token).subject == "s-1"
    other.keys[:] = [new_key("first")]
    assert asking.signed_out(token)  # for a while ours are believed
    monkeypatch.setattr(providers, "KEYS_SECONDS", 0.0)
    with pytest.raises(InvalidProviderToken):
        asking.signed_out(token)


def certificate(folder) -> dict:
    """A certificate for this machine that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "congvu test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = {"certfile": folder / "certificate.pem", "keyfile": folder / "key.pem"}
    files["certfile"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files["keyfile"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {name: str(path) for name, path in files.items()}
