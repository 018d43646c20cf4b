"""Operators' tools against the running platform, with its addresses in their environment."""

import json
import os
import sys

from contracts.catalogue import SERVICES
from deploy.local.settings import Settings
from deploy.local.state import CHECKOUT, RUN, State, read_json
from deploy.local.terminal import Refusal


def become(module: str, arguments: list[str]) -> None:
    """Become `python -m module`, told the addresses: the broker's for operators, the databases' as the services."""
    addresses = read_json(State(RUN).admin_file)
    if addresses is None:
        raise Refusal("The platform is not running: start it by make run.")
    os.chdir(CHECKOUT)
    os.environ |= {
        "CONGVU_AMQP_ADMIN_URL": addresses["brokers"]["admin"],
        "CONGVU_AUDIT_DATABASES": json.dumps(addresses["databases"]),
        "CONGVU_KEYS": addresses["keys"],
        "CONGVU_WEBHOOK_KEYS": str(State(RUN).webhook_keys),
    }
    if running := read_json(State(RUN).run_file):
        os.environ.setdefault("CONGVU_PUBLIC_URL", Settings(http_port=running["ports"]["http"]).public_url)
    if (service := module.partition(".")[0]) in SERVICES:
        os.environ |= {"CONGVU_DATABASE_URL": addresses["databases"][service]}
    os.execv(sys.executable, [sys.executable, "-W", "ignore", "-m", module, *arguments])  # noqa: S606 - no shell is wanted
