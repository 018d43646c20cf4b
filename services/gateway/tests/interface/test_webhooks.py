"""What is published reaches a partner's real HTTPS address, signed, until it is taken; and no address inside."""

import socket
from datetime import timedelta
from ipaddress import ip_network

import eventlet
import orjson
import pytest
import sqlalchemy as sa
from amqp import Message
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from chassis import amqp, clock, parked
from chassis.testing import explained, nodes, until
from deploy.local.own_keys import make_webhook_keys
from gateway.partners import hearing, sending, storage
from gateway.partners.settings import WebhookSettings
from tests.support.partner import STRUCTURED, partner, told, vouched
from tests.support.site import Certificates, listening

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
ISSUED, CHANGED = "tasks.task_issued", "tasks.assignment_changed"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def site(certificates):
    with listening(certificates) as found:
        yield found


@pytest.fixture
def keys(tmp_path) -> str:
    path = tmp_path / "webhooks.pem"
    make_webhook_keys(path)
    return str(path)


@pytest.fixture
def operators(world, here, keys) -> dict:
    public = "https://congvu.example"
    return {
        "CONGVU_DATABASE_URL": world.databases["gateway"], "CONGVU_WEBHOOK_KEYS": keys, "CONGVU_PUBLIC_URL": public
    }  # fmt: skip


@pytest.fixture
def brings(gateway, certificates, keys, world):
    """Starts a gateway that may reach loopback; changes are of its settings for webhooks."""
    with amqp.connection(world.brokers["admin"], "test cleaning") as broker:
        broker.channel().queue_purge("gateway.webhooks.v1")

    def start(**changes):
        given = {"key_file": keys, "networks": LOOPBACK, "ca_file": str(certificates.ca_file)}
        return gateway(webhooks=WebhookSettings(**given | changes))

    return start


@pytest.fixture
def wants(operators, site):
    """Registers a partner that is brought orders: `wants("archive", site)`."""

    def made(name: str = "archive", at=site, *hears: str):
        url = at if isinstance(at, str) else f"https://localhost:{at.port}/hook/{name}"
        return partner(operators, name, "--hears", *(hears or (ISSUED,)), "--url", url)

    return made


@pytest.fixture
def publish(world):
    """Publishes as the relay of tasks does; `publish(3)` answers the ids of three orders."""
    broker = amqp.connection(world.brokers["tasks"], "test teller")
    broker.connect()
    channel = broker.channel()
    channel.confirm_select()

    def one(event_id: str, name: str, body: bytes) -> None:
        attributes = {
            "specversion": "1.0", "id": event_id, "type": name, "source": "/congvu/tasks",
            "time": clock.now().isoformat(), "subject": "a subject", "aggregateversion": 1,
        }  # fmt: skip
        message = Message(
            body, content_type="application/json", delivery_mode=2, message_id=event_id, type=name,
            user_id=world.settings("tasks").account,
            application_headers={f"cloudEvents:{each}": value for each, value in attributes.items()},
        )  # fmt: skip
        channel.basic_publish_confirm(message, "tasks.published", name, mandatory=True)

    def published(count: int = 1, name: str = "task_issued", body: bytes = b'{"task_id": "t", "unit_ids": []}') -> list:
        ids = [clock.new_id() for _ in range(count)]
        for each in ids:
            one(each, name, body)
        return ids

    yield published
    broker.release()


def states(here) -> list[tuple]:
    rows = here.rows("SELECT partner, state, attempts, fault FROM deliveries ORDER BY id")
    return [tuple(row.values()) for row in rows]


def ids(site) -> list[str]:
    return [orjson.loads(body)["id"] for _, _, body in site.got]


def due_now(here) -> None:
    """The time to wait is over."""
    here.do("UPDATE deliveries SET due_at = now() WHERE state = 'waiting'")


# what is brought


