"""A wrong setting of the gateway is refused at start, by name, in one sentence."""

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
