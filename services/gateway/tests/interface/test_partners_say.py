"""Events of partners over HTTP: believed for their signature, taken once, all or none, and published."""

from datetime import timedelta
from types import SimpleNamespace

import orjson
import pika
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import clock, metrics
from chassis.testing import until
from gateway.partners import passing, saying, storage
from gateway.partners.keys import as_text
from gateway.tests.support import assert_problem
from tests.support.partner import BATCH, COVERED, SAYS, STRUCTURED, Partner, an_item, partner, told

JSON = {"Content-Type": STRUCTURED}
PUBLIC = "https://congvu.example"  # for whose host partners sign, wherever they reach us


@pytest.fixture
def operators(world, here) -> dict:
    return {"CONGVU_DATABASE_URL": world.databases["gateway"], "CONGVU_PUBLIC_URL": PUBLIC}


@pytest.fixture
def client(gateway):
    return gateway(public_url=PUBLIC)


@pytest.fixture
def hotline(operators) -> Partner:
    return partner(operators, "hotline", "--says", *SAYS)


@pytest.fixture
def hearer(world):
    """What arrives for the hearers: (routing key, properties, body) each."""
    with pika.BlockingConnection(pika.URLParameters(world.brokers["admin"])) as connection:
        channel = connection.channel()
        for queue in ("tasks.inbox.outside.v1", "reminders.inbox.outside.v1"):
            channel.queue_purge(queue)

        def heard(count: int) -> list:
            found = []

            def all_there() -> bool:
                delivery, properties, body = channel.basic_get("reminders.inbox.outside.v1", auto_ack=True)
                if delivery is not None:
                    found.append((delivery, properties, body))
                return len(found) >= count

            until(all_there)
            return found

        yield heard


@pytest.fixture
def say(client, hotline):
    """Posts what the hotline says, as it should be; changes are those of one who does it wrongly."""
    url = client.base + "/inbound/events"

    def said(event, headers: dict | None = None, by: Partner = hotline, **changes) -> requests.Response:
        body = event if isinstance(event, bytes) else orjson.dumps(event)
        return send(signed(by, url, body, headers or JSON, **changes))

    said.url = url
    return said


def signed(by: Partner, url: str, body: bytes, headers: dict, **changes) -> requests.PreparedRequest:
    """Signed for our public address, and sent where the test has us."""
    request = by.signed(url.replace(url.partition("/api/")[0], PUBLIC), body, headers, **changes)
    request.url = url
    return request


def send(request: requests.PreparedRequest) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=30)


def binary(event: dict) -> tuple[dict, dict]:
    headers = {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}
    return event["data"], headers | {"Content-Type": "application/json"}


def kept(here) -> list[str]:
    return [row["attributes"]["id"] for row in here.rows("SELECT attributes FROM said_events ORDER BY id")]


# how it arrives


def test_a_structured_event_is_published_as_a_sibling_would_with_the_partners_name(say, hearer, here):
    event = an_item()
    answer = say(event)
    assert (answer.status_code, answer.json()) == (202, {"taken": 1, "known": 0})
    [(delivery, properties, body)] = hearer(1)
    assert (delivery.exchange, delivery.routing_key) == ("gateway.inbound", "waiting_item_opened")
    assert (properties.user_id, properties.headers.pop("congvu-origin")) == ("congvu_gateway", "hotline")
    assert properties.headers.pop("cloudEvents:time")
    properties.headers.pop("x-delivery-count", None)  # the broker's own
    assert properties.headers == {
        f"cloudEvents:{name}": event[name]
        for name in ("specversion", "id", "type", "source", "subject", "aggregateversion")
    }
    assert orjson.loads(body) == event["data"] | dict.fromkeys(("post_id", "person_id", "from_title", "due"))
    until(lambda: here.rows("SELECT 1 AS one FROM said_events WHERE passed_at IS NOT NULL"))


