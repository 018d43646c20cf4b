"""What a person may set for `make run`: a wrong value is one sentence that names it."""

import pytest

from contracts.catalogue import SERVICES
from deploy.local import fleet, settings
from deploy.local.terminal import Refusal


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in settings.OURS:
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_the_defaults_hold():
    assert settings.Settings() == settings.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONGVU_HTTP_PORT", "eighty"),
        ("CONGVU_HTTP_PORT", "0"),
        ("CONGVU_HTTP_PORT", "70000"),
        ("CONGVU_PEOPLE", "-1"),
        ("CONGVU_SEED", "x"),
        ("CONGVU_STOP_SECONDS", "0"),
        ("CONGVU_LOG_LEVEL", "loud"),
        ("CONGVU_POSTGRES_URL", "mysql://somebody:topsecret@localhost"),
        ("CONGVU_POSTGRES_URL", "postgresql://somebody:topsecret@localhost:port"),
        ("CONGVU_RABBITMQ_URL", "localhost"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_a_password_is_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(Refusal) as refused:
        settings.read()
    sentence = str(refused.value)
    assert sentence.startswith(f"Wrong setting: {name}: ")
    assert "topsecret" not in sentence
    assert "\n" not in sentence


def test_a_broker_is_given_with_its_management_address_or_not_at_all(monkeypatch):
    monkeypatch.setenv("CONGVU_RABBITMQ_URL", "amqp://somebody:topsecret@localhost")
    with pytest.raises(Refusal, match="CONGVU_RABBITMQ_API"):
        settings.read()


def test_what_is_not_ours_is_handed_on_to_the_services(monkeypatch):
    monkeypatch.setenv("CONGVU_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("CONGVU_PEOPLE", "3000")
    assert settings.handed_on()["CONGVU_LOG_LEVEL"] == "DEBUG"
    assert "CONGVU_PEOPLE" not in settings.handed_on()


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_base_url_is_one_that_a_client_on_this_machine_can_use(host, base_url):
    assert settings.Settings(http_host=host).base_url == base_url


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("CONGVU_FILES_S3_SECRET", {"gateway", "messaging"}),
        ("CONGVU_FILES", {"gateway", "messaging"}),
        ("CONGVU_SMTP_URL", {"reminders"}),
        ("CONGVU_SMS_TOKEN", {"reminders"}),
        ("CONGVU_OIDC_CITY_CLIENT_SECRET", {"gateway"}),
        ("CONGVU_LOG_LEVEL", set(SERVICES)),
    ],
)
def test_a_secret_is_told_only_to_whom_it_concerns(name, told):
    assert {service for service in SERVICES if fleet.is_for(service, name)} == told
