"""Live streams: who hears what, and that nothing is missed."""

import eventlet
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.testing import until
from contracts import directory, messaging, reminders, tasks
from gateway import live, live_log, schemas, storage
from gateway.sessions import Session, SessionStore
from gateway.tests.support import CONVERSATION, NOW, PIECE, TASK, assert_problem, message
from tests.support.town import id_of, membership_of, person, post, unit


def raised(*wards: str, title: str = "Việc") -> dict:
    items = [
        {"id": id_of(f"item {ward}"), "post_id": post(f"{ward} head"), "unit_id": unit(ward), "subject_id": PIECE,
         "due": None, "link": f"/assignments/{PIECE}"}
        for ward in wards
    ]  # fmt: skip
    return {
        "kind": "assignment_to_receive", "task_id": TASK, "title": title, "from_title": "Phó Chủ tịch",
        "urgency": "urgent", "raised_at": NOW, "items": items,
    }  # fmt: skip


def changed(*concerns: str, **changes) -> dict:
    return piece("ward-1", **changes) | {
        "at": NOW, "actor_person_id": person("ward-1 head"), "acting_for": None, "reason": None, "result_id": None,
        "pieces": changes.get("pieces", []), "concerns": [post(each) for each in concerns],
    }  # fmt: skip


def piece(ward: str, change: str = "accepted", **_) -> dict:
    return {
        "change": change, "assignment_id": PIECE, "task_id": TASK, "parent_id": None, "title": "Việc",
        "urgency": "urgent", "unit_id": unit(ward), "unit_name": "Phường 1", "post_id": post(f"{ward} head"),
        "role": "lead", "before": "assigned", "after": "in_progress", "version": 2, "current_due": None, "returns": 0,
        "awaits": None, "extension": None,
    }  # fmt: skip


def test_a_head_hears_his_own_item_once_and_nobody_elses(client, head, vice, tell):
    clerk, other = client.signed_in("ward-1 clerk"), client.signed_in("ward-2 head")
    streams = {name: who.live() for name, who in (("head", head), ("clerk", clerk), ("other", other), ("vice", vice))}
    until(lambda: all(stream.names == ["hello"] for stream in streams.values()))
    event_id = tell(reminders.action_items_raised, raised("ward-1", "ward-2"))
    tell(reminders.action_items_raised, raised("ward-1", "ward-2"), event_id=event_id)
    until(lambda: len(streams["other"].events) == 2 and len(streams["clerk"].events) == 2)
    eventlet.sleep(0.3)
    assert streams["vice"].names == ["hello"]
    for name, ward in (("head", "ward-1"), ("clerk", "ward-1"), ("other", "ward-2")):
        [_, (_, event, data)] = streams[name].events
        assert event == "action_item_raised" and data["unit_id"] == unit(ward) and data["title"] == "Việc"
        assert not schemas.LIVE_EVENTS[event]().validate(data)


def test_what_is_for_one_person_only_he_hears_though_others_serve_his_post(client, head, tell):
    clerk, streams = client.signed_in("ward-1 clerk"), []
    for who in (head, clerk):
        streams.append(who.live())
    until(lambda: all(stream.names == ["hello"] for stream in streams))
    mine = {"post_id": None, "unit_id": None, "person_id": person("ward-1 head"), "origin": "mail"}
    said = raised("ward-1")
    tell(reminders.action_items_raised, said | {"items": [said["items"][0] | mine]})
    tell(reminders.action_items_raised, raised("ward-1", title="của chức vụ"))
    until(lambda: len(streams[0].events) == 3 and len(streams[1].events) == 2)

    assert [data["title"] for _, _, data in streams[1].events[1:]] == ["của chức vụ"]
    [_, (_, event, data), _] = streams[0].events
    assert (data["person_id"], data["origin"]) == (person("ward-1 head"), "mail")
    assert not schemas.LIVE_EVENTS[event]().validate(data)


def closed_item() -> dict:
    return {
        "id": id_of("item"), "kind": "assignment_to_receive", "post_id": post("ward-1 head"), "subject_id": PIECE,
        "task_id": TASK,
    }  # fmt: skip


