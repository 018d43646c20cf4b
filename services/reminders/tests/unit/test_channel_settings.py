"""A wrong setting of a channel is refused at start, by name and without repeating a password."""

import pytest

from chassis.settings import read_or_exit
from chassis.tests.unit.test_settings import GOOD
from reminders.channels.settings import PUSH_HOSTS
from reminders.settings import read
from reminders.tests.support import new_vapid_key

MAIL = {
    "CONGVU_PUBLIC_URL": "https://congvu.example", "CONGVU_SMTP_FROM": "Công Vụ <congvu@city.example>",
    "CONGVU_SMTP_URL": "smtp://ai:b%C3%AD%20m%E1%BA%ADt@mail.example",
}  # fmt: skip
SMS = {
    "CONGVU_PUBLIC_URL": "https://congvu.example", "CONGVU_SMS_URL": "https://sms.example/send",
    "CONGVU_SMS_TOKEN": "t0ken",
}  # fmt: skip


@pytest.fixture
def given(monkeypatch, tmp_path):
    key = new_vapid_key(tmp_path)
    push = {"CONGVU_VAPID_KEY": str(key), "CONGVU_VAPID_SUBJECT": "mailto:admin@city.example"}

    def read_with(**changes):
        for each in (GOOD | MAIL | SMS | push | changes).items():
            monkeypatch.setenv(*each)
        return read_or_exit(read).channels

    return read_with


def test_without_settings_there_is_no_channel(monkeypatch):
    for each in GOOD.items():
        monkeypatch.setenv(*each)
    found = read().channels
    assert (found.mail, found.push, found.sms, found.voice) == (None, None, None, None)


def test_what_is_set_up_is_there(given):
    found = given(CONGVU_PUSH_NETWORKS="10.1.0.0/16", CONGVU_SMS_BODY='{"phone": "{to}", "n": 1, "m": "CV {text}"}')
    assert (found.mail.host, found.mail.port, found.mail.tls) == ("mail.example", 587, "starttls")
    assert (found.mail.user, found.mail.password) == ("ai", "bí mật")
    assert (found.push.hosts, len(found.push.networks)) == (PUSH_HOSTS, 1)
    assert (found.sms.body["phone"], found.sms.quota, found.voice) == ("{to}", 1000, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONGVU_SMTP_URL", "mail.example:25"),
        ("CONGVU_SMTP_URL", "http://secret@mail.example"),
        ("CONGVU_SMTP_URL", "smtp://secret@mail.example:x"),
        ("CONGVU_SMTP_FROM", "Công Vụ"),
        ("CONGVU_SMTP_FROM", "a@b.c\r\nBcc: d@e.f"),
        ("CONGVU_SMTP_CA_FILE", "/nowhere.pem"),
        ("CONGVU_PUBLIC_URL", "http://congvu.example"),
        ("CONGVU_PUBLIC_URL", "https://congvu.example/path"),
        ("CONGVU_VAPID_KEY", "/nowhere.pem"),
        ("CONGVU_SEALING_KEYS", "/nowhere.keys"),
        ("CONGVU_VAPID_SUBJECT", "admin"),
        ("CONGVU_PUSH_HOSTS", "*.com"),
        ("CONGVU_PUSH_HOSTS", "*"),
        ("CONGVU_PUSH_HOSTS", "https://push.example"),
        ("CONGVU_PUSH_NETWORKS", "inside"),
        ("CONGVU_SMS_URL", "http://sms.example/send"),
        ("CONGVU_SMS_TOKEN", "a b"),
        ("CONGVU_SMS_BODY", '{"to": "{to}"}'),
        ("CONGVU_SMS_BODY", "[]"),
        ("CONGVU_SMS_QUOTA", "-1"),
        ("CONGVU_VOICE_URL", "voice.example"),
    ],
)
def test_a_wrong_value_ends_the_start_with_one_sentence(given, name, value):
    with pytest.raises(SystemExit, match=name) as ended:
        given(**{name: value})
    assert "\n" not in str(ended.value) and "secret" not in str(ended.value)