def test_an_event_is_brought_as_a_cloud_event_that_the_partner_can_verify(brings, wants, publish, site, here):
    archive = wants()
    brings()
    [event_id] = publish()
    until(lambda: states(here) == [("archive", "delivered", 1, None)])
    assert here.rows("SELECT body FROM deliveries") == [{"body": ""}]
    [(path, headers, body)] = site.got
    event = from_http_event(HTTPMessage({"content-type": STRUCTURED}, body))
    assert (event.get_id(), event.get_type(), event.get_source()) == (event_id, "task_issued", "/congvu/tasks")
    assert (event.get_data(), event.get_extension("aggregateversion")) == ({"task_id": "t", "unit_ids": []}, 1)
    headers["content-type"] = STRUCTURED
    signed = vouched(f"localhost:{site.port}", path, headers, body, archive.ours)
    assert signed["tag"] == '"congvu-webhook"'
    headers["content-type"] = "text/plain"
    with pytest.raises(AssertionError):  # a signature that fits something else as well would prove nothing
        vouched(f"localhost:{site.port}", path, headers, body, archive.ours)


def test_each_gets_what_it_wants_once_and_nothing_else(brings, wants, publish, here, certificates):
    brings()
    with listening(certificates) as one, listening(certificates) as other:
        wants("one", one)
        wants("other", other, ISSUED, CHANGED)
        issued, changed = publish(3), publish(2, "assignment_changed")
        publish(1, "task_revoked")
        until(lambda: (len(one.got), len(other.got)) == (3, 5))
        assert sorted(ids(one)) == sorted(issued)
        assert sorted(ids(other)) == sorted(issued + changed)
    until(lambda: {row[1:] for row in states(here)} == {("delivered", 1, None)})


def test_what_the_broker_hands_out_again_is_brought_once(brings, wants, here, site, publish, world):
    wants()
    brings()
    [event_id] = publish()
    until(lambda: len(site.got) == 1)
    message = {"event_id": event_id, "name": ISSUED, "body": "{}", "state": "waiting", "attempts": 0}
    with here.store.transaction() as tx:
        storage.add_deliveries(tx, [message | {"partner": "archive", "created_at": clock.now(), "due_at": clock.now()}])
    publish()
    until(lambda: len(site.got) == 2)
    assert len(set(ids(site))) == 2


def test_two_instances_bring_it_once(brings, wants, publish, site, here):
    wants()
    brings(), brings()
    published = publish(40)
    until(lambda: [row[1] for row in states(here)] == ["delivered"] * 40)
    assert sorted(ids(site)) == sorted(published)


def test_what_is_not_understood_is_parked_and_holds_nothing_up(brings, wants, publish, site, queue_length, world):
    wants()
    brings()
    with amqp.connection(world.brokers["admin"], "test teller") as broker:
        channel = broker.channel()
        channel.confirm_select()
        channel.basic_publish_confirm(Message(b"{}"), "tasks.published", "task_issued")
    [event_id] = publish()
    until(lambda: ids(site) == [event_id])
    until(lambda: queue_length("gateway.inbox.v1.dead") == 1)
    until(lambda: queue_length("gateway.webhooks.v1") == 0)


def test_what_was_parked_on_its_way_is_replayed_and_brought(
    brings, wants, publish, site, queue_length, world, monkeypatch, capsys
):
    wants()
    brings()
    with amqp.connection(world.brokers["admin"], "test operator") as broker:
        broker.channel().queue_purge("gateway.inbox.v1.dead")
        monkeypatch.setattr(hearing, "JSONFormat", None)  # what it cannot do now it can after a mend
        [event_id] = publish()
        until(lambda: queue_length("gateway.inbox.v1.dead") == 1)
        monkeypatch.undo()
        nowhere = Message(b"{}", content_type="application/json")
        broker.channel().basic_publish(nowhere, "", "gateway.webhooks.v1")
    until(lambda: queue_length("gateway.inbox.v1.dead") == 2)
    monkeypatch.setenv("CONGVU_AMQP_ADMIN_URL", world.brokers["admin"])
    monkeypatch.setattr("sys.argv", ["parked", "replay", "gateway"])
    assert parked.main() == 0
    assert capsys.readouterr().out.endswith("2 replayed\n")
    until(lambda: ids(site) == [event_id])
    until(lambda: (queue_length("gateway.inbox.v1.dead"), queue_length("gateway.inbox.v1")) == (1, 0))