def test_what_an_act_ended_is_told_with_what_it_began(client, head, tell):
    other = client.signed_in("ward-2 head")
    ended, began = head.live(), other.live()
    until(lambda: ended.names and began.names)
    tell(reminders.action_items_raised, raised("ward-2") | {"closed": [closed_item()]})
    until(lambda: len(ended.events) == 2 and len(began.events) == 2)

    assert (ended.names, began.names) == (["hello", "action_item_closed"], ["hello", "action_item_raised"])
    assert not schemas.LIVE_EVENTS["action_item_closed"]().validate(ended.events[1][2])


def told(who: str, *titles: str) -> dict:
    about = {"kind": "red", "rule": "deadline", "rung": "red", "urgency": "normal", "subject_id": PIECE, "text": "Trễ"}
    nudges = [{"id": id_of(f"nudge {title}"), "title": title, "link": "/x"} | about for title in titles]
    return {"person_id": person(who), "nudges": nudges, "more": 0}


def test_a_person_hears_what_he_alone_is_nudged_about(client, head, tell):
    other, mine = client.signed_in("ward-1 clerk").live(), head.live()
    until(lambda: other.names and mine.names)
    both = [told("ward-1 head", "1", "2"), told("ward-1 clerk", "3"), told("ward-1 head", "4")]
    tell(reminders.nudge_due, {"at": NOW, "told": both})
    until(lambda: len(mine.events) == 3 and len(other.events) == 2)

    titles = [[each["title"] for each in data["nudges"]] for _, _, data in (*mine.events[1:], *other.events[1:])]
    assert titles == [["1", "2"], ["4"], ["3"]]
    for _, name, data in [*mine.events[1:], *other.events[1:]]:
        assert not schemas.LIVE_EVENTS[name]().validate(data) and "person_id" not in data


def test_each_owner_hears_what_became_of_his_own_piece_and_nothing_that_only_services_need(client, head, vice, tell):
    other, assigner = client.signed_in("ward-2 head").live(), vice.live()
    until(lambda: other.names and assigner.names)
    also = [piece("ward-2", "revoked"), piece("ward-3", "issued")]
    tell(tasks.assignment_changed, changed("committee vice_chairman", change="revoked", pieces=also))
    until(lambda: len(other.events) == 2 and len(assigner.events) == 2)

    for stream, ward in ((other, "ward-2"), (assigner, "ward-1")):
        _, name, data = stream.events[1]
        assert (name, data["change"], data["unit_id"]) == ("assignment_changed", "revoked", unit(ward))
        assert not schemas.LIVE_EVENTS[name]().validate(data)
        assert data.keys().isdisjoint({"pieces", "awaits", "extension", "concerns"})


def test_every_kind_of_event_arrives_in_its_published_form(head, vice, tell):
    stream, assigner = head.live(), vice.live()
    until(lambda: stream.names and assigner.names)
    tell(tasks.assignment_changed, changed("committee vice_chairman"))
    tell(reminders.action_items_closed, {"closed_at": NOW, "items": [closed_item()]})
    said = message() | {"conversation_name": "Việc", "participant_post_ids": [post("ward-1 head")]}
    tell(messaging.message_posted, said)
    until(lambda: len(stream.events) == 3 and len(assigner.events) == 2)
    assert sorted(stream.names) == ["action_item_closed", "hello", "message_posted"]
    assert assigner.names == ["hello", "assignment_changed"]
    for _, name, data in [*stream.events[1:], *assigner.events[1:]]:
        assert not schemas.LIVE_EVENTS[name]().validate(data), (name, data)
        assert "concerns" not in data and "participant_post_ids" not in data


def test_what_calls_for_somebody_arrives_as_any_message_does(head, tell):
    stream = head.live()
    until(lambda: stream.names)
    said = message() | {"conversation_name": "Việc", "participant_post_ids": [post("ward-1 head")], "changed_at": NOW}
    for change in ("posted", "edited"):
        tell(messaging.message_addressed, said | {"change": change, "muted_person_ids": [person("ward-1 head")]})
    until(lambda: len(stream.events) == 3)

    assert stream.names == ["hello", "message_posted", "message_changed"]
    for _, name, data in stream.events[1:]:
        assert not schemas.LIVE_EVENTS[name]().validate(data), (name, data)


