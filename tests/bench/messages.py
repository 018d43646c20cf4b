"""P5: messages in a group of 20, eight of whom write at once; how long one takes to an open stream; and the list of
somebody with 2,000 conversations.
"""

import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

import psycopg

from chassis import clock
from messaging.storage.words import words_of
from tests.bench.city import City, give, order
from tests.bench.client import Connection, Streams, Wrong, new_key
from tests.bench.giving import UNITS
from tests.bench.measure import Options, Row, in_turn, percentile, ratios, spread, times
from tests.bench.peers import synapse

SENDERS, GROUP = 8, 20
CONVERSATIONS, LISTED, LIST_GOAL = 2000, 200, 50  # so many; how often their list is opened; ms, 95 of 100 of them
MANY = """
    WITH made AS (
        INSERT INTO conversations (id, kind, name, last_number, created_at, active_at)
        SELECT gen_random_uuid(), 'group', 'Tổ công tác ' || n, n %% 7, now(), now() - n * interval '1 minute'
        FROM generate_series(1, %(count)s) AS n RETURNING id
    )
    INSERT INTO participants (conversation_id, person_id, role, joined_at)
    SELECT id, unnest(ARRAY[%(person)s::uuid, gen_random_uuid()]), 'member', now() FROM made
"""
TEXT = "Đề nghị đơn vị báo cáo tiến độ nhiệm vụ trước 17 giờ hôm nay."
PACE = 0.2  # seconds from one message to the next, where arrival is looked at
ARRIVALS = 40
# what one message writes, as few statements as it takes
RAW = (
    "UPDATE conversations SET last_number = last_number + 1, active_at = now() WHERE id = %(conversation)s"
    " RETURNING last_number",
    "INSERT INTO messages (id, conversation_id, number, kind, text, sender_person_id, sender_post_id, sender_title,"
    " sent_at, client_id, words) VALUES (%(id)s, %(conversation)s, %(number)s, 'text', %(text)s, %(who)s, %(who)s, 'x',"
    " now(), %(client)s, array_to_tsvector(string_to_array(%(words)s, ' ')))",
    "INSERT INTO read_marks (person_id, conversation_id, number) VALUES (%(who)s, %(conversation)s, %(number)s)"
    " ON CONFLICT (person_id, conversation_id) DO UPDATE SET number = excluded.number",
    "INSERT INTO paces (person_id, until) VALUES (%(who)s, now())"
    " ON CONFLICT (person_id) DO UPDATE SET until = excluded.until",
    "INSERT INTO outbox (event_id, name, subject, version, data)"
    " VALUES (%(id)s, 'bench', 'bench', %(number)s, CAST(%(data)s AS jsonb))",
)


def measure(city: City, options: Options) -> list[Row]:
    platform = city.platform
    leader = Connection(platform.base_url, city.leader)
    tokens = city.heads[: GROUP - 1]
    path = _group(leader, city.unit_ids()[: GROUP - 1])
    senders = [Connection(platform.base_url, token) for token in tokens[:SENDERS]]
    posted: list[int] = []

    def post(sender: Connection) -> dict:
        message = json.loads(sender.ask("POST", path, {"text": TEXT}, expected=201, **new_key()))
        if message["text"] != TEXT:
            raise Wrong("another text was kept")
        posted.append(message["number"])
        return message

    def with_streams() -> float:
        with Streams(platform.base_url, [*tokens, city.leader]):
            return _rate(post, senders, options.seconds)

    writers = _writers(platform.bus.addresses()["owners"]["messaging"])
    acts = {
        "alone": lambda: _rate(post, senders, options.seconds),
        "streams": with_streams,
        "raw": lambda: _rate(_write, writers, options.seconds),
    }
    with ExitStack() as stack:
        peer = None
        if synapse.install():
            peer = Peer(stack, platform, options.seconds)
            acts |= {"synapse": peer.alone, "synapse_streams": peer.with_streams}
        found = in_turn(options.rounds, **acts)
        took, arrived = _arrivals(city, tokens, senders[0], post)
        beside = peer.rows(found, took, arrived) if peer else []
    leader.close()  # it has been silent for longer than a connection is kept
    leader = Connection(platform.base_url, city.leader)
    last = json.loads(leader.ask("GET", f"{path}?limit=1"))["items"][0]["number"]
    if sorted(posted) != list(range(1, len(posted) + 1)) or last != len(posted):
        raise Wrong(f"{len(posted)} messages were taken, the last is number {last}")
    for one in (leader, *senders, *(connection for connection, _ in writers)):
        one.close()
    return [*_rows(found, took, arrived), *beside, _list_of_many(city)]


