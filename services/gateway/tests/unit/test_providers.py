"""Which providers there are is said by the environment, and what is wrong there is refused by name."""

import pytest
from environs import Env, EnvError

from gateway.single_sign_on.settings import read_providers, read_public_url

GOOD = {
    "CONGVU_OIDC_PROVIDERS": "city,vneid",
    "CONGVU_OIDC_CITY_ISSUER": "https://id.example/realms/city",
    "CONGVU_OIDC_CITY_CLIENT_ID": "congvu",
    "CONGVU_OIDC_CITY_CLIENT_SECRET": "topsecret",
    "CONGVU_OIDC_CITY_TITLE": "Cổng định danh",
    "CONGVU_OIDC_CITY_SECOND_FACTOR": "true",
    "CONGVU_OIDC_VNEID_ISSUER": "http://127.0.0.1:9000",
    "CONGVU_OIDC_VNEID_CLIENT_ID": "congvu",
    "CONGVU_OIDC_VNEID_CLIENT_SECRET": "topsecret",
    "CONGVU_PUBLIC_URL": "https://congvu.example",
}


def read(monkeypatch, **changes):
    for name, value in (GOOD | {f"CONGVU_{name}": value for name, value in changes.items()}).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    env = Env()
    with env.prefixed("CONGVU_"):
        providers = read_providers(env)
        return providers, read_public_url(env, needed=bool(providers))


def test_what_is_said_is_read_and_a_secret_is_not_shown(monkeypatch):
    (city, other), public_url = read(monkeypatch)
    assert (city.id, city.title, city.second_factor) == ("city", "Cổng định danh", True)
    assert (other.title, other.second_factor, other.ca_file) == ("vneid", False, None)
    assert public_url == "https://congvu.example"
    assert "topsecret" not in repr(city)


def test_without_providers_nothing_else_is_asked_for(monkeypatch):
    assert read(monkeypatch, OIDC_PROVIDERS=None, PUBLIC_URL=None) == ((), "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_CITY_ISSUER", None),
        ("OIDC_CITY_ISSUER", "http://id.example"),
        ("OIDC_CITY_ISSUER", "http://127.0.0.1.evil.example"),
        ("OIDC_CITY_ISSUER", "https://user:word@id.example"),
        ("OIDC_CITY_ISSUER", "https://id.example?tenant=1"),
        ("OIDC_CITY_ISSUER", "https://id.example:port"),
        ("OIDC_CITY_CLIENT_ID", ""),
        ("OIDC_CITY_CLIENT_SECRET", None),
        ("OIDC_CITY_CLIENT_SECRET", ""),
        ("OIDC_CITY_SECOND_FACTOR", "perhaps"),
        ("OIDC_CITY_CA_FILE", "/nowhere"),
        ("OIDC_CITY_CA_FILE", __file__),
        ("OIDC_PROVIDERS", "city,city"),
        ("OIDC_PROVIDERS", "../city"),
        ("PUBLIC_URL", None),
        ("PUBLIC_URL", "http://congvu.example"),
        ("PUBLIC_URL", "https://congvu.example/app"),
    ],
)
def test_a_wrong_value_is_refused_by_name(monkeypatch, name, value):
    with pytest.raises(EnvError, match=f"CONGVU_{name}") as refused:
        read(monkeypatch, **{name: value})
    assert "topsecret" not in str(refused.value)
