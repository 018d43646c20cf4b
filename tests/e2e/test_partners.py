"""A platform without a broker: what it says has effect here, and what happens here is brought to it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pika
import pytest
import requests
import trustme

from chassis.testing import until
from deploy.local.state import State
from tests.support.client import an_order, days_from_now
from tests.support.partner import BATCH, SAYS, Partner, an_item, partner, shown, told
from tests.support.siblings import join, leave

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def operators(platform) -> dict:
    keys = State(platform.log.parent).webhook_keys
    return {
        "CONGVU_DATABASE_URL": platform.addresses["databases"]["gateway"], "CONGVU_WEBHOOK_KEYS": str(keys),
        "CONGVU_PUBLIC_URL": platform.base_url,
    }  # fmt: skip


@pytest.fixture
def hotline(operators) -> Partner:
    yield partner(operators, "hotline", "--says", *SAYS)
    told(operators, "remove", "hotline")


@pytest.fixture
def say(platform, hotline):
    """Says a batch, and answers what the door said."""

    def said(*events: dict) -> requests.Response:
        url = f"{platform.base_url}/api/v1/inbound/events"
        with requests.Session() as session:
            return session.send(hotline.signed(url, orjson.dumps(events), {"Content-Type": BATCH}), timeout=30)

    return said


def items(person, origin: str = "hotline") -> list[dict]:
    return person("unit_head").get("/action-items", params={"origin": origin}).json()["items"]


def of_ward(person, ward, subject: str, **changes) -> dict:
    found = person("unit_head").get(f"/units/{ward}")
    assert found.status_code == 200, found.text
    code = found.json()["code"]
    return an_item(subject, data={"unit_code": code}, **changes)


def test_the_example_in_the_docs_says_what_waits_and_whoever_it_waits_for_has_it_until_it_is_closed(
    platform, person, ward, operators, tmp_path
):  # fmt: skip
    said = told(operators, "add", "hotline", "--says", *SAYS)
    (tmp_path / "private.pem").write_text(re.search(r"-----BEGIN.+-----END PRIVATE KEY-----\n", said, re.DOTALL)[0])
    given = {
        "PARTNER_URL": f"{platform.base_url}/api/v1/inbound/events", "PARTNER_KEY": str(tmp_path / "private.pem"),
        "PARTNER_KEY_ID": shown("hotline", said).key_id,
    }  # fmt: skip
    item = {"id": "pa/171", "version": 1} | of_ward(person, ward, "pa/171")["data"]

    def run(*changes: dict) -> dict:
        lines = "".join(json.dumps(each) + "\n" for each in changes)
        done = subprocess.run(
            [sys.executable, EXAMPLES / "partner_says.py"], input=lines, text=True, env=os.environ | given,
            stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        return json.loads(done.stdout.replace("'", '"'))

    try:
        assert run(item, item) == {"taken": 1, "known": 1}
        [waiting] = until(lambda: items(person))
        assert (waiting["title"], waiting["link"], waiting["kind"]) == (item["title"], item["link"], item["kind"])
        assert run(item) == {"taken": 0, "known": 1}
        run({"id": "pa/171", "version": 3, "closed": True}, item | {"version": 2, "title": "Đến sau"})
        until(lambda: not items(person))
    finally:
        told(operators, "remove", "hotline")


def test_what_was_accepted_outlives_a_broker_that_was_away_and_takes_effect_once(
    platform, person, ward, say, operators
):
    """202 while the broker is down: it is in the database, and goes out when the broker is back."""
    event = of_ward(person, ward, "pa/away")
    platform.end("rabbitmq", kill=True)
    assert say(event).json() == {"taken": 1, "known": 0}
    for service in platform.ports["admin"]:
        platform.wait_ready(service)
    until(lambda: [item["title"] for item in items(person)] == ["Đèn đường hỏng"])
    assert say(event).json() == {"taken": 0, "known": 1}
    assert say(of_ward(person, ward, "pa/away", id="closing-away", type="waiting_item_closed", aggregateversion=2)).ok
    until(lambda: not items(person))


def test_what_was_accepted_outlives_the_gateways_end(platform, person, ward, say):
    event = of_ward(person, ward, "pa/killed")
    assert say(event).status_code == 202
    platform.end("services:gateway", kill=True)
    until(lambda: _is_back(platform))
    until(lambda: [item["title"] for item in items(person)] == ["Đèn đường hỏng"])
    assert say(of_ward(person, ward, "pa/killed", id="closing-2", type="waiting_item_closed", aggregateversion=2)).ok
    until(lambda: not items(person))


def _is_back(platform) -> bool:
    platform.wait_ready("gateway")
    return True


def test_nobody_but_the_gateway_is_believed_when_it_names_another(platform, person, ward):
    """A sibling that writes a name of its own choosing beside what it says stays who it is."""
    axis = join(platform.addresses, "axis", "tasks.task_issued", "--says", *SAYS)
    event = of_ward(person, ward, "pa/forged")
    headers = {f"cloudEvents:{name}": value for name, value in event.items() if name != "data"}
    try:
        with axis.connected() as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            mine = pika.BasicProperties(
                user_id=axis.account, headers=headers | {"congvu-origin": "hotline"}, content_type="application/json"
            )
            channel.basic_publish(
                "axis.inbound", event["type"], json.dumps(event["data"]).encode(), mine, mandatory=True
            )
        until(lambda: items(person, "axis"))
        assert items(person, "hotline") == []
    finally:
        leave(platform.addresses, "axis")


def test_the_example_in_the_docs_is_brought_an_order_and_takes_it_once(platform, person, ward, operators, tmp_path):
    """The platform, a webhook by HTTPS on loopback, and the example behind it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(tmp_path / "site.pem")
    starting = (
        "import os, ssl, partner_hears as example\n"
        "server = example.make_server('127.0.0.1', 0, example.take)\n"
        "context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH); context.load_cert_chain('site.pem')\n"
        "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
        "open('port.new', 'w').write(str(server.server_port)); os.rename('port.new', 'port')\n"
        "server.serve_forever()\n"
    )
    said = told(operators, "add", "archive", "--hears", "tasks.task_issued", "--url", "https://localhost:1/hook")
    key_id = shown("archive", said).ours[0]
    public = re.search(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\n", said, re.DOTALL)[0]
    (tmp_path / "congvu.pem").write_text(public)

    def example(host: str) -> subprocess.Popen:
        (tmp_path / "port").unlink(missing_ok=True)
        given = {"PYTHONPATH": str(EXAMPLES), "OUR_KEY_ID": key_id, "OUR_KEY": "congvu.pem", "HOOK_HOST": host}
        started = subprocess.Popen(
            [sys.executable, "-c", starting], cwd=tmp_path, env=os.environ | given, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until((tmp_path / "port").exists)
        return started

    settings = {"CONGVU_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128", "CONGVU_WEBHOOK_CA_FILE": str(tmp_path / "ca.pem")}
    probe = example("unknown")  # to learn a port that is free
    port = (tmp_path / "port").read_text()
    probe.kill()
    probe.wait()
    starting = starting.replace("'127.0.0.1', 0", f"'127.0.0.1', {port}")
    hearing = None
    try:
        told(operators, "add", "archive", "--hears", "tasks.task_issued", "--url", f"https://localhost:{port}/hook")
        with platform.instead(**settings):
            task = (
                person("vice_chairman").post("/tasks", an_order(audience=None, assignments=[{"unit_id": ward}])).json()
            )
            until(lambda: "1 wait" in told(operators, "list"))
            hearing = example(f"localhost:{port}")
            told(operators, "replay", "archive")  # now, not in ten seconds
            assert hearing.stdout.readline().startswith(f"task_issued {task['id']} ")
            until(lambda: "0 wait" in told(operators, "list"))
    finally:
        if hearing is not None:
            hearing.kill()
            hearing.wait()
        told(operators, "remove", "archive")


def test_without_a_setting_nothing_inside_is_reached(platform, person, ward, operators):
    told(operators, "add", "archive", "--hears", "tasks.task_issued", "--url", "https://localhost:1/hook")
    try:
        order = an_order(audience=None, assignments=[{"unit_id": ward, "due_on": days_from_now(9)}])
        assert person("vice_chairman").post("/tasks", order | {"due_on": days_from_now(9)}).status_code == 201
        until(lambda: "leads_inside" in told(operators, "webhooks", "archive"))
    finally:
        told(operators, "remove", "archive")
