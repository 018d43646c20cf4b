"""What one order costs, counted: statements, calls and messages are the same for 1 unit and for 184.

The numbers are exact on purpose. A smaller one is an improvement: write it down here. A larger one needs a reason, and
one that does not grow with the number of units.
"""

import json
import re
from collections import Counter

import psycopg
import pytest
import requests

from chassis import amqp
from chassis.testing import until
from tests.support.client import an_order, sign_in
from tests.support.statements import logged

EXCHANGES = [
    f"{owner}.{form}" for owner in ("directory", "tasks", "reminders", "messaging") for form in ("events", "published")
]

EXPECTED = {
    "an order": {
        # A transaction opens with one statement (BEGIN and its time limit together) and ends with COMMIT. The relay of
        # each emitting service adds two: it looks, and marks what the broker has confirmed.
        # Three of the gateway's are of what is published: which partners want to be told.
        # The assigner's name is known to the gateway from the order before; the first one asks the directory for it.
        "statements": {"directory": 0, "tasks": 19, "reminders": 8, "messaging": 6, "gateway": 12},
        "calls": {"tasks.assign": 1},
        "messages": {
            "tasks.events task_issued": 1,
            "tasks.published task_issued": 1,
            "reminders.events action_items_raised": 1,
        },
        "heard": {"task_issued": 2, "action_items_raised": 1},
        "live rows": 1,
    },
    "an acceptance": {
        # One statement of tasks asks what stands open about the piece: so `allowed` says all that the head may do now.
        # Reminders: one watches it, one drops what was to be sent, two keep its deadline for whoever follows it.
        "statements": {"directory": 0, "tasks": 16, "reminders": 14, "messaging": 3, "gateway": 18},
        "calls": {"tasks.accept": 1},
        "messages": {
            "tasks.events assignment_changed": 1,
            "tasks.published assignment_changed": 1,
            "reminders.events action_items_closed": 1,
        },
        "heard": {"assignment_changed": 3, "action_items_closed": 1},
        "live rows": 2,
    },
}
AUDIENCE = 1  # statement of tasks more when an audience is named: which units it has
LOOK = 3  # statements of one look at the live log; two rows that come together may be seen by one look


@pytest.fixture(scope="module")
def statements(platform):
    with logged(platform) as statements, platform.instead("tests.support.quiet"):
        yield statements


@pytest.fixture
def carried(platform):
    """What the broker carries of events, core and published: counts by exchange and type."""
    with amqp.connection(platform.addresses["brokers"]["admin"], "test counting") as broker:
        channel = broker.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        for exchange in EXCHANGES:
            channel.queue_bind(queue, exchange, "#")

        def count() -> Counter:
            found = Counter()
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                found[f"{message.delivery_info['exchange']} {message.delivery_info['routing_key']}"] += 1
            return found

        yield count


def metered(platform, name: str, label: str) -> Counter:
    found = Counter()
    for port in platform.ports["admin"].values():
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        for labels, value in re.findall(rf"^{name}{{(.*)}} (\S+)$", text, re.MULTILINE):
            found[re.search(rf'{label}="([^"]*)"', labels)[1]] += int(float(value))
    return found


@pytest.fixture
def counted(platform, statements, carried):
    """Counts what an act costs until everybody has done with it: `counted(act, is_done)`."""

    def called() -> Counter:
        return metered(platform, "congvu_calls_seconds_count", "procedure")

    def events_heard() -> Counter:
        return metered(platform, "congvu_events_heard_total", "event")

    def count(act, is_done) -> tuple[dict, dict]:
        statements.wait_for_silence(2.5)  # longer than a session is believed without a look at it
        carried()
        calls, heard = called(), events_heard()
        begin = statements.here()
        result = act()
        until(lambda: is_done(result), 20)
        statements.wait_for_silence()
        found = statements.between(begin, statements.here())
        told = sum(n for statement, n in found["gateway"].items() if statement.startswith("INSERT INTO live_log"))
        looks = sum(n for statement, n in found["gateway"].items() if statement.startswith("SELECT live_log"))
        assert 1 <= looks <= told
        totals = {service: counter.total() for service, counter in found.items()}
        cost = {
            "statements": totals | {"gateway": totals["gateway"] - looks * LOOK},
            "live rows": told,
            "calls": dict(called() - calls),
            "messages": dict(carried()),
            "heard": dict(events_heard() - heard),
        }
        return cost, found

    return count


def rows(platform, service: str, query: str, *parameters) -> list:
    with psycopg.connect(platform.addresses["owners"][service]) as connection:
        return connection.execute(query, parameters).fetchall()


def order(leader, **to) -> dict:
    answer = leader.post("/tasks", an_order(**{"audience": None} | to))
    assert answer.status_code == 201, answer.text
    return answer.json()


def pieces(units: list[str]) -> list[dict]:
    return [{"unit_id": unit} for unit in units]


def order_is_done(platform, task: dict) -> bool:
    told = "SELECT 1 FROM live_log WHERE type = 'action_item_raised' AND common->>'task_id' = %s"
    case = "SELECT 1 FROM conversations WHERE task_id = %s"
    return bool(rows(platform, "gateway", told, task["id"]) and rows(platform, "messaging", case, task["id"]))