def receipt(**changes) -> dict:
    return {
        "receipt_id": id_of("receipt"), "message_id": id_of("message 1"), "number": 1, "post_id": post("ward-1 head"),
        "unit_id": unit("ward-1"), "sender_post_id": post("committee vice_chairman"),
        "concerns": [post("committee vice_chairman"), post("ward-1 head")], "concerned_unit_ids": [],
        "concerned_person_ids": [person("ward-2 head")],
    } | changes  # fmt: skip


def heard(stream) -> list[str]:
    """What came after its beginning, each in its published form."""
    for _, name, data in stream.events[1:]:
        assert not schemas.LIVE_EVENTS[name]().validate(data), (name, data)
    return stream.names[1:]


def test_who_reads_hears_it_elsewhere_and_whom_a_directive_concerns_that_it_was_seen(client, head, vice, tell):
    clerk, follower = client.signed_in("ward-1 clerk").live(), client.signed_in("ward-2 head").live()
    reader, sender = head.live(), vice.live()
    until(lambda: all(stream.names for stream in (clerk, follower, reader, sender)))
    read = {"conversation_id": CONVERSATION, "person_id": person("ward-1 head"), "at": NOW}
    tell(messaging.conversation_read, read | {"number": 3, "seen": [receipt()]})
    acknowledged = receipt(person_id=person("ward-1 head"), conversation_id=CONVERSATION, acting_for=None, at=NOW)
    until(lambda: len(sender.events) == 2)
    tell(messaging.directive_acknowledged, acknowledged)
    until(lambda: all(len(stream.events) > 2 for stream in (clerk, follower, sender)) and len(reader.events) == 4)

    both = ["directive_seen", "directive_acknowledged"]
    assert heard(clerk) == heard(follower) == heard(sender) == both
    assert heard(reader) == ["conversation_read", *both]
    assert reader.events[1][2]["number"] == 3 and reader.events[2][2]["person_id"] == person("ward-1 head")


def test_each_hears_what_became_of_his_own_part(client, head, vice, tell):
    heir, streams = client.signed_in("ward-2 head").live(), [head.live(), vice.live()]
    follower = client.signed_in("dept head").live()
    until(lambda: all(stream.names for stream in (heir, follower, *streams)))
    about = {"conversation_id": CONVERSATION, "kind": "case", "name": "Việc", "version": 1, "owner_id": None}

    def part(change: str, role: str, **named: str) -> dict:
        who = dict.fromkeys(("post_id", "person_id", "unit_id")) | named
        return about | {"change": change, "participants": [who | {"id": next(iter(named.values())), "role": role}]}

    changed_parts = [part("removed", "member", post_id=post("ward-1 head"))]
    changed_parts.append(part("role_changed", "owner", person_id=person("ward-2 head")))
    changed_parts.append(part("closed", "follower", post_id=post("dept head")))
    tell(messaging.parts_changed, {"changed": changed_parts, "at": NOW})
    tell(messaging.conversation_read, {"conversation_id": CONVERSATION, "number": 1, "at": NOW, "seen": [],
                                       "person_id": person("committee vice_chairman")})  # fmt: skip
    until(lambda: all(len(stream.events) == 2 for stream in (heir, follower, *streams)))

    assert heard(heir) == heard(streams[0]) == ["conversation_changed"] and heard(streams[1]) == ["conversation_read"]
    told = [stream.events[1][2]["change"] for stream in (heir, streams[0], follower)]
    assert told == ["role_changed", "removed", "closed"] and heard(follower) == ["conversation_changed"]