def _list_of_many(city: City) -> Row:
    """Of a head who takes no part in what is measured before."""
    someone = Connection(city.base_url, city.heads[-1])
    person_id = json.loads(someone.ask("GET", "/api/v1/me"))["person"]["id"]
    with psycopg.connect(city.platform.city.addresses()["owners"]["messaging"], autocommit=True) as database:
        database.execute(MANY, {"count": CONVERSATIONS, "person": person_id})
        database.execute("ANALYZE conversations, participants")
    took = []
    for _ in range(LISTED):
        began = time.perf_counter()
        page = json.loads(someone.ask("GET", "/api/v1/conversations"))
        took.append((time.perf_counter() - began) * 1000)
        if len(page["items"]) != 50 or not page["next_cursor"]:
            raise Wrong("not the first page of many conversations")
    someone.close()
    p95 = percentile(took, 0.95)
    return Row(
        "P5", f"the list of somebody with {CONVERSATIONS:,} conversations",
        f"p50 {median(took):.0f} ms, p95 {p95:.0f} ms", "-", "-", f"p95 <= {LIST_GOAL} ms", p95 <= LIST_GOAL,
    )  # fmt: skip


class Peer:
    """Matrix Synapse, asked alike: a room of as many, as many senders, the same text, as many who listen."""

    def __init__(self, stack: ExitStack, platform, seconds: float):
        admin_url = platform.city.postgres.admin_url
        members = stack.enter_context(synapse.serving(platform.state, admin_url, UNITS))
        self._all, self._members, self._seconds = members, members[:GROUP], seconds
        self._room = synapse.room_of(self._members)
        synapse.analyze(admin_url)
        self.alone()  # warm

    def alone(self) -> dict:
        return _rate(self._say, self._members[:SENDERS], self._seconds)

    def with_streams(self) -> dict:
        with synapse.Listeners(self._members, self._room):
            return self.alone()

    def _say(self, member: synapse.Member) -> str:
        return member.say(self._room, TEXT)

    def _arrivals(self) -> tuple[list[float], list[float]]:
        took, arrived = [], []
        with synapse.Listeners(self._members, self._room) as listeners:
            for _ in range(ARRIVALS):
                began = time.perf_counter()
                event = self._say(self._members[0])
                took.append((time.perf_counter() - began) * 1000)
                arrived.append((listeners.last(event) - began) * 1000)
                time.sleep(PACE)
        return took, arrived

    def _created(self) -> list[float]:
        found = []
        for _ in range(3):
            began = time.perf_counter()
            synapse.room_of(self._all, joined=False)
            found.append(time.perf_counter() - began)
        return found

    def rows(self, found: dict, took: list[float], arrived: list[float]) -> list[Row]:
        rows = []
        for ours, theirs, what, goal in (
            ("alone", "synapse", "nobody listens", 10), ("streams", "synapse_streams", f"{GROUP} who listen", 5),
        ):  # fmt: skip
            rates = {name: [one["rate"] for one in found[name]] for name in (ours, theirs)}
            p50, p99 = ({name: median(one[share] for one in found[name]) for name in rates} for share in ("p50", "p99"))
            share = ratios(rates[ours], rates[theirs])
            met = median(share) >= goal and p50[ours] < p50[theirs] and p99[ours] < p99[theirs]
            said = {
                name: f"{spread(rates[name], '/s')}, p50 {p50[name]:.0f} ms, p99 {p99[name]:.0f} ms" for name in rates
            }
            work = f"messages accepted in a group of {GROUP}, {SENDERS} senders, {what}"
            rows.append(Row(
                "P5", work, said[ours], f"Synapse {said[theirs]}", times(share),
                f">= {goal}x, and a lower p50 and p99", met,
            ))  # fmt: skip
        their_took, their_arrived = self._arrivals()
        lower = all(
            percentile(arrived, share) < percentile(their_arrived, share) for share in (0.5, 0.99)
        )  # fmt: skip
        rows.append(Row(
            "P5", f"a message until the last of {GROUP} has it, one every {PACE} s",
            f"p50 {median(arrived):.0f} ms, p99 {percentile(arrived, 0.99):.0f} ms (taken: p50 {median(took):.0f} ms)",
            f"Synapse, /sync p50 {median(their_arrived):.0f} ms, p99 {percentile(their_arrived, 0.99):.0f} ms "
            f"(taken: p50 {median(their_took):.0f} ms)",
            times([median(their_arrived) / median(arrived)]), "a lower p50 and p99", lower,
        ))  # fmt: skip
        created = self._created()
        rows.append(Row(
            "P5", f"a room made with {UNITS - 1} invited; ours is the row of the order's conversation",
            "-", f"Synapse {median(created):.1f} s", "-", "-",
        ))  # fmt: skip
        return rows


