"""Tracing that is switched off costs nothing: nothing is loaded for it, and no trace is in tables and messages."""

import os
import subprocess
import sys
from pathlib import Path

from chassis.testing import until
from contracts.catalogue import SERVICES
from deploy.local.state import CHECKOUT
from tests.support.client import an_order
from tests.support.collector import FOREIGN, traces_in_tables


def test_tables_and_messages_hold_no_trace(platform, person, ward, heard_by):
    core = heard_by("tasks.events")
    order = an_order(audience=None, assignments=[{"unit_id": ward}])
    answer = person("vice_chairman").post("/tasks", order, headers=FOREIGN)
    assert answer.status_code == 201
    assert len(answer.headers["X-Request-Id"]) == 32
    message = until(core)
    assert not {"traceparent", "tracestate"} & set(message.headers)
    assert traces_in_tables(platform, answer.json()["id"]) == [{}, {}, {}]


def test_no_part_of_opentelemetry_is_loaded(platform):
    """No running process maps the extension that the exporter needs, and no service imports any of the rest."""
    for service in SERVICES:
        maps = Path(f"/proc/{platform.pid(service)}/maps").read_text()
        assert "psycopg" in maps, service
        assert "google/_upb" not in maps, service
    imports = "import sys, chassis.container, chassis.admin, " + ", ".join(f"{name}.service" for name in SERVICES)
    found = "print([name for name in sys.modules if name.split('.')[0] == 'opentelemetry'])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{imports}; {found}"], capture_output=True, text=True,
        cwd=CHECKOUT, env=os.environ | {"PYTHONPATH": "services"},
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr
