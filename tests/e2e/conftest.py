import pytest

from chassis import amqp
from chassis.testing import until
from tests.support.client import Client, an_order, sign_in
from tests.support.platform import platform  # noqa: F401

_clients: dict[tuple[str, str], Client] = {}


@pytest.fixture
def person(platform):  # noqa: F811
    """A signed-in client by role: `person("vice_chairman")`; one sign-in per role and run."""

    def signed_in(role: str) -> Client:
        known = (platform.base_url, role)
        if known not in _clients:
            _clients[known] = sign_in(platform.base_url, platform.account(role))
        return _clients[known]

    return signed_in


@pytest.fixture
def ward(person):
    """The unit that the roles unit_head, unit_clerk and official belong to."""
    me = person("unit_head").get("/me").json()
    return next(m for m in me["memberships"] if m["primary"])["unit_id"]


@pytest.fixture
def order_to_ward(person, ward):
    """An order of the Vice Chairman to that one ward, and the head's assignment in it once his item has arrived."""

    def give(**changes) -> tuple[dict, dict]:
        task = person("vice_chairman").post(
            "/tasks", an_order(audience=None, assignments=[{"unit_id": ward, "role": "lead"}], **changes)
        )
        assert task.status_code == 201, task.text
        assignment = task.json()["assignments"]["items"][0]
        until(lambda: item_of(person("unit_head"), assignment["id"]), 10)
        return task.json(), assignment

    return give


@pytest.fixture
def heard_by(platform):  # noqa: F811
    """What an exchange carries from now on: `heard_by("tasks.events")` answers a function for the next message."""
    with amqp.connection(platform.addresses["brokers"]["admin"], "test listener") as broker:
        channel = broker.channel()

        def listening(exchange: str):
            queue = channel.queue_declare("", exclusive=True).queue
            channel.queue_bind(queue, exchange, "#")
            return lambda: channel.basic_get(queue, no_ack=True)

        yield listening


def item_of(client: Client, assignment_id: str) -> dict | None:
    """The open action item about an assignment in a person's list, if there is one."""
    cursor = None
    while True:
        page = client.get("/action-items", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
        for item in page["items"]:
            if item["subject_id"] == assignment_id:
                return item
        if (cursor := page["next_cursor"]) is None:
            return None