def test_an_order_costs_the_same_for_1_unit_and_for_184(platform, counted):
    heads = json.loads((platform.log.parent / "accounts.json").read_text())["heads"]
    units = [head["unit_id"] for head in heads]
    assert len(units) == 184

    def cost_of(**to):
        leader = sign_in(platform.base_url, platform.account("vice_chairman"))  # its session is not touched meanwhile
        order(leader, **to)  # what a process remembers from one order to the next, it knows now
        return counted(lambda: order(leader, **to), lambda task: order_is_done(platform, task))

    for some in (units[:1], units):
        cost, found = cost_of(assignments=pieces(some))
        assert cost == EXPECTED["an order"], listed(len(some), found)
    cost, found = cost_of(audience="all-units")
    cost["statements"]["tasks"] -= AUDIENCE
    assert cost == EXPECTED["an order"], listed(len(units), found)


def test_an_acceptance_costs_the_same_in_an_order_to_1_unit_and_to_184(platform, counted):
    file = json.loads((platform.log.parent / "accounts.json").read_text())
    units = [head["unit_id"] for head in file["heads"]]
    leader = sign_in(platform.base_url, platform.account("vice_chairman"))
    for some in (units[:1], units):
        task = order(leader, assignments=pieces(some))
        until(lambda task=task: order_is_done(platform, task), 20)
        piece = next(each for each in task["assignments"]["items"] if each["unit_id"] in units)
        [head] = [each for each in file["heads"] if each["unit_id"] == piece["unit_id"]]
        client = sign_in(platform.base_url, {"username": head["username"], "password": file["password"]})

        def accept(client=client, piece=piece):
            assert client.accept(piece["id"]).status_code == 200
            return piece

        def is_done(piece):
            told = "SELECT type FROM live_log WHERE common->>'assignment_id' = %s OR per_recipient::text LIKE %s"
            return len(rows(platform, "gateway", told, piece["id"], f'%"subject_id": "{piece["id"]}"%')) >= 3

        cost, found = counted(accept, is_done)
        assert cost == EXPECTED["an acceptance"], listed(len(some), found)


# The gateway looks at the session again: it is believed for two seconds.
SESSION = {"directory": 0, "tasks": 0, "reminders": 0, "messaging": 0, "gateway": 3}
LOOKS = {  # the statements beside SESSION, and the calls
    "home": (
        {"tasks": 4, "reminders": 7, "messaging": 7},
        {"tasks.get_summary": 1, "reminders.get_overview": 1, "messaging.get_unread": 1},
    ),
    "a task": ({"tasks": 9}, {"tasks.get_task": 1}),
    "its pieces": ({"tasks": 8}, {"tasks.list_assignments": 1}),
    "a conversation": ({"messaging": 5}, {"messaging.list_messages": 1}),
    "a person": ({"directory": 5}, {"directory.get_person": 1}),
}


@pytest.fixture
def looked(platform, statements):
    """What a look costs: `looked(client, path)`; whoever is named there is known from the look before."""

    def look(client, path: str) -> tuple[dict, dict]:
        assert client.get(path).status_code == 200
        statements.wait_for_silence(2.5)  # longer than a session is believed without a look at it
        calls = metered(platform, "congvu_calls_seconds_count", "procedure")
        begin = statements.here()
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found = statements.between(begin, statements.here())
        called = dict(metered(platform, "congvu_calls_seconds_count", "procedure") - calls)
        return {"statements": {service: counter.total() for service, counter in found.items()}, "calls": called}, found

    return look


def test_a_look_costs_the_same_however_much_there_is_to_see(platform, looked):
    file = json.loads((platform.log.parent / "accounts.json").read_text())
    units = [head["unit_id"] for head in file["heads"]]
    leader = sign_in(platform.base_url, platform.account("vice_chairman"))
    head = sign_in(platform.base_url, {"username": file["heads"][0]["username"], "password": file["password"]})
    person = head.get("/me").json()["person"]["id"]
    costs = []
    for orders, pieces_of_it, messages in ((1, units[:1], 1), (30, units, 60)):
        for _ in range(orders):
            task = order(leader, assignments=pieces(pieces_of_it))
        until(lambda task=task: order_is_done(platform, task), 30)
        [case] = leader.get("/conversations", params={"task_id": task["id"]}).json()["items"]
        talk = f"/conversations/{case['id']}/messages"
        for number in range(messages):
            assert leader.post(talk, {"text": f"Câu {number}"}).status_code == 201
        looks = {
            "home": (head, "/home"),
            "a task": (leader, f"/tasks/{task['id']}"),
            "its pieces": (leader, f"/tasks/{task['id']}/assignments?limit=200"),
            "a conversation": (leader, f"{talk}?limit=100"),
            "a person": (leader, f"/people/{person}"),
        }
        costs.append({name: looked(*look) for name, look in looks.items()})
    expected = {
        name: {"statements": SESSION | statements, "calls": calls} for name, (statements, calls) in LOOKS.items()
    }
    for cost in costs:
        told = "\n".join(f"{name} {listed(len(units), found)}" for name, (_, found) in cost.items())
        assert {name: spent for name, (spent, _) in cost.items()} == expected, told


def listed(units: int, found: dict[str, Counter]) -> str:
    lines = [f"of {units} units:"]
    for service, counter in found.items():
        lines += [f"{service} {counter.total()}"] + [f"  {n} x {statement}" for statement, n in counter.items()]
    return "\n".join(lines)