def test_what_was_missed_is_replayed_and_goes_on_without_a_gap(client, head, tell):
    first = head.live()
    until(lambda: first.names)
    tell(reminders.action_items_raised, raised("ward-1", title="1"))
    until(lambda: len(first.events) == 2)
    first.close()
    for place, (title, ward) in enumerate((("2", "ward-1"), ("3", "ward-1"), ("foreign", "ward-2")), 2):
        tell(reminders.action_items_raised, raised(ward, title=title))
        until(lambda place=place: client.live_position() == place)
    again = head.live(first.events[-1][0])
    until(lambda: "hello" in again.names)
    tell(reminders.action_items_raised, raised("ward-1", title="4"))
    until(lambda: len(again.events) == 4)
    assert again.names == [*["action_item_raised"] * 2, "hello", "action_item_raised"]
    assert [data.get("title") for _, _, data in again.events] == ["2", "3", None, "4"]
    ids = [id_ for id_, _, _ in again.events]
    assert ids == sorted(set(ids)) and ids[0] > first.events[-1][0]
    by_parameter = head.live(path=f"/live?last_event_id={ids[-2]}")
    until(lambda: len(by_parameter.events) == 2)
    assert by_parameter.events[0] == again.events[-1] and by_parameter.events[1][:2] == (ids[-1], "hello")


def test_the_hello_event_is_a_place_to_go_on_from(head, tell):
    tell(reminders.action_items_raised, raised("ward-1", title="before"))
    stream = head.live()
    until(lambda: stream.names)
    hello = stream.events[0][0]
    tell(reminders.action_items_raised, raised("ward-1", title="after"))
    until(lambda: "after" in [data.get("title") for _, _, data in stream.events])
    again = head.live(hello)
    until(lambda: "hello" in again.names)
    assert again.events[-2] in stream.events and again.events[-2][2]["title"] == "after"


def test_too_much_or_an_unknown_id_asks_to_read_anew(client, head, store):
    with store("gateway").transaction() as tx:
        row = "SELECT 'assignment_changed', ARRAY[:key], '{}'::jsonb, '{}'::jsonb".replace("::", "\\:\\:")
        rows = f"INSERT INTO live_log (type, audience, common, per_recipient) {row} FROM generate_series(1, 1001)"
        tx.execute(sa.text(rows), {"key": f"post:{post('ward-1 head')}"})
    until(lambda: client.live_position() == 1001)
    for last in ("0", "999999999"):
        stream = head.live(last)
        until(lambda stream=stream: stream.names)
        assert stream.names == ["reset"]
    assert_problem(head.get("/live", headers={"Last-Event-ID": "x"}), 422, "invalid_request")


def addressed(here, many: int, characters: int) -> None:
    with here.store.transaction() as tx:
        row = "SELECT 'message_posted', ARRAY[:key], jsonb_build_object('text', repeat('x', :long)), '{}'"
        rows = f"INSERT INTO live_log (type, audience, common, per_recipient) {row} FROM generate_series(1, :many)"
        tx.execute(sa.text(rows), {"key": f"post:{post('ward-1 head')}", "long": characters, "many": many})


@pytest.mark.parametrize(
    "many, characters, whole", [(1000, 10, True), (150, 10, True), (1001, 10, False), (400, 50_000, False)]
)
def test_what_was_missed_is_read_in_portions_and_no_further_than_is_told(
    here, one, monkeypatch, many, characters, whole
):
    addressed(here, many, characters)
    while one.read():
        pass
    portions, read = [], storage.live_between

    def counted(*given):
        portions.append(read(*given))
        return portions[-1]

    monkeypatch.setattr(storage, "live_between", counted)
    stream = opened(one, last=(0, live_log.WHOLE))
    stream.end()
    told = b"".join(stream)
    assert told.count(b"event: message_posted") == (many if whole else 0)
    assert (b"event: hello" if whole else b"event: reset") in told
    assert max(map(len, portions)) <= live.PORTION
    assert sum(map(len, portions)) * characters <= live.REPLAY_BYTES + live.PORTION * characters


def test_pruned_rows_are_not_missed_in_silence(client, head, store):
    with store("gateway").transaction() as tx:
        for _ in range(5):
            storage.append_live(tx, "assignment_changed", ["post:x"], {}, {})
        tx.execute(sa.text("DELETE FROM live_log WHERE id < 4"))
    until(lambda: client.live_position() == 5)
    stream = head.live(1)
    until(lambda: stream.names)
    assert stream.names == ["reset"]


