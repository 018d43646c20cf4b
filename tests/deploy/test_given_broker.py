"""A broker that was given, by its management interface: it gets our topology, and siblings by the same command."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from chassis.testing import until
from contracts.catalogue import SERVICES
from contracts.topology import ADMIN, account, hashed, queues, user
from deploy.local import broker_admin, ports, rabbitmq
from deploy.local.rabbitmq import PrivateRabbitMQ
from deploy.local.state import State
from deploy.local.terminal import Refusal
from deploy.local.world import topology
from tests.support.siblings import join, leave, told

OWNER = {"configure": ".*", "write": ".*", "read": ".*", "user": "owner", "vhost": "city"}


@pytest.fixture(scope="module")
def given():
    """Somebody else's broker: the addresses as an operator knows them."""
    root = Path(tempfile.mkdtemp(dir="/var/tmp"))
    root.chmod(0o711)
    port, management, dist, epmd = ports.free(4)
    first = {"users": [user("owner", hashed("p@ss/word"), ["administrator"])], "vhosts": [{"name": "city"}]}
    node = PrivateRabbitMQ(State(root), port, dist, epmd, "cookie", first | {"permissions": [OWNER]})
    node.prepare()
    (node.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
    with (node.folder / "rabbitmq.conf").open("a") as conf:
        conf.write(f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n")
    running = [
        subprocess.Popen(
            program.command, user=program.user, env={"PATH": "/usr/bin:/bin"} | program.environment, cwd="/",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, extra_groups=None if node.account.is_ours else [],
        )
        for program in node.programs()
    ]  # fmt: skip
    try:
        until(lambda: node.instance.admits("owner", "p@ss/word", "city"), 90)
        url = f"amqp://owner:p%40ss%2Fword@127.0.0.1:{port}"
        api = f"http://127.0.0.1:{management}/api"
        until(lambda: broker_admin.ManagementInterface(api.replace("//", "//owner:p%40ss%2Fword@")).export(), 30)
        yield url, api
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(30)
        shutil.rmtree(root)


def test_it_gets_our_topology_and_its_siblings(given):
    url, api = given
    secrets = {f"broker_{service}": f"of-{service}" for service in SERVICES} | {"rabbitmq_admin": "of-admin"}
    broker = rabbitmq.given(url, api, topology(["city"], secrets))
    assert all(broker.admits(account(service), f"of-{service}", "city") for service in SERVICES)
    admin = broker_admin.of(broker.admin)
    assert {queue["name"] for queue in admin.export()["queues"]} == set(queues())

    addresses = {"brokers": {"admin": broker.url(ADMIN, "of-admin", "city")}, "broker_admin": broker.admin}
    mail = join(addresses, "mail", "tasks.task_issued", "tasks.assignment_changed")
    told(addresses, "add", "mail", "tasks.task_issued")
    assert told(addresses, "list") == "mail\ttasks.task_issued\t0 waiting\t0 connected\n"
    with mail.connected() as connection:
        assert mail.hear(connection, 1, seconds=0.3) == []
    admin.load(topology(["city"], secrets))
    with mail.connected():
        pass
    leave(addresses, "mail")
    assert told(addresses, "list") == "There are no siblings.\n"
    assert {queue["name"] for queue in admin.export()["queues"]} == set(queues())


def test_a_wrong_password_of_the_management_interface_is_said_in_one_sentence(given):
    url, api = given
    with pytest.raises(Refusal, match=r"^Wrong setting: CONGVU_RABBITMQ_API: .*status 401\.$") as refused:
        rabbitmq.given(url.replace("p%40ss", "wrong"), api, {})
    assert "word" not in str(refused.value)