def _group(leader: Connection, unit_ids: list[str]) -> str:
    """The messages of a new order's conversation."""
    task = give(leader, order(unit_ids), len(unit_ids))
    ends = time.monotonic() + 30
    while not (found := json.loads(leader.ask("GET", f"/api/v1/conversations?task_id={task['id']}"))["items"]):
        if time.monotonic() > ends:
            raise Wrong("the order has no conversation")
        time.sleep(0.1)
    return f"/api/v1/conversations/{found[0]['id']}/messages"


def _rate(act, ons: list, seconds: float) -> dict:
    began = time.perf_counter()

    def repeat(on) -> list[float]:
        took = []
        while (start := time.perf_counter()) < began + seconds:
            act(on)
            took.append((time.perf_counter() - start) * 1000)
        return took

    with ThreadPoolExecutor(len(ons)) as pool:
        took = list(itertools.chain(*pool.map(repeat, ons)))
    return {"rate": len(took) / (time.perf_counter() - began), "p50": median(took), "p99": percentile(took, 0.99)}


def _writers(url: str) -> list[tuple[psycopg.Connection, str]]:
    """Each with the conversation that they all write to."""
    conversation = clock.new_id()
    connections = [psycopg.connect(url) for _ in range(SENDERS)]
    with connections[0].transaction():
        connections[0].execute(
            "INSERT INTO conversations (id, kind, name, task_id, last_number, created_at, active_at)"
            " VALUES (%s, 'case', 'bench', %s, 0, now(), now())", (conversation, conversation),
        )  # fmt: skip
    return [(connection, conversation) for connection in connections]


def _write(writer: tuple[psycopg.Connection, str]) -> None:
    connection, conversation = writer
    values = {"id": clock.new_id(), "who": conversation, "conversation": conversation, "text": TEXT}
    values["data"] = json.dumps(values | {"participant_post_ids": [conversation] * GROUP})
    values |= {"client": values["id"], "words": " ".join(words_of(conversation, TEXT))}
    with connection.transaction():
        values["number"] = connection.execute(RAW[0], values).fetchone()[0]
        for statement in RAW[1:]:
            connection.execute(statement, values)


def _arrivals(city: City, tokens: list[str], sender: Connection, post) -> tuple[list[float], list[float]]:
    """Milliseconds until 201, and until the last of the group's streams has it."""
    took, arrived = [], []
    with Streams(city.base_url, [*tokens, city.leader]) as streams:
        for _ in range(ARRIVALS):
            began = time.perf_counter()
            message = post(sender)
            took.append((time.perf_counter() - began) * 1000)
            came = streams.wait(b"event: message_posted", message["id"].encode(), since=began, count=GROUP)
            arrived.append((max(came) - began) * 1000)
            time.sleep(PACE)
    return took, arrived


def _rows(found: dict, took: list[float], arrived: list[float]) -> list[Row]:
    rates = {name: [one["rate"] for one in values] for name, values in found.items()}
    p99 = {name: median(one["p99"] for one in values) for name, values in found.items()}
    raw = f"the same rows by psycopg, {SENDERS} threads {spread(rates['raw'], '/s')}"
    rows = [
        Row(
            "P5",
            f"messages accepted in a group of {GROUP}, {SENDERS} senders, {what}",
            f"{spread(rates[name], '/s')}, p99 {p99[name]:.0f} ms",
            raw,
            times(ratios(rates[name], rates["raw"])),
        )
        for name, what in (("alone", "nobody listens"), ("streams", f"{GROUP} open streams"))
    ]
    quick = f"p50 {median(arrived):.0f} ms, p99 {percentile(arrived, 0.99):.0f} ms (201: p50 {median(took):.0f} ms)"
    what = f"a message until the last of the group's {GROUP} streams has it, one every {PACE} s"
    return [*rows, Row("P5", what, quick, "-", "-")]