def test_readers_are_woken_and_do_not_wait_for_the_next_look(gateway, tell, monkeypatch):
    monkeypatch.setattr(live, "POLL_SECONDS", 60)
    stream = gateway().signed_in("ward-1 head").live()
    until(lambda: stream.names)
    tell(reminders.action_items_raised, raised("ward-1"))
    until(lambda: len(stream.events) == 2)


def test_whoever_comes_before_the_first_read_waits_for_it(client, head, here):
    with here.store.transaction() as tx:
        tx.execute(sa.text("LOCK TABLE live_log"))
        client.reading().position = None  # as at the start
        opening = eventlet.spawn(head.live)
        until(lambda: client.container._worker_threads)
    stream = opening.wait()
    until(lambda: stream.names == ["hello"])


def test_a_process_that_reads_behind_does_not_repeat_what_another_one_told(here):
    session = Session(id_of("s"), "token", id_of("a"), id_of("p"), *[clock.now()] * 3, ended=False)
    behind = live.Live(here.store, SessionStore(here.store, 60, 60), 60)
    behind.position = 0
    with here.store.transaction() as tx:
        for number in (1, 2, 3):
            storage.append_live(tx, "message_posted", ["post:x"], {"number": number}, {})
    stream = behind.open(session, {"post:x"}, 0, (2, live_log.WHOLE))
    behind.read()
    stream.end()
    hello, *told = [chunk for chunk in stream if chunk.startswith(b"id:")]
    assert hello.startswith(b"id: 2\nevent: hello\n")
    assert told == [b'id: 3\nevent: message_posted\ndata: {"number":3}\n\n']


def test_two_gateways_tell_the_same_story(gateway, tell):
    one, other = (gateway().signed_in("ward-1 head").live() for _ in range(2))
    until(lambda: one.names and other.names)
    for number in range(20):
        tell(reminders.action_items_raised, raised("ward-1", title=str(number)))
    until(lambda: len(one.events) == 21 and len(other.events) == 21)
    assert one.events[1:] == other.events[1:]