def test_binary_and_structured_say_the_same(say, hearer):
    data, headers = binary(an_item(subject="pa/1"))
    assert say(data, headers).json() == {"taken": 1, "known": 0}
    assert say(an_item(subject="pa/2")).json() == {"taken": 1, "known": 0}
    (_, first, said), (_, second, again) = hearer(2)
    assert said == again
    assert first.headers["cloudEvents:aggregateversion"] == second.headers["cloudEvents:aggregateversion"] == 1
    assert [each.headers["cloudEvents:subject"] for each in (first, second)] == ["pa/1", "pa/2"]


def test_a_batch_is_taken_in_its_order(say, hearer):
    events = [an_item(f"pa/{number}") for number in range(100)]
    assert say(events, {"Content-Type": BATCH}).json() == {"taken": 100, "known": 0}
    heard = [properties.headers["cloudEvents:subject"] for _, properties, _ in hearer(100)]
    assert heard == [event["subject"] for event in events]


def test_what_was_said_before_is_accepted_and_has_no_second_effect(say, hearer, here):
    event = an_item()
    for known in (0, 1, 1):
        assert say(event).json() == {"taken": 1 - known, "known": known}
    twice = [event, an_item("pa/72"), an_item("pa/72")]
    assert say(twice, {"Content-Type": BATCH}).json() == {"taken": 1, "known": 2}
    assert len(hearer(2)) == len(kept(here)) == 2


def test_another_source_or_another_partner_means_another_event(say, operators, here):
    other = partner(operators, "other", "--says", *SAYS)
    say(an_item())
    assert say(an_item(source="/elsewhere")).json()["taken"] == 1
    assert say(an_item(), by=other).json()["taken"] == 1
    assert len(kept(here)) == 3


def test_what_no_queue_takes_stays_and_goes_out_later(say, hearer, here, gateway, monkeypatch):
    """As when the queue is full, or nothing is bound yet: the rest passes it by."""
    monkeypatch.setattr(passing, "outside_exchange", lambda _door: "nowhere.at.all")
    assert say(an_item("pa/1")).status_code == 202
    eventually = "SELECT count(*) AS n FROM said_events WHERE passed_at IS NULL"
    assert here.rows(eventually) == [{"n": 1}]
    monkeypatch.undo()
    assert hearer(1)[0][1].headers["cloudEvents:subject"] == "pa/1"
    until(lambda: here.rows(eventually) == [{"n": 0}])


