"""Tạm ẩn: each puts off for himself, until a time or until it changes, and never past a deadline unawares."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.errors import CallFailed
from contracts import reminders
from reminders.domain import snoozing
from reminders.service import Service
from reminders.use_cases import items, reading
from tests.support.orders import changed, issued, piece_id, urged
from tests.support.town import claims

HEAD, CLERK, OTHER = claims("ward-1 head"), claims("ward-1 clerk"), claims("ward-2 head")
DAY = timedelta(days=1)


@pytest.fixture
def here(town, run):
    found = town("reminders")
    run(Service)
    for order in (issued(due=in_days(3)), issued("Việc khác")):
        with found.store.transaction() as tx:
            items.raise_items(tx, order, 1)
    return found


def in_days(days: float) -> str:
    return (clock.now() + days * DAY).isoformat()


@pytest.fixture
def desk(here, caller):
    class Desk:
        def titles(self, who=HEAD, **wanted) -> list[str]:
            return [item["title"] for item in self.list(who, **wanted)]

        def list(self, who=HEAD, **wanted) -> list[dict]:
            return caller(reminders.list_action_items, wanted, claims=who)["items"]

        def counts(self, who=HEAD) -> tuple[int, int, int]:
            found = caller(reminders.count_action_items, {}, claims=who)
            return (*(sum(each["count"] for each in found[name]) for name in ("kinds", "dues")), found["snoozed"])

        def overview(self, who=HEAD) -> dict:
            return caller(reminders.get_overview, {}, claims=who)

        def snooze(self, who=HEAD, days: float = 1, title: str = "Diễn tập", **said) -> dict:
            [item] = [item for item in self.list(HEAD) + self.list(HEAD, snoozed=True) if item["title"] == title]
            return caller(
                reminders.snooze_action_item, {"id": item["id"], "until": in_days(days)} | said, claims=who
            )  # fmt: skip

        def refused(self, *args, **said) -> str:
            with pytest.raises(CallFailed) as refused:
                self.snooze(*args, **said)
            return refused.value.code

        def unsnooze(self, item: dict, who=HEAD) -> dict:
            return caller(reminders.unsnooze_action_item, {"id": item["id"]}, claims=who)

    return Desk()


def test_who_puts_off_sees_it_apart_and_everybody_else_sees_it(desk):
    snoozed = desk.snooze()
    assert desk.titles() == ["Việc khác"]
    assert [(each["id"], each["snoozed_until"]) for each in desk.list(snoozed=True)] == [
        (snoozed["id"], snoozed["snoozed_until"])
    ]  # fmt: skip
    overview = desk.overview()
    assert (overview["total"], overview["snoozed"], len(overview["items"])) == (1, 1, 1)
    assert (desk.counts(), desk.counts(CLERK)) == ((1, 1, 1), (2, 2, 0))
    assert (desk.titles(CLERK), desk.overview(CLERK)["snoozed"]) == (["Diễn tập", "Việc khác"], 0)

    assert desk.unsnooze(snoozed)["snoozed_until"] is None
    desk.unsnooze(snoozed)
    assert (desk.titles(), desk.list(snoozed=True)) == (["Diễn tập", "Việc khác"], [])


def test_it_comes_back_at_its_time(here, desk):
    desk.snooze(days=1)
    with here.store.reading() as tx:
        assert reading.get_overview(tx, HEAD, {"late_since": None}, clock.now() + 2 * DAY)["total"] == 2


def test_a_change_of_its_subject_wakes_it(here, desk):
    desk.snooze()
    for act in (moved("declined", "declined", 2), moved("upheld", "assigned", 3)):
        with here.store.transaction() as tx:
            items.follow_pieces(tx, *act)
    assert desk.titles() == ["Diễn tập", "Việc khác"] and desk.overview()["snoozed"] == 0


def moved(change: str, after: str, version: int) -> tuple:
    act = changed(change, after, version)
    return act, [act], piece_id("ward-1"), version


def test_never_past_its_deadline_without_saying_so(desk):
    assert desk.refused(days=4) == "snooze_past_deadline"
    assert desk.titles() == ["Diễn tập", "Việc khác"]
    desk.snooze(days=4, past_deadline=True)
    assert desk.titles() == ["Việc khác"]


def test_an_urging_never_past_its_deadline(here, desk):
    due = clock.now() + DAY
    urging = urged("Đôn đốc")
    urging["waiting"][0]["awaits"]["due"] = due
    with here.store.transaction() as tx:
        items.follow_waiting(tx, urging, "urging", 1)
    assert desk.refused(title="Đôn đốc", days=2, past_deadline=True) == "snooze_not_allowed"
    desk.snooze(title="Đôn đốc", days=0.5)
    assert "Đôn đốc" not in desk.titles()


def test_what_is_not_before_him_is_not_there(desk):
    assert desk.refused(OTHER) == "not_found"
    assert desk.refused(days=-1) == desk.refused(days=91, past_deadline=True) == "until_out_of_range"


def test_who_has_put_off_too_much_brings_something_back_first(here, desk):
    """The overview reads what is put off: it cannot be without end."""
    here.do(
        """WITH made AS (
            INSERT INTO action_items (id, subject_id, kind, version, open, post_id, unit_id, title, link, from_title,
                    urgency_rank, raised_at)
            SELECT gen_random_uuid(), gen_random_uuid(), kind, 1, true, post_id, unit_id, title, link, from_title, 3,
                    raised_at FROM action_items, generate_series(1, :most) WHERE subject_id = :piece RETURNING id)
        INSERT INTO snoozes SELECT :who, id, 1, now() + interval '1 day' FROM made""",
        most=snoozing.MOST, who=HEAD["sub"], piece=piece_id("ward-1", "Việc khác"),
    )  # fmt: skip
    assert desk.refused() == "too_many_snoozed"
    overview = desk.overview()
    assert (overview["total"], overview["snoozed"]) == (2, snoozing.MOST)
    here.do("UPDATE snoozes SET until = now() WHERE item_id IN (SELECT item_id FROM snoozes LIMIT 1)")
    desk.snooze()


def test_it_is_in_the_audit_log_once(here, desk):
    until = in_days(1)
    for _ in range(2):
        desk.snooze(until=until)
    assert [row["action"] for row in here.rows("SELECT action FROM audit_log")] == ["reminders.action_item_snoozed"]
