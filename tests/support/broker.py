"""The run's own broker, as its operator sees it: an alarm of memory stops every publisher until it is taken back."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

RABBITMQCTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"


@contextlib.contextmanager
def alarm() -> Iterator[None]:
    """A watermark of nothing: the broker takes no message from anybody until the end of the block."""
    configured = Path(_environment(_node())["RABBITMQ_CONFIG_FILE"]).read_text()
    before = dict(line.split(" = ", 1) for line in configured.splitlines())["vm_memory_high_watermark.absolute"]
    control("set_vm_memory_high_watermark", "0")
    try:
        yield
    finally:
        control("set_vm_memory_high_watermark", "absolute", before)


def control(*arguments: str) -> str:
    """rabbitmqctl on the node of this run; the node's own environment says how to reach it."""
    node = _node()
    command, environment, whose = [RABBITMQCTL, *arguments], _environment(node), node.stat()
    user = {} if whose.st_uid == os.geteuid() else {"user": whose.st_uid, "group": whose.st_gid, "extra_groups": []}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, **user)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _node() -> Path:
    world = json.loads(Path(os.environ["CONGVU_TEST_WORLD"]).read_text())
    transport = SupervisorTransport(None, None, f"unix://{world['e2e']['socket']}")
    supervisor = ServerProxy("http://local", transport=transport).supervisor
    return Path("/proc") / str(supervisor.getProcessInfo("rabbitmq")["pid"])


def _environment(process: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (process / "environ").read_text().split("\0") if "=" in line)
