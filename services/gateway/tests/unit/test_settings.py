"""A wrong setting of the gateway is refused at start, by name, in one sentence."""

import os

import pytest

from chassis.settings import read_or_exit
from chassis.tests.unit.test_settings import GOOD
from gateway.settings import read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONGVU_TOTP_REQUIRED_FOR", "head,boss"),
        ("CONGVU_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CONGVU_TRUSTED_PROXIES", "proxy.example"),
        ("CONGVU_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("CONGVU_TRUSTED_PROXIES", "::/0"),
        ("CONGVU_SESSION_IDLE_SECONDS", "0"),
        ("CONGVU_SESSION_LIFETIME_SECONDS", "long"),
        ("CONGVU_SECURE_COOKIES", "perhaps"),
        ("CONGVU_OIDC_PROVIDERS", "Thành phố"),
        ("CONGVU_HTTP_CONNECTIONS_OF_ADDRESS", "0"),
        ("LISTEN_FDS", "2"),
        ("CONGVU_LIMIT_SEARCH", "many"),
        ("CONGVU_LIMIT_READ", "0/minute"),
        ("CONGVU_LIMIT_SIGN_IN", "10/second;5/minute"),
        ("CONGVU_WEBHOOK_KEYS", "/nowhere/keys.pem"),
        ("CONGVU_WEBHOOK_KEYS", __file__),
        ("CONGVU_WEBHOOK_NETWORKS", "inside"),
        ("CONGVU_WEBHOOK_CA_FILE", "/nowhere/ca.pem"),
        ("CONGVU_PUBLIC_URL", "http://congvu.example"),
    ],
)
def test_a_wrong_value_ends_the_start_with_one_sentence(monkeypatch, name, value):
    for each in (GOOD | {name: value}).items():
        monkeypatch.setenv(*each)
    with pytest.raises(SystemExit, match=name) as ended:
        read_or_exit(read)
    assert "\n" not in str(ended.value)


def test_a_socket_that_is_handed_down_to_somebody_else_is_not_taken(monkeypatch):
    for each in (GOOD | {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getppid())}).items():
        monkeypatch.setenv(*each)
    assert read().http.inherited is None
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    assert read().http.inherited == 3


def test_proxies_may_have_any_number_of_connections_and_others_half_of_all(monkeypatch):
    for each in (GOOD | {"CONGVU_TRUSTED_PROXIES": "10.0.0.0/8", "CONGVU_HTTP_MAX_CONNECTIONS": "500"}).items():
        monkeypatch.setenv(*each)
    http = read().http
    assert http.max_of_address == 250
    assert {"10.0.0.0/8", "127.0.0.0/8"} <= {str(network) for network in http.uncounted}