# what is not taken


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((500, {}, b""), "answers_500"),
        ((404, {}, b""), "answers_404"),
        ((302, {"Location": "https://localhost:1/elsewhere"}, b""), "answers_302"),
    ],
)
def test_what_is_refused_comes_again_the_same_until_it_is_taken(brings, wants, publish, site, here, answer, fault):
    wants()
    brings()
    site.answers = [answer, answer]
    [event_id] = publish()
    until(lambda: states(here) == [("archive", "waiting", 1, fault)])
    [row] = here.rows("SELECT due_at, created_at FROM deliveries")
    assert timedelta(seconds=7) < row["due_at"] - row["created_at"] < timedelta(minutes=1)
    due_now(here)
    until(lambda: states(here) == [("archive", "waiting", 2, fault)])
    due_now(here)
    until(lambda: states(here) == [("archive", "delivered", 3, None)])
    assert ids(site) == [event_id] * 3


def test_a_partner_may_say_when_to_come_again_within_a_day(brings, wants, publish, site, here):
    wants()
    brings()
    site.answers = [(503, {"Retry-After": "7200"}, b""), (429, {"Retry-After": "999999999"}, b"")]
    publish()

    def waits() -> timedelta:
        [row] = here.rows("SELECT due_at, clock_timestamp() AS now FROM deliveries")
        return row["due_at"] - row["now"]

    until(lambda: states(here) == [("archive", "waiting", 1, "answers_503")])
    assert timedelta(hours=1) < waits() <= timedelta(hours=2)
    due_now(here)
    until(lambda: states(here) == [("archive", "waiting", 2, "answers_429")])
    assert timedelta(hours=20) < waits() <= timedelta(days=1)


def test_a_slow_partner_holds_up_no_other_and_is_left_in_time(
    brings, wants, publish, site, here, certificates, monkeypatch
):
    monkeypatch.setattr(sending, "SECONDS", 3.0)
    site.always = None
    site.answers = [None] * 100
    with listening(certificates) as quick:
        wants("slow", site)
        wants("quick", quick)
        brings()
        publish(20)
        until(lambda: len(quick.got) == 20)
        assert len(site.got) <= sending.AT_ONCE
        until(lambda: "timed_out" in {row[3] for row in states(here)})


def raw_server(certificates: Certificates, say):
    """Speaks TLS and then whatever `say(connection)` writes."""
    listener = eventlet.wrap_ssl(
        eventlet.listen(("127.0.0.1", 0)), certfile=str(certificates.file), server_side=True
    )  # fmt: skip
    seen = []

    def serve():
        while True:
            connection, _ = listener.accept()
            seen.append(connection)
            eventlet.spawn_n(_quietly, say, connection)

    return listener, seen, eventlet.spawn(serve)


def _quietly(say, connection):
    try:
        connection.recv(65536)
        say(connection)
    except OSError:
        pass


def endless_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n")
        eventlet.sleep(0.05)


def drop_by_drop(connection):
    for byte in b"HTTP/1.1 200 OK\r\n" * 1000:
        connection.sendall(bytes([byte]))
        eventlet.sleep(0.2)


def always_continue(connection):
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        eventlet.sleep(0.01)


@pytest.mark.parametrize("say", [endless_headers, drop_by_drop, always_continue, lambda connection: connection.close()])
def test_an_answer_without_end_ends(brings, wants, publish, here, certificates, monkeypatch, say):
    monkeypatch.setattr(sending, "SECONDS", 2.0)
    listener, seen, serving = raw_server(certificates, say)
    try:
        wants("odd", f"https://localhost:{listener.getsockname()[1]}/")
        brings()
        publish()
        until(lambda: states(here) and states(here)[0][3])
        [(_, state, attempts, fault)] = states(here)
        assert (state, attempts, fault in ("timed_out", "unreachable", "ConnectionError")) == ("waiting", 1, True), (
            fault
        )
        assert seen
    finally:
        serving.kill()
        listener.close()


