"""A real process: its start, its admin port, its end, its traces."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from chassis.errors import CallFailed
from chassis.testing import until
from chassis.tests.interface.samples import CLAIMS
from contracts import messaging
from deploy.local import ports
from tests.support.collector import collecting

SERVICES = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(world, clean):
    clean("messaging")
    return os.environ | {
        "PYTHONPATH": str(SERVICES),
        "CONGVU_AMQP_URL": world.brokers["messaging"],
        "CONGVU_DATABASE_URL": world.databases["messaging"],
        "CONGVU_SIGNING_KEY": f"{world.keys}/messaging.json",
        "CONGVU_TRUSTED_KEYS": f"{world.keys}/trusted.json",
        "CONGVU_ADMIN_PORT": str(ports.free(1)[0]),
    }


@pytest.fixture
def launch(environment, tmp_path):
    """Start the messaging service as a process of its own; its output goes to `log`."""
    started = []

    def start(service="messaging", **changes):
        process = subprocess.Popen(
            [sys.executable, "-m", "chassis.launch", service],
            env=environment | changes,
            stdout=(tmp_path / "log").open("w"),
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def get(environment, path) -> requests.Response | None:
    try:
        return requests.get(f"http://127.0.0.1:{environment['CONGVU_ADMIN_PORT']}{path}", timeout=5)
    except requests.ConnectionError:
        return None


def test_a_process_shows_its_health_and_ends_when_told(launch, environment, tmp_path):
    process = launch()
    parts = until(
        lambda: (answer := get(environment, "/ready")) is not None and answer.json()["started"] and answer.json(), 20
    )
    until(lambda: get(environment, "/ready").json()["rpc"], 10)
    assert {"database", "rpc", "inbox", "outbox", "not_draining"} <= set(parts)
    assert get(environment, "/live").status_code == 200
    until(lambda: "congvu_hub_lag_seconds" in get(environment, "/metrics").text)
    assert get(environment, "/elsewhere").status_code == 404
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0, (tmp_path / "log").read_text()
    assert time.monotonic() - began < 10
    assert '"event":"stopped"' in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"CONGVU_DATABASE_URL": "mysql://x:hidden@y"},
        {"CONGVU_SIGNING_KEY": "/nowhere/key.json"},
        {"CONGVU_MAX_WORKERS": "none"},
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(launch, tmp_path, change):
    assert launch(**change).wait(60) != 0
    log = (tmp_path / "log").read_text()
    assert "congvu:" in log
    assert "Traceback" not in log
    assert "hidden" not in log


def test_an_unknown_service_is_named(launch, tmp_path):
    assert launch("nonsense").wait(60) != 0
    assert "no service 'nonsense'" in (tmp_path / "log").read_text()


def test_traces_are_sent_when_switched_on(launch, environment, caller):
    with collecting() as collector:
        process = launch(CONGVU_OTLP_ENDPOINT=collector.endpoint)
        until(lambda: (answer := get(environment, "/ready")) is not None and answer.json().get("rpc"), 60)
        with pytest.raises(CallFailed):  # the actor is nobody: what counts is that the call leaves a span
            caller(messaging.get_unread, {}, CLAIMS)
        process.send_signal(signal.SIGTERM)  # what was not sent yet is sent now
        assert process.wait(20) == 0
        assert "messaging SERVER messaging.get_unread" in [span.title for span in collector.spans]


@pytest.mark.parametrize("silent", [False, True])
def test_a_collector_that_is_away_or_silent_holds_up_neither_work_nor_end(
    launch, environment, caller, tmp_path, silent
):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if silent:  # takes connections and never says a word
            listening.listen(50)
        process = launch(
            CONGVU_OTLP_ENDPOINT=f"http://127.0.0.1:{listening.getsockname()[1]}",
            OTEL_BSP_SCHEDULE_DELAY="100", OTEL_BSP_MAX_QUEUE_SIZE="64", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="32",
        )  # fmt: skip
        until(lambda: (answer := get(environment, "/ready")) is not None and answer.json().get("rpc"), 60)
        for _ in range(200):  # more than the exporter's memory holds
            with pytest.raises(CallFailed) as answered:
                caller(messaging.get_unread, {}, CLAIMS)
            assert answered.value.code not in ("deadline_exceeded", "service_unavailable")
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0, (tmp_path / "log").read_text()[-2000:]
    assert (tmp_path / "log").read_text().count("Queue full") < 10
