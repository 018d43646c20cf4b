"""Where a push may go: to push services that we know, at public addresses; whatever else is asked for, nowhere."""

import eventlet
import pytest

from kernel.errors import Refused
from reminders.channels.push import Push
from reminders.channels.settings import PushSettings
from reminders.domain.deliveries import Delivery, Line, Sent, Temporary
from reminders.tests.support import new_keys, new_vapid_key


class HalfReached(Push):
    """One device takes it, one falls over, one says nothing."""

    def _send_to(self, device, body, urgency):
        if device["id"] == "tablet":
            raise OSError("reset")
        if device["id"] == "watch":
            eventlet.sleep(60)
        return Sent("1")


@pytest.fixture
def half_reached(tmp_path):
    return HalfReached(PushSettings(str(new_vapid_key(tmp_path)), "mailto:admin@city.example"), forget=None)


def to_devices(*names: str) -> Delivery:
    lines = (Line("Báo cáo", "Quá hạn", "/api/v1/x"),)
    return Delivery("d", "push", "p", 1, 3, False, lines, to=[{"id": name} for name in names])


def test_what_one_device_took_is_sent_though_the_time_was_over(half_reached):
    with eventlet.Timeout(0.2):
        assert half_reached.send(to_devices("tablet", "watch", "phone")) == Sent("1")
    with eventlet.Timeout(0.2), pytest.raises(eventlet.Timeout):
        half_reached.send(to_devices("tablet", "watch"))


def test_each_device_has_its_own_limit(half_reached, monkeypatch):
    monkeypatch.setattr("reminders.channels.push.DEVICE_SECONDS", 0.1)
    with eventlet.Timeout(5):
        assert half_reached.send(to_devices("watch")) == Temporary("timed_out")


@pytest.fixture
def push(tmp_path):
    return Push(PushSettings(str(new_vapid_key(tmp_path)), "mailto:admin@city.example"), forget=None)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def_-",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA==",
        "https://web.push.apple.com/QF",
        "https://wns2-sg2p.notify.windows.com/w/?token=BQ%3d%3d",
        "https://fcm.googleapis.com:443/fcm/send/x",
    ],
)
def test_endpoints_of_push_services_are_taken(push, endpoint):
    push.check(endpoint, new_keys().public)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com/x",
        "https://push.apple.com/x",
        "https://.push.apple.com/x",
        "https://evilpush.apple.com/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://fcm.googleapis.com\\@evil.example/x",
        "https://fcm.googleapis.com#@evil.example/x",
        "https://fcm.googleapis.com/x\r\nHost: evil",
        "https://fcm.googleapis.com/x y",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://rabbitmq/x",
        "https://ｆcm.googleapis.com/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_anything_else_is_refused(push, endpoint):
    with pytest.raises(Refused) as refused:
        push.check(endpoint, new_keys().public)
    assert refused.value.refusal_code == "push_endpoint_refused"


@pytest.mark.parametrize("spoilt", [{"p256dh": "AAAA"}, {"p256dh": "B" + "A" * 86}, {"auth": "AAAA"}, {"auth": "!"}])
def test_keys_that_are_none_are_refused(push, spoilt):
    with pytest.raises(Refused) as refused:
        push.check("https://fcm.googleapis.com/x", new_keys().public | spoilt)
    assert refused.value.refusal_code == "push_keys_refused"