def test_a_full_queue_is_left_alone_for_a_while_and_holds_up_nothing_else(here, world, monkeypatch):
    monkeypatch.setattr(passing, "LEFT_ALONE", 3600.0)
    monkeypatch.setattr(passing, "outside_exchange", lambda _door: "test.full")
    opened, closed = "waiting_item_opened", "waiting_item_closed"

    def rows(name: str, count: int) -> list[dict]:
        row = {"partner": "hotline", "name": name, "attributes": {}, "data": {}, "said_at": clock.now()}
        return [row | {"key": clock.new_id()} for _ in range(count)]

    def say(name: str, count: int) -> None:
        with here.store.transaction() as tx:
            storage.add_said(tx, rows(name, count))
        passer._look(None)

    def tried(outcome: str) -> float:
        return metrics.EVENTS_PUBLISHED.labels(opened, outcome)._value.get()

    def left() -> list[str]:
        return [row["name"] for row in here.rows("SELECT name FROM said_events WHERE passed_at IS NULL")]

    settings = SimpleNamespace(amqp_url=world.brokers["admin"], account=world.settings("gateway").account)
    passer = passing.Passing(here.store, settings)
    with pika.BlockingConnection(pika.URLParameters(world.brokers["admin"])) as connection:
        channel = connection.channel()
        channel.exchange_declare("test.full", "topic")
        full = channel.queue_declare("", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        channel.queue_bind(full.method.queue, "test.full", opened)
        channel.queue_bind(channel.queue_declare("", exclusive=True).method.queue, "test.full", closed)
        passer._publisher.start()
        try:
            until(lambda: passer._publisher.is_up)
            say(opened, 3)
            say(opened, 3)  # some went before: it may have been full for a moment
            before = tried("refused")
            say(closed, 3)
            say(opened, 1)
            assert (tried("refused"), set(left())) == (before, {opened})
            channel.queue_purge(full.method.queue)
            monkeypatch.setattr(passing.time, "monotonic", lambda now=passing.time.monotonic: now() + 3601)
            waiting = len(left())
            passer._look(None)
            assert len(left()) < waiting
        finally:
            monkeypatch.undo()
            passer._publisher.stop()
            channel.exchange_delete("test.full")


# whose it is


def refused(answer: requests.Response) -> dict:
    problem = assert_problem(answer, 401, "signature_invalid")
    assert answer.headers["WWW-Authenticate"] == "Signature"
    return {name: problem[name] for name in problem.keys() - {"instance"}}


WRONG = {
    "an unknown key": {"key_id": "hotline.0000000000000000"},
    "an unknown partner": {"key_id": "nobody.0000000000000000"},
    "the wrong key": {"key": Ed25519PrivateKey.generate()},
    "no nonce": {"nonce": None},
    "a long nonce": {"nonce": "n" * 101},
    "another tag": {"tag": "congvu-webhook"},
    "no tag": {"tag": None},
    "an old date": {"off": timedelta(minutes=-11)},
    "a date to come": {"off": timedelta(minutes=6)},
    "the method unsigned": {"covered_component_ids": [each for each in COVERED if each != "@method"]},
    "the host unsigned": {"covered_component_ids": [each for each in COVERED if each != "@authority"]},
    "the path unsigned": {"covered_component_ids": [each for each in COVERED if each != "@path"]},
    "the type unsigned": {"covered_component_ids": [each for each in COVERED if each != "content-type"]},
    "no digest": {"digested": None},
    "a key id that is text of SQL": {"key_id": "' OR 1=1 --"},
}


def test_whatever_is_wrong_with_a_signature_is_refused_alike(say, here):
    answers = [refused(say(an_item(), **changes)) for changes in WRONG.values()]
    assert answers == answers[:1] * len(WRONG)
    assert kept(here) == []
    assert here.rows("SELECT * FROM partner_requests") == []
    assert say(an_item()).status_code == 202


def test_no_signature_or_half_of_one_is_refused(say, client, hotline):
    refused(requests.post(say.url, json=an_item(), headers=JSON, timeout=30))
    refused(requests.post(say.url, timeout=30))
    for name in ("Signature", "Signature-Input", "Content-Digest"):
        request = signed(hotline, say.url, orjson.dumps(an_item()), JSON)
        del request.headers[name]
        refused(send(request))
        request.headers[name] = "sig=(((("
        refused(send(request))


def test_what_was_changed_on_its_way_is_refused(say, hotline, here):
    data, headers = binary(an_item())

    def on_its_way(change) -> None:
        request = signed(hotline, say.url, orjson.dumps(data), headers)
        change(request)
        refused(send(request))

    def other_body(request):
        request.body = request.body.replace("Đèn".encode(), "Đen".encode())
        request.headers["Content-Length"] = str(len(request.body))

    on_its_way(other_body)
    on_its_way(lambda request: request.headers.update({"ce-subject": "pa/72"}))
    on_its_way(lambda request: request.headers.update({"ce-unit": "added"}))
    on_its_way(lambda request: request.headers.pop("ce-time"))
    on_its_way(lambda request: request.headers.update({"Content-Type": STRUCTURED}))
    assert kept(here) == []


def test_what_was_signed_for_another_host_is_refused_whatever_it_calls_us(say, hotline, here):
    for host in ("elsewhere.example", say.url.split("/")[2]):
        request = hotline.signed(f"https://{host}/api/v1/inbound/events", orjson.dumps(an_item()), JSON)
        request.url, request.headers["Host"] = say.url, host
        refused(send(request))
    assert kept(here) == []


def test_without_an_address_to_sign_for_nothing_is_taken_and_nobody_registered(hotline, operators, gateway, here):
    url = gateway(public_url="").base + "/inbound/events"
    for host in (PUBLIC.split("/")[2], url.split("/")[2]):
        request = hotline.signed(f"https://{host}/api/v1/inbound/events", orjson.dumps(an_item()), JSON)
        request.url, request.headers["Host"] = url, host
        assert_problem(send(request), 503, "service_unavailable")
    assert kept(here) == []
    with pytest.raises(SystemExit, match="CONGVU_PUBLIC_URL is not set"):
        told(operators | {"CONGVU_PUBLIC_URL": ""}, "add", "other", "--says", *SAYS)


def test_a_signature_is_taken_once_by_all_instances(say, hotline, gateway, here):
    request = signed(hotline, say.url, orjson.dumps(an_item()), JSON)
    assert send(request).status_code == 202
    refused(send(request))
    other = gateway(public_url=PUBLIC).base + "/inbound/events"
    refused(
        send(signed(hotline, other, orjson.dumps(an_item("pa/72")), JSON, nonce="x", key=Ed25519PrivateKey.generate()))
    )
    assert send(signed(hotline, say.url, orjson.dumps(an_item("pa/72")), JSON, nonce="one")).status_code == 202
    refused(send(signed(hotline, other, orjson.dumps(an_item("pa/73")), JSON, nonce="one")))
    assert kept(here) == ["pa/71 1", "pa/72 1"]


def test_what_was_refused_for_its_content_was_used_too(say, hotline):
    request = signed(hotline, say.url, b"{", JSON)
    assert_problem(send(request), 400, "invalid_json")
    refused(send(request))


def test_two_keys_are_good_while_they_change(say, operators, hotline, here):
    newer = partner(operators, "hotline", verb="renew")
    assert newer.key_id != hotline.key_id
    assert [say(an_item(f"pa/{n}"), by=each).status_code for n, each in enumerate((hotline, newer))] == [202, 202]
    newest = partner(operators, "hotline", verb="renew")
    refused(say(an_item("pa/3"), by=hotline))
    assert say(an_item("pa/3"), by=newer).status_code == 202
    here.do("UPDATE partner_keys SET ends_at = now() - interval '1 second' WHERE ends_at > now()")
    refused(say(an_item("pa/4"), by=newer))
    last = partner(operators, "hotline", "--at-once", verb="renew")
    refused(say(an_item("pa/4"), by=newest))
    assert say(an_item("pa/4"), by=last).status_code == 202
    told(operators, "remove", "hotline")
    refused(say(an_item("pa/5"), by=last))
    with pytest.raises(SystemExit, match="There is no partner hotline"):
        told(operators, "remove", "hotline")


def test_a_partners_own_key_is_taken_and_nothing_secret_is_shown(say, operators, tmp_path):
    own, file = Ed25519PrivateKey.generate(), tmp_path / "key.pem"
    file.write_text(as_text(own.public_key()))
    said = told(operators, "add", "axis", "--says", "incoming_task_received", "--public-key", str(file))
    assert "PRIVATE" not in said
    key_id = said.split("key id")[1].split()[0]
    axis = Partner("axis", key_id, own)
    assert_problem(say(an_item(), by=axis), 403, "event_not_granted")
    file.write_text(as_text(own))
    with pytest.raises(SystemExit, match=r"key\.pem"):
        told(operators, "add", "axis", "--says", "incoming_task_received", "--public-key", str(file))


def test_the_same_key_again_changes_nothing_and_a_former_one_is_no_key(say, operators, tmp_path):
    keys, files = [Ed25519PrivateKey.generate() for _ in range(2)], []
    for number, key in enumerate(keys):
        files.append(str(tmp_path / f"{number}.pem"))
        (tmp_path / f"{number}.pem").write_text(as_text(key.public_key()))
    told(operators, "add", "axis", "--says", "incoming_task_received", "--public-key", files[0])
    told(operators, "add", "axis", "--says", *SAYS, "--public-key", files[0])
    assert f">{SAYS[0]}" in told(operators, "list")
    told(operators, "renew", "axis", "--public-key", files[1], "--at-once")
    for verb in (("renew", "axis"), ("add", "axis", "--says", *SAYS)):
        with pytest.raises(SystemExit, match="It had this key before"):
            told(operators, *verb, "--public-key", files[0])
    with pytest.raises(SystemExit, match="It has this key already"):
        told(operators, "renew", "axis", "--public-key", files[1])


def test_so_many_requests_a_minute(say, operators, here, monkeypatch):
    monkeypatch.setattr(saying, "REQUESTS_A_MINUTE", 3)
    other = partner(operators, "other", "--says", *SAYS)
    assert [say(an_item(f"pa/{n}")).status_code for n in range(4)] == [202, 202, 202, 429]
    answer = say(an_item("pa/9"))
    assert_problem(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert say(an_item(), by=other).status_code == 202
    here.do("UPDATE partner_requests SET at = at - interval '2 minutes'")
    assert say(an_item("pa/9")).status_code == 202


def test_too_much_that_waits_is_refused_and_kept_by_the_partner(say, here, monkeypatch):
    monkeypatch.setattr(saying, "UNPASSED_AT_MOST", 1)
    row = {"key": "01989c1e-5b2a-7c10-8d52-0c8a1f5e0001", "now": clock.now()}
    here.do(
        "INSERT INTO said_events (key, partner, name, attributes, data, said_at)"
        " VALUES (:key, 'hotline', 'never_heard_of', '{}', '{}', :now)", **row,
    )  # fmt: skip
    assert_problem(say(an_item()), 503, "overloaded")
    here.do("DELETE FROM said_events")
    assert say(an_item()).status_code == 202


def test_so_many_bytes_a_day(say, operators, here, monkeypatch):
    monkeypatch.setattr(saying, "BYTES_A_DAY", len(orjson.dumps(an_item())) * 3 // 2)
    other = partner(operators, "other", "--says", *SAYS)
    assert say(an_item()).status_code == 202
    for _ in range(2):  # what is refused does not count
        assert_problem(say(an_item("pa/72")), 429, "too_many_requests")
    assert say(an_item(), by=other).status_code == 202
    here.do("UPDATE partners SET said_on = said_on - 1")
    assert say(an_item("pa/72")).status_code == 202


def test_of_what_the_exchange_has_the_data_is_not_kept(say, here):
    say(an_item())
    until(lambda: here.rows("SELECT 1 AS one FROM said_events WHERE passed_at IS NOT NULL"))
    [row] = here.rows("SELECT data FROM said_events")
    assert row["data"] == {}
    assert say(an_item()).json() == {"taken": 0, "known": 1}


# what it says


def test_one_that_is_wrong_stops_the_batch_and_its_place_is_told(say, here):
    events = [an_item(f"pa/{number}") for number in range(4)]
    events[1]["data"]["title"] = ""
    del events[2]["id"]
    events[3]["subject"] = "no id at all"
    problem = assert_problem(say(events, {"Content-Type": BATCH}), 422, "invalid_request")
    assert {error["field"] for error in problem["errors"]} == {"1.data.title", "2.id", "3.subject"}
    assert kept(here) == []
    events = [an_item(f"pa/{number}") for number in range(101)]
    assert_problem(say(events, {"Content-Type": BATCH}), 422, "invalid_request")
    assert_problem(say([], {"Content-Type": BATCH}), 422, "invalid_request")
    assert_problem(say(an_item(), {"Content-Type": BATCH}), 422, "invalid_request")
    assert kept(here) == []


def test_a_type_that_was_not_granted_is_refused_with_all_that_came_with_it(say, here):
    answer = say([an_item(), an_item("pa/2", type="superior_answered")], {"Content-Type": BATCH})
    assert assert_problem(answer, 403, "event_not_granted")["details"] == {"type": "superior_answered"}
    assert_problem(say(an_item(type="task_issued")), 403, "event_not_granted")
    assert kept(here) == []


def test_too_much_or_something_else_is_refused(say, here, hotline):
    assert_problem(say(b'{"a": "' + b"x" * 2**20 + b'"}'), 413, "body_too_large")
    assert_problem(say(an_item(), {"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    assert kept(here) == []