def test_an_endless_body_is_not_read(brings, wants, publish, here, certificates):
    written = []

    def endless_body(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)
            written.append(65536)

    listener, _, serving = raw_server(certificates, endless_body)
    try:
        wants("chatty", f"https://localhost:{listener.getsockname()[1]}/")
        brings()
        publish()
        until(lambda: states(here) == [("chatty", "delivered", 1, None)])
        assert sum(written) < 64 * 2**20
    finally:
        serving.kill()
        listener.close()


# what is dead


def exhausted(here) -> None:
    """All tries but the last are over."""
    here.do("UPDATE deliveries SET attempts = :tries, due_at = now()", tries=len(sending.RETRIES))


def test_what_is_never_taken_is_dead_seen_and_replayed(brings, wants, publish, site, here, operators):
    wants()
    brings()
    site.always = (500, {}, b"")
    [first, second] = publish(2)
    until(lambda: [row[2] for row in states(here)] == [1, 1])
    exhausted(here)
    until(lambda: [row[1] for row in states(here)] == ["dead", "dead"])
    shown = told(operators, "webhooks", "archive").splitlines()
    assert [line.split("\t")[1:3] for line in shown] == [[ISSUED, second], [ISSUED, first]]
    assert {tuple(line.split("\t")[4:]) for line in shown} == {("dead", "answers_500")}
    [line] = told(operators, "list").splitlines()
    assert ("2 dead" in line, "(failing)" in line) == (True, True)

    publish()  # it is paused: what comes waits
    until(lambda: len(states(here)) == 3)
    tried = len(site.got)
    site.always = (200, {}, b"")
    assert told(operators, "replay", "archive", shown[1].split("\t")[0]) == "1 replayed\n"
    until(lambda: sorted(row[1] for row in states(here)) == ["dead", "delivered", "delivered"])
    assert first in ids(site)[tried:] and second not in ids(site)[tried:]
    assert told(operators, "replay", "archive") == "1 replayed\n"
    until(lambda: {row[1] for row in states(here)} == {"delivered"})


def test_a_webhook_that_is_gone_is_paused_at_once_and_keeps_what_waits(brings, wants, publish, site, here, operators):
    wants()
    brings()
    site.answers = [(410, {}, b"")]
    [event_id] = publish()
    until(lambda: "(gone)" in told(operators, "list"))
    due_now(here)
    publish(3)
    until(lambda: len(states(here)) == 4)
    assert ids(site) == [event_id]
    told(operators, "replay", "archive")
    until(lambda: {row[1] for row in states(here)} == {"delivered"})


def test_one_event_that_a_partner_never_takes_does_not_pause_the_rest(brings, wants, publish, site, here, operators):
    wants()
    brings()
    site.answers = [(500, {}, b"")]
    publish()
    until(lambda: states(here) == [("archive", "waiting", 1, "answers_500")])
    publish()
    until(lambda: "delivered" in {row[1] for row in states(here)})
    site.answers = [(500, {}, b"")]
    here.do(
        "UPDATE deliveries SET attempts = :tries, due_at = now() WHERE state = 'waiting'", tries=len(sending.RETRIES)
    )
    until(lambda: states(here)[0][1] == "dead")
    assert "paused" not in told(operators, "list")


def test_of_too_much_that_waits_the_oldest_goes(brings, wants, publish, site, here, monkeypatch):
    monkeypatch.setattr(hearing, "KEPT_AT_MOST", 5)
    wants()
    site.always = (500, {}, b"")
    brings()
    published = publish(12)
    until(
        lambda: (
            [str(row["event_id"]) for row in here.rows("SELECT event_id FROM deliveries ORDER BY id")] == published[-5:]
        )
    )


def test_a_removed_partner_is_brought_nothing_more(brings, wants, publish, site, here, operators):
    wants()
    brings()
    site.always = (500, {}, b"")
    publish(3)
    until(lambda: [row[2] for row in states(here)] == [1, 1, 1])
    told(operators, "remove", "archive")
    assert states(here) == []
    tried = len(site.got)
    wants("other", site)
    publish()
    until(lambda: len(states(here)) == 1)
    until(lambda: len(site.got) == tried + 1)
    assert site.got[-1][0] == "/hook/other"


