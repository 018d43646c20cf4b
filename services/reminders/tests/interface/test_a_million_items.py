"""However much stands open for a post, nobody waits for it: the plans are run, and what they read is counted."""

from datetime import timedelta

import psycopg
import pytest

from chassis import clock
from chassis.contract import schema
from chassis.testing import explained, nodes
from contracts import reminders
from reminders.use_cases import feeds, reading
from reminders.use_cases.feeds import DEADLINES_AT_MOST
from reminders.use_cases.reading import COUNTED, OVERVIEW_ITEMS
from tests.support.town import claims, post, unit

ITEMS, LATE = 10_000, 3_000
HEAD = claims("ward-1 head")
FILL = """
    INSERT INTO action_items (id, subject_id, kind, version, open, post_id, unit_id, origin, title, link, from_title,
            urgency_rank, raised_at, due)
    SELECT md5(n::text)::uuid, md5(n::text)::uuid,
        CASE WHEN n % 1000 = 0 THEN 'mail_to_answer' ELSE 'citizen_case' END, 1, true, :post, :unit,
        CASE WHEN n % 1000 = 0 THEN 'mail' ELSE 'hotline' END, 'Việc ' || n, 'https://1022.vn/', '1022', n % 4, now(),
        now() + make_interval(secs => n - :late)
    FROM generate_series(1, :items) AS n
"""
OTHERS = """
    INSERT INTO action_items (id, subject_id, kind, version, open, post_id, unit_id, title, link, from_title,
            urgency_rank, raised_at)
    SELECT md5('o' || n)::uuid, md5('o' || n)::uuid, 'result_to_decide', 1, true, md5('p' || n % 300)::uuid, :unit,
        'Việc', '/', 'Phường', 3, now()
    FROM generate_series(1, 3000) AS n
"""


@pytest.fixture
def full(town, world):
    found = town("reminders")
    found.do(FILL, items=ITEMS, late=LATE, post=post("ward-1 head"), unit=unit("ward-1"))
    found.do(OTHERS, unit=unit("ward-1"))
    with psycopg.connect(world.owners["reminders"], autocommit=True) as owner:
        owner.execute("ANALYZE")
    return found


def asked(store, act, procedure, **request) -> tuple[dict, int, set[str]]:
    """The answer, how many items it read, and by which scans; each of its statements is explained as it was run."""
    now = clock.now()
    with store.reading(walks=True) as tx:
        answer, plans = explained(tx, lambda: act(tx, HEAD, schema(procedure.request).load(request), now))
    read, scans = 0, set()
    for node in (node for plan in plans for node in nodes(plan)):
        if node.get("Relation Name") == "action_items":
            rows = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
            read += rows * node["Actual Loops"]
            scans.add(node["Node Type"])
    return answer, read, scans


def test_the_overview_reads_what_it_counts_and_shows(full):
    overview, read, scans = asked(full.store, reading.get_overview, reminders.get_overview)

    assert overview["counts"] == [
        {"kind": "citizen_case", "count": COUNTED, "more": True},
        {"kind": "mail_to_answer", "count": ITEMS // 1000, "more": False},
    ]
    assert (overview["more"], len(overview["items"])) == (True, OVERVIEW_ITEMS)
    assert overview["newly_late"]["count"] > 0
    assert read <= 2 * (COUNTED + 1 + ITEMS // 1000) + 2 * OVERVIEW_ITEMS
    assert "Seq Scan" not in scans and "Index Only Scan" in scans


def test_counts_stop(full):
    counts, read, _ = asked(
        full.store, lambda tx, who, _, now: reading.count_action_items(tx, who, now), reminders.count_action_items
    )

    assert [(each["due"], each["count"], each["more"]) for each in counts["dues"]] == [
        ("overdue", COUNTED, True), ("due_today", counts["dues"][1]["count"], counts["dues"][1]["more"]),
        ("later", counts["dues"][2]["count"], counts["dues"][2]["more"]), ("no_deadline", 0, False),
    ]  # fmt: skip
    assert read <= 4 * (COUNTED + 1) + ITEMS // 1000


@pytest.mark.parametrize(
    "wanted",
    [{}, {"kind": "mail_to_answer"}, {"origin": "mail"}, {"due": "later"}, {"due": "overdue", "kind": "citizen_case"}],
    ids=str,
)
def test_a_page_reads_what_it_shows(full, wanted):
    cursor = None
    for _ in range(2):
        answer, read, _ = asked(
            full.store, reading.list_action_items, reminders.list_action_items, limit=10, cursor=cursor, **wanted
        )
        assert read <= 2 * 11
        cursor = answer["next_cursor"]
        if cursor is None:
            break


def test_a_calendar_reads_what_it_shows(full):
    with full.store.transaction() as tx:
        token = feeds.make_feed(tx, HEAD, clock.now())["token"]

    content, read, scans = asked(
        full.store,
        lambda tx, _, request, now: feeds.read_feed(tx, request, now),
        reminders.read_feed,
        token=token,
        address="https://congvu.example",
    )

    assert len(content.deadlines) == DEADLINES_AT_MOST
    assert read <= 2 * DEADLINES_AT_MOST and "Seq Scan" not in scans


def test_what_became_late_since_an_instant_is_counted_as_it_is_listed(full):
    now, since = clock.now(), clock.now() - timedelta(minutes=10)
    request = schema(reminders.list_action_items.request).load({"late_since": since.isoformat(), "limit": 200})
    listed, cursor = [], None
    with full.store.reading() as tx:
        late = reading.get_overview(tx, HEAD, {"late_since": since}, now)["newly_late"]
        while True:
            page = reading.list_action_items(tx, HEAD, request | {"cursor": cursor}, now)
            listed += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

    assert (late["count"], late["more"]) == (len(listed), False) and listed
    assert [item["id"] for item in late["items"]] == listed[:OVERVIEW_ITEMS]