def test_a_stream_moves_to_another_gateway_and_misses_and_repeats_nothing(gateway, tell):
    clients = [gateway().signed_in("ward-1 head") for _ in range(2)]
    whole = clients[1].live()
    stream = clients[0].live()
    until(lambda: whole.names and stream.names)
    titles, heard, last = [str(number) for number in range(30)], [], stream.events[0][0]
    for number, title in enumerate(titles):
        tell(reminders.action_items_raised, raised("ward-1", title=title))
        if number % 5 == 4:
            stream.close()
            came = list(stream.events)  # its reader may still bring something
            heard += [data["title"] for _, name, data in came if name == "action_item_raised"]
            last = came[-1][0] if came else last
            stream = clients[number // 5 % 2].live(last)
    until(lambda: len(heard) + stream.names.count("action_item_raised") >= 30 and len(whole.events) == 31)
    heard += [data["title"] for _, name, data in stream.events if name == "action_item_raised"]
    assert heard == [data["title"] for _, _, data in whole.events[1:]] and sorted(heard, key=int) == titles


def test_a_session_that_ends_at_one_gateway_ends_its_streams_at_the_other(gateway):
    here, there = (gateway() for _ in range(2))
    head = here.signed_in("ward-1 head")
    same = type(head)(there.base, head.token, there.streams)
    streams = [head.live(), same.live()]
    other = there.signed_in("ward-1 head").live()
    until(lambda: all(stream.names for stream in (*streams, other)))
    assert head.call("DELETE", "/sessions/current").status_code == 204
    until(lambda: all(stream.ended for stream in streams), 5)
    assert_problem(same.get("/live"), 401, "unauthenticated")
    assert not other.ended


def test_writers_at_the_same_time_are_told_in_one_order_to_everybody(client, head, store):
    streams = [head.live(), client.signed_in("ward-1 clerk").live()]
    until(lambda: all(stream.names for stream in streams))

    def write(writer: int) -> None:
        for number in range(10):
            with store("gateway").transaction() as tx:
                told = {"writer": writer, "number": number}
                storage.append_live(tx, "message_posted", [f"post:{post('ward-1 head')}"], told, {})
                eventlet.sleep(0.001 * (writer % 3))

    for thread in [eventlet.spawn(write, writer) for writer in range(8)]:
        thread.wait()
    until(lambda: all(len(stream.events) == 81 for stream in streams))
    assert streams[0].events[1:] == streams[1].events[1:]
    ids = [event_id for event_id, _, _ in streams[0].events]
    assert ids == sorted(set(ids))
    for writer in range(8):
        own = [data["number"] for _, _, data in streams[0].events[1:] if data["writer"] == writer]
        assert own == list(range(10))


def test_a_stream_cut_between_two_things_that_one_row_told_hears_the_rest(client, head, tell):
    stream, other = head.live(), client.signed_in("ward-1 clerk").live()
    until(lambda: stream.names and other.names)
    mine = [told("ward-1 head", "1"), told("ward-1 clerk", "2"), told("ward-1 head", "3"), told("ward-1 head", "4")]
    tell(reminders.nudge_due, {"at": NOW, "told": mine})
    until(lambda: len(stream.events) == 4 and len(other.events) == 2)
    ids = [event_id for event_id, _, _ in stream.events]
    assert len(set(ids)) == 4 and ids[-1] == other.events[-1][0]
    for number, event_id in enumerate(ids):
        again = head.live(event_id)
        until(lambda again=again: "hello" in again.names)
        assert again.events[:-1] == stream.events[number + 1 :]


def test_a_client_that_missed_nothing_is_greeted_all_the_same(client, head, tell):
    stream = head.live()
    until(lambda: stream.names)
    tell(reminders.action_items_raised, raised("ward-1"))
    until(lambda: len(stream.events) == 2)
    again = head.live(stream.events[-1][0])
    until(lambda: again.names)
    assert again.events[0][:2] == (stream.events[-1][0], "hello")


def opened(one, who: str = "ward-1 head", since: int | None = None, last=None, session: str = "s"):
    """A stream that nobody writes to a client."""
    found = Session(id_of(session), "token", id_of("a"), person(who), *[clock.now()] * 3, ended=False)
    return one.open(found, {f"post:{post(who)}"}, one.position if since is None else since, last)


@pytest.fixture
def one(here):
    live_ = live.Live(here.store, SessionStore(here.store, 3600, 3600), 3600)
    live_.read()
    return live_


def test_a_ping_says_how_far_a_client_has_heard(here, one):
    stream = opened(one)
    with here.store.transaction() as tx:
        storage.append_live(tx, "message_posted", ["post:x"], {}, {})
    assert stream.ping() == b": ping\nid: 0\n\n"
    one.read()
    assert stream.ping() == b": ping\nid: 1\n\n"


def test_what_ended_while_a_stream_was_being_opened_ends_it(here, one):
    since = one.position
    with here.store.transaction() as tx:
        live_log.tell_sessions_ended(tx, [id_of("ended")])
        storage.append_live(tx, live_log.CAPACITIES_CHANGED, [f"post:{post('ward-1 head')}"], {}, {})
    one.read()
    assert opened(one, since=since).ended and not opened(one).ended
    assert opened(one, "ward-2 head", session="ended").ended and not opened(one, "ward-2 head").ended


def test_nothing_that_waited_is_written_after_a_session_has_ended(here, one):
    stream = opened(one)
    with here.store.transaction() as tx:
        storage.append_live(tx, "message_posted", [f"post:{post('ward-1 head')}"], {"text": "secret"}, {})
        live_log.tell_sessions_ended(tx, [id_of("s")])
    one.read()
    assert b"secret" not in b"".join(stream)


@pytest.fixture
def row(here, one):
    """Told to nobody yet."""
    with here.store.transaction() as tx:
        storage.append_live(tx, "message_posted", [f"post:{post('ward-1 head')}"], {}, {})
    with here.store.reading() as tx:
        return storage.live_after(tx, 0, 1)[0]


def test_a_row_for_very_many_lets_others_have_their_turn(one, row):
    streams, turns = [opened(one) for _ in range(250)], []
    eventlet.spawn(turns.append, "mine")
    one.registry.dispatch(row)
    assert turns == ["mine"]
    for stream in streams:
        stream.end()
        assert b"".join(stream).count(b"event: message_posted") == 1


@pytest.mark.parametrize("last", [None, (0, live_log.WHOLE)])
def test_whoever_comes_while_a_row_is_told_hears_it_once_or_not_at_all(one, row, monkeypatch, last):
    streams = [opened(one)]

    def come(_):
        streams.append(opened(one, last=last))

    monkeypatch.setattr(live, "_yield", come)
    one.read()
    early, late = (b"".join([stream.end() or each for each in stream]) for stream in streams)
    assert early.count(b"event: message_posted") == 1
    assert late.count(b"event: message_posted") == (0 if last is None else 1)
    assert b"id: 1\nevent: hello" in late


def test_what_is_all_forgotten_was_missed(here, one):
    with here.store.transaction() as tx:
        for _ in range(3):
            storage.append_live(tx, "message_posted", ["post:x"], {}, {})
    one.read()
    with here.store.transaction() as tx:
        tx.execute(sa.text("DELETE FROM live_log"))
    stream = opened(one, last=(1, live_log.WHOLE))
    stream.end()
    assert b"event: reset" in b"".join(stream)


def test_whoever_changes_posts_comes_back_with_the_new_ones(here, head, tell):
    stream = head.live()
    until(lambda: stream.names)
    newest = here.rows("SELECT version FROM copy_state")[0]["version"]
    gone = {"kind": "membership", "id": membership_of("ward-1 head"), "version": newest + 1, "fact": None}
    new = {
        "kind": "membership", "id": id_of("new membership"), "version": newest + 2,
        "fact": {"person_id": person("ward-1 head"), "post_id": post("ward-2 head"), "primary": True,
                 "valid_from": "2025-07-01", "valid_to": None},
    }  # fmt: skip
    tell(directory.membership_changed, {"previous": newest, "facts": [gone, new]})
    until(lambda: stream.ended)
    again = head.live(stream.events[0][0])
    tell(reminders.action_items_raised, raised("ward-1", "ward-2"))
    until(lambda: "action_item_raised" in again.names)
    eventlet.sleep(0.2)
    assert [data["unit_id"] for _, _, data in again.events if data.get("unit_id")] == [unit("ward-2")]


def test_streams_end_in_a_unit_whose_posts_change_and_nowhere_else(here, head, client, tell):
    """The clerk serves his head's post: when it ends he serves another."""
    clerk, other = client.signed_in("ward-1 clerk"), client.signed_in("ward-2 clerk")
    streams = [each.live() for each in (head, clerk, other)]
    until(lambda: all(stream.names for stream in streams))
    newest = here.rows("SELECT version FROM copy_state")[0]["version"]
    ended = {
        "unit_id": unit("ward-1"), "kind": "head", "title": "Chủ tịch phường 1", "is_head": True, "rank": 0,
        "valid_from": "2025-07-01", "valid_to": "2026-01-01",
    }  # fmt: skip
    fact = {"kind": "post", "id": post("ward-1 head"), "version": newest + 1, "fact": ended}
    reorganised = {"change": "merge", "on_day": clock.now().date(), "unit_ids": [unit("ward-1")], "successor_ids": []}
    tell(directory.unit_reorganised, reorganised | {"previous": newest, "facts": [fact]})
    until(lambda: streams[0].ended and streams[1].ended)
    eventlet.sleep(0.2)
    assert not streams[2].ended


def test_a_stream_ends_after_its_time(gateway):
    stream = gateway(stream_lifetime=0.5).signed_in("ward-1 head").live()
    until(lambda: stream.ended, 8)


def test_a_slow_client_does_not_hold_the_others(client, head, store):
    slow = head.get("/live", stream=True)
    stream = client.signed_in("ward-1 head").live()
    until(lambda: stream.names)
    with store("gateway").transaction() as tx:
        for number in range(400):
            text = {"number": number, "text": "x" * 20_000}
            storage.append_live(tx, "message_posted", [f"post:{post('ward-1 head')}"], text, {})
    until(lambda: stream.events[-1][2].get("number") == 399 or stream.ended, 20)
    slow.close()


@pytest.mark.parametrize("who", ["nobody in particular"])
def test_without_a_post_there_is_nothing_to_hear(client, who):
    assert_problem(client.signed_in(who).get("/live"), 403, "not_authorised")