def test_who_stops_waits_for_no_slow_partner(brings, wants, publish, site, here):
    wants()
    site.always = None
    client = brings()
    publish()
    until(lambda: states(here) == [("archive", "waiting", 1, None)])
    client.container.stop()
    assert states(here) == [("archive", "waiting", 1, None)]  # cut off before its own time was over


def test_what_was_cut_off_is_due_again(wants, here, operators):
    """A process that claimed a delivery and died has said nothing; another takes it after a minute, not before."""
    wants()
    now = clock.now()
    row = {
        "event_id": clock.new_id(),
        "name": ISSUED,
        "body": "{}",
        "state": "waiting",
        "attempts": 0,
        "partner": "archive",
    }
    with here.store.transaction() as tx:
        storage.add_deliveries(tx, [row | {"created_at": now, "due_at": now}])

    def claimed(at):
        with here.store.transaction() as tx:
            return storage.claim_due(tx, "archive", at, at + sending.LEASE, 10)

    [first] = claimed(now)
    assert claimed(now + sending.LEASE / 2) == []
    [second] = claimed(now + sending.LEASE * 2)
    with here.store.transaction() as tx:  # the first was not dead after all: what it says is too late
        sending.settle(tx, first, "timed_out", None, now)
        sending.settle(tx, second, None, None, now)
        sending.settle(tx, first, "timed_out", None, now)
    assert states(here) == [("archive", "delivered", 2, None)]


def test_what_is_old_is_forgotten_and_what_waits_for_the_exchange_never(wants, here, operators):
    wants()
    row = {"name": ISSUED, "body": "{}", "state": "dead", "attempts": 1, "partner": "archive"}
    now = clock.now()
    old = now - timedelta(days=15)
    with here.store.transaction() as tx:
        storage.add_deliveries(
            tx, [row | {"event_id": clock.new_id(), "created_at": at, "due_at": at} for at in (now, old)]
        )
        for passed in (None, old):
            said = {"key": clock.new_id(), "partner": "archive", "name": "x", "attributes": {}, "data": {}}
            tx.execute(sa.insert(storage.said).values(**said, said_at=old, passed_at=passed))
        for at in (now, now - timedelta(hours=1)):
            storage.note_request(tx, "archive", str(at), at)
    with here.store.transaction() as tx:
        assert not storage.forget_piece(tx, now, timedelta(days=14), timedelta(minutes=15))
    counts = {table: here.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in
              ("deliveries", "said_events", "partner_requests")}  # fmt: skip
    assert counts == {"deliveries": 1, "said_events": 1, "partner_requests": 1}
    assert here.rows("SELECT 1 AS one FROM said_events WHERE passed_at IS NULL")


def test_what_is_old_is_forgotten_whatever_else_fails(brings, here, monkeypatch):
    def fails(*_):
        raise AssertionError("too much at once")

    monkeypatch.setattr("gateway.storage.forget_live", fails)
    with here.store.transaction() as tx:
        storage.note_request(tx, "archive", "a nonce", clock.now() - timedelta(hours=1))
    here.do("DELETE FROM timers")
    brings()
    until(lambda: here.rows("SELECT * FROM partner_requests") == [])


def test_whether_anything_was_taken_is_found_by_an_index(wants, here):
    wants()
    here.do(
        "INSERT INTO deliveries (partner, event_id, name, body, state, created_at, due_at)"
        " SELECT 'archive', gen_random_uuid(), 'x', '', CASE WHEN n % 2 = 0 THEN 'delivered' ELSE 'dead' END,"
        " now() - n * interval '1 second', now() FROM generate_series(1, 20000) n"
    )
    here.do("ANALYZE deliveries")
    with here.store.transaction() as tx:
        found, [plan] = explained(tx, lambda: storage.delivered_since(tx, "archive", clock.now()))
    assert found is False
    assert {each.get("Index Name") for each in nodes(plan)} == {None, "deliveries_taken"}


# where it may go


def test_a_name_that_leads_inside_is_never_connected_to(brings, wants, publish, site, here):
    wants()
    brings(networks=())
    publish()
    until(lambda: states(here) == [("archive", "waiting", 1, "leads_inside")])
    assert site.got == []


