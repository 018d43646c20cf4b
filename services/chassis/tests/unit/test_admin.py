"""What a process says of itself while it starts."""

from types import SimpleNamespace

import eventlet
import pytest
import requests
from eventlet import tpool

from chassis.admin import Admin


@pytest.fixture
def starting():
    """An admin port whose process ends its start, with one more check, while the first check still waits."""
    container = SimpleNamespace(is_alive=True, checks={})
    with eventlet.listen(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    admin = Admin(container, "127.0.0.1", port)

    def slow():
        container.checks["late"] = lambda: False
        admin.started = True
        return True

    container.checks["slow"] = slow
    admin.start()
    yield f"http://127.0.0.1:{port}/ready"
    admin.stop()


def test_a_process_is_ready_only_when_all_its_parts_were_asked(starting):
    first = tpool.execute(requests.get, starting, timeout=5)
    assert (first.status_code, first.json()["started"]) == (503, False)
    second = tpool.execute(requests.get, starting, timeout=5)
    assert second.status_code == 503
    assert second.json() == {"started": True, "slow": True, "late": False, "not_draining": True}
