"""A wrong setting is refused at start, by name and without its value."""

import pytest

from chassis import settings

GOOD = {
    "CONGVU_AMQP_URL": "amqp://congvu_tasks:secret@127.0.0.1/city",
    "CONGVU_DATABASE_URL": "postgresql://congvu_tasks:secret@127.0.0.1/congvu_tasks",
    "CONGVU_SIGNING_KEY": "tasks.json",
    "CONGVU_TRUSTED_KEYS": "trusted.json",
}


@pytest.fixture
def environment(monkeypatch):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_file_of_anchors_may_be_there_or_not(environment, tmp_path):
    path = tmp_path / "anchors"
    for _ in range(2):
        environment.setenv("CONGVU_AUDIT_ANCHORS", str(path))
        assert settings.read().audit_anchors == str(path)
        path.touch()


def test_defaults_are_safe(environment):
    read = settings.read()
    assert (read.admin_host, read.otlp_endpoint, read.account) == ("127.0.0.1", "", "congvu_tasks")
    assert read.account_of("reminders", "tasks") == "congvu_reminders"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONGVU_AMQP_URL", "http://congvu_tasks:secret@127.0.0.1"),
        ("CONGVU_DATABASE_URL", "mysql://secret"),
        ("CONGVU_MAX_WORKERS", "0"),
        ("CONGVU_MAX_WORKERS", "many"),
        ("CONGVU_ADMIN_PORT", "70000"),
        ("CONGVU_LOG_LEVEL", "loud"),
        ("CONGVU_STOP_SECONDS", "-1"),
        ("CONGVU_TRACE_SAMPLE", "1.5"),
        ("CONGVU_OTLP_ENDPOINT", "collector:4317"),
        ("CONGVU_AUDIT_ANCHORS", "/nowhere/anchors"),
        ("CONGVU_AUDIT_ANCHORS", "/"),
        ("CONGVU_AUDIT_ANCHOR_SECONDS", "0"),
    ],
)
def test_a_wrong_value_ends_the_start_with_one_sentence(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        settings.read_or_exit()
    assert name.removeprefix("CONGVU_") in str(ended.value)
    assert "secret" not in str(ended.value)
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_value_is_named(environment, name):
    environment.delenv(name)
    with pytest.raises(SystemExit, match=name):
        settings.read_or_exit()