def test_a_name_that_changes_its_mind_between_two_looks_is_not_followed(
    brings, wants, publish, site, here, monkeypatch
):
    """DNS rebinding: whatever a second look-up would say, what was looked at is what is connected to."""
    looked, real = [], socket.getaddrinfo

    def turns(host, *rest, **kwargs):
        if host != "localhost":
            return real(host, *rest, **kwargs)
        looked.append(host)
        return real("127.0.0.1" if len(looked) > 1 else "10.255.255.1", *rest, **kwargs)

    monkeypatch.setattr("chassis.outgoing.addresses.socket.getaddrinfo", turns)
    wants()
    brings(networks=())
    publish()
    until(lambda: states(here) == [("archive", "waiting", 1, "leads_inside")])
    assert (looked, site.got) == (["localhost"], [])


def test_one_inner_address_among_several_is_one_too_many(brings, wants, publish, site, here, monkeypatch):
    real = socket.getaddrinfo

    def both(host, port, *rest, **kwargs):
        if host != "localhost":
            return real(host, port, *rest, **kwargs)
        return real("142.250.66.74", port, *rest, **kwargs) + real("127.0.0.1", port, *rest, **kwargs)

    monkeypatch.setattr("chassis.outgoing.addresses.socket.getaddrinfo", both)
    wants()
    brings(networks=())
    publish()
    until(lambda: states(here) == [("archive", "waiting", 1, "leads_inside")])


def test_a_redirect_inside_is_not_followed(brings, wants, publish, site, here, certificates):
    with listening(certificates) as inner:
        site.answers = [(307, {"Location": f"https://localhost:{inner.port}/admin"}, b"")]
        wants()
        brings()
        publish()
        until(lambda: states(here) == [("archive", "waiting", 1, "answers_307")])
        assert inner.got == []


def test_a_certificate_of_somebody_else_is_not_believed(brings, wants, publish, site, here, tmp_path):
    wants()
    brings(ca_file="")
    publish()
    until(lambda: (states(here) and states(here)[0][2:] == (1, "unreachable")) or "SSLError" in str(states(here)))
    assert site.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://archive.example/x", "https://user@archive.example/x", "https://user:secret@archive.example/x",
        "https://127.0.0.1/x", "https://[::1]/x", "https://[::ffff:7f00:1]/x", "https://2130706433/x",
        "https://0177.0.0.1/x", "https://0x7f.1/x", "https://0/x", "https://archive.example", "https:///x",
        "https://archive.example:0/x", "https://archive.example:65536/x", "https://archive.example/x#y",
        "https://archive.example\\@127.0.0.1/x", "https://archive.example/x y", "https://archive.example/x\r\nHost: y",
        "https://Archive.example/x", "https://ａrchive.example/x", "ftp://archive.example/x", "file:///etc/passwd",
        "https://-archive.example/x", "https://archive..example/x", "https://archive.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_registered(operators, url):
    with pytest.raises(SystemExit, match="An address is https"):
        told(operators, "add", "archive", "--hears", ISSUED, "--url", url)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--hears", ISSUED], "goes with the address"),
        (["--url", "https://archive.example/x", "--says", "waiting_item_opened"], "goes with the address"),
        ([], "Say what archive may say"),
        (["--hears", "tasks.task_isued", "--url", "https://archive.example/x"], "cannot hear tasks.task_isued"),
        (["--says", "task_issued"], "cannot say task_issued"),
    ],
)
def test_a_wrong_word_of_the_operator_is_one_sentence(operators, arguments, sentence):
    with pytest.raises(SystemExit, match=sentence) as refused:
        told(operators, "add", "archive", *arguments)
    assert "\n" not in str(refused.value)


def test_without_keys_no_webhook_is_registered_and_nothing_is_sent(operators, brings, publish, wants, here, site):
    with pytest.raises(SystemExit, match="CONGVU_WEBHOOK_KEYS"):
        told(operators | {"CONGVU_WEBHOOK_KEYS": ""}, "add", "a", "--hears", ISSUED, "--url", "https://a.example/")
    wants()
    brings(key_file="")
    publish()
    until(lambda: states(here) == [("archive", "waiting", 0, None)])
    assert site.got == []
