"""Orders that recur: drafted once for each occurrence, put before a leader, given by nobody but him."""

from datetime import timedelta

import eventlet
import pytest

from chassis import clock
from chassis.errors import CallFailed
from contracts import tasks
from kernel.working_time import today
from tasks.tests.interface.conftest import CLERK, HEAD, VICE
from tasks.use_cases import templates
from tests.support.town import DELEGATION, claims, post, unit

CHIEF, DEPUTY = claims("office chief_of_office"), claims("office deputy_chief_of_office")
CHAIRMAN = claims("committee chairman")
ORDER = {
    "title": "Báo cáo tháng {month}/{year}", "content": "Báo cáo kết quả tháng {month}.", "mode": "each",
    "audience": "all-wards", "due_in": 5, "expected_result": "Báo cáo",
}  # fmt: skip


def written(**changes) -> dict:
    recurrence = {"rrule": "FREQ=WEEKLY;INTERVAL=2", "starts_on": today(clock.now()).isoformat(), "day_off": "keep"}
    return {
        "order": ORDER | changes.pop("order", {}),
        "recurrence": recurrence | changes,
        "leader_post_ids": [post("committee vice_chairman")],
    }


@pytest.fixture
def create(desk, caller):
    def create(who=CHIEF, key="once", **changes):
        return caller(tasks.create_template, {"idempotency_key": key, "template": written(**changes)}, claims=who)

    return create


def after(days: int):
    return clock.now() + timedelta(days=days)


def outcomes(desk, template: dict) -> list[tuple[str, str]]:
    return outcomes_seen_by(desk, template, CHIEF)


def outcomes_seen_by(desk, template: dict, who: dict) -> list[tuple[str, str]]:
    items = desk.ask(tasks.list_occurrences, who, template_id=template["id"])["items"]
    return [(each["occurrence"], each["outcome"]) for each in items]


def awaiting(desk, who=VICE) -> list[dict]:
    return desk.ask(tasks.list_tasks, who, box="awaiting_my_issue")["items"]


def fresh(here, now) -> None:
    here.do("UPDATE copy_state SET fresh_at = :now", now=now)


def test_a_draft_is_put_before_the_leader_on_its_day_and_only_once(here, desk, create):
    template = create()
    assert create() == template  # the same key
    assert template["state"] == "active" and len(template["next_occurrences"]) == 5
    for _ in range(2):
        templates.draft_due(here.store, clock.now())
    [draft] = awaiting(desk)
    now = today(clock.now())
    assert draft["title"] == f"Báo cáo tháng {now.month}/{now.year}"
    assert draft["state"] == "awaiting_issue"
    assert outcomes(desk, template) == [(now.isoformat(), "drafted")]
    assert [name for name, _ in here.events()] == ["draft_changed"]
    [first, *_] = desk.ask(tasks.list_task_history, CHIEF, task_id=draft["id"])["items"]
    assert (first["change"], first["data"]["template_id"]) == ("drafted", template["id"])
    again = desk.ask(tasks.get_template, CHIEF, id=template["id"])
    assert again["next"] == template["next_occurrences"][1]
    issued = desk(tasks.issue, draft, VICE)
    assert (issued["state"], issued["roll_up"]["assigned"]) == ("issued", 3)


def test_two_at_once_make_one_draft(here, desk, create):
    template = create()

    def make():
        with here.store.transaction() as tx:
            templates.draft(tx, template["id"], clock.now())

    for green in [eventlet.spawn(make) for _ in range(3)]:
        green.wait()
    assert len(awaiting(desk)) == 1


def test_what_was_missed_is_said_and_not_caught_up(here, desk, create):
    template = create()
    days = [each["occurrence"] for each in template["next_occurrences"]]
    later = after(28 + 1)
    fresh(here, later)
    templates.draft_due(here.store, later)
    assert [outcome for _, outcome in outcomes(desk, template)] == ["drafted", "missed", "missed"]
    assert len(awaiting(desk)) == 1
    later = after(42 + 12)
    fresh(here, later)
    templates.draft_due(here.store, later)
    assert outcomes(desk, template)[0][1] == "missed"
    assert desk.ask(tasks.get_template, CHIEF, id=template["id"])["next"]["occurrence"] == days[4]


def test_a_clock_that_is_set_back_makes_nothing_twice(here, desk, create):
    template = create()
    templates.draft_due(here.store, clock.now())
    for hours in (-1, -24, 0, 1):
        templates.draft_due(here.store, clock.now() + timedelta(hours=hours))
    assert len(outcomes(desk, template)) == 1


def test_a_paused_one_waits_and_what_passed_is_not_caught_up(here, desk, create):
    template = create()
    assert desk(tasks.pause_template, template, DEPUTY, version=1)["allowed"] == ["change", "discard", "resume"]
    assert desk.refused(tasks.pause_template, template, CHIEF) == "wrong_state"
    assert desk.refused(tasks.resume_template, template, CHIEF, version=1) == "stale_version"
    templates.draft_due(here.store, clock.now())
    assert outcomes(desk, template) == []
    resumed = desk(tasks.resume_template, template, CHIEF, version=2)
    templates.draft_due(here.store, clock.now())
    anew = {"version": resumed["version"], "template": written(order={"due_in": 9})}
    changed = desk(tasks.change_template, template, CHIEF, **anew)
    assert changed["next"]["occurrence"] == template["next_occurrences"][1]["occurrence"]  # today's stands already
    templates.draft_due(here.store, clock.now())
    assert len(awaiting(desk)) == 1


def test_what_cannot_be_drafted_any_more_says_why_and_the_next_one_is_tried(here, desk, create):
    template = create(order={"audience": None, "assignments": [{"unit_id": unit("ward-1")}]})
    here.do("UPDATE copy_units SET valid_to = '2026-01-01' WHERE id = :id", id=unit("ward-1"))
    templates.draft_due(here.store, clock.now())
    [item] = desk.ask(tasks.list_occurrences, CHIEF, template_id=template["id"])["items"]
    assert (item["outcome"], item["code"]) == ("refused", "unknown_unit")
    assert awaiting(desk) == []
    assert desk.ask(tasks.get_template, CHIEF, id=template["id"])["next"] == template["next_occurrences"][1]


def test_with_a_stale_copy_it_waits(here, desk, create):
    template = create()
    here.do("UPDATE copy_state SET fresh_at = now() - interval '1 hour'")
    templates.draft_due(here.store, clock.now())
    assert outcomes(desk, template) == []
    fresh(here, clock.now())
    templates.draft_due(here.store, clock.now())
    assert [outcome for _, outcome in outcomes(desk, template)] == ["drafted"]


def test_its_authority_is_that_of_its_post_now(here, desk, create):
    template = create()
    here.do("UPDATE copy_posts SET kind = 'official' WHERE id = :id", id=post("office chief_of_office"))
    templates.draft_due(here.store, clock.now())
    [item] = desk.ask(tasks.list_occurrences, VICE, template_id=template["id"])["items"]
    assert (item["outcome"], item["code"]) == ("refused", "not_authorised")


def test_who_sees_it_and_who_keeps_it(desk, create):
    template = create()
    assert desk.ask(tasks.get_template, DEPUTY, id=template["id"])["allowed"] == ["change", "discard", "pause"]
    for who in (VICE, CHAIRMAN):  # before whom it is put, and who oversees the city's work
        assert desk.ask(tasks.get_template, who, id=template["id"])["allowed"] == []
        assert [each["id"] for each in desk.ask(tasks.list_templates, who)["items"]] == [template["id"]]
        assert desk.refused(tasks.pause_template, template, who) == "not_authorised"
    for who in (HEAD, CLERK):
        assert desk.refused_to_ask(tasks.get_template, who, id=template["id"]) == "not_found"
        assert desk.refused_to_ask(tasks.list_occurrences, who, template_id=template["id"]) == "not_found"
        assert desk.ask(tasks.list_templates, who)["items"] == []
        assert desk.refused(tasks.discard_template, template, who) == "not_found"
    desk(tasks.discard_template, template, CHIEF)
    assert desk.refused_to_ask(tasks.get_template, CHIEF, id=template["id"]) == "not_found"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("recurrence_not_understood", {"rrule": "FREQ=SECONDLY"}),
        ("recurrence_not_understood", {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
        ("day_too_far", {"starts_on": "2031-01-01"}),
        ("dates_in_wrong_order", {"ends_on": "2026-01-01"}),
        ("unknown_audience", {"order": {"audience": "all-planets"}}),
        ("role_not_in_mode", {"order": {"audience": None, "assignments": [
            {"unit_id": unit("ward-1")}, {"unit_id": unit("ward-2"), "role": "support"},
        ]}}),
        ("invalid_request", {"order": {"no_deadline": True}}),
    ],
)  # fmt: skip
def test_what_could_never_be_drafted_is_refused_at_once(here, create, code, changes):
    with pytest.raises(CallFailed) as refusal:
        create(**changes)
    assert refusal.value.code == code
    assert here.rows("SELECT id FROM templates") == []


def test_leaders_alone_are_asked_and_officials_write_none(here, desk, caller, create):
    with pytest.raises(CallFailed) as refusal:
        create(claims("ward-1 official"))
    assert refusal.value.code == "not_authorised"
    wanted = written() | {"leader_post_ids": [post("ward-1 head")]}
    request = {"idempotency_key": "x", "template": wanted}
    assert desk.refused_to_ask(tasks.create_template, CHIEF, **request) == "unknown_post"


def test_one_that_fails_leaves_the_others_their_day(here, desk, create):
    broken, sound = create(), create(key="another")
    here.do("UPDATE templates SET \"order\" = '{}', next_on = next_on - 1 WHERE id = :id", id=broken["id"])
    templates.draft_due(here.store, clock.now())
    assert (outcomes(desk, broken), len(outcomes(desk, sound))) == ([], 1)


def test_changed_by_who_heads_the_unit_it_stays_with_its_writer(here, desk, create):
    """A head need not be one who drafts orders."""
    template = create(DEPUTY)
    desk(tasks.change_template, template, CHIEF, template=written(order={"due_in": 9}))
    here.do("UPDATE copy_posts SET kind = 'official' WHERE id = :id", id=post("office chief_of_office"))
    templates.draft_due(here.store, clock.now())
    assert [outcome for _, outcome in outcomes_seen_by(desk, template, DEPUTY)] == ["drafted"]


def test_what_was_written_in_anothers_name_is_drafted_while_that_is_lent(here, desk, create):
    lent = claims("office deputy_chief_of_office", delegation_id=DELEGATION)
    first, second = create(lent), create(lent, key="another")
    here.do("UPDATE templates SET next_on = next_on + 40 WHERE id = :id", id=second["id"])
    templates.draft_due(here.store, clock.now())
    assert [outcome for _, outcome in outcomes_seen_by(desk, first, VICE)] == ["drafted"]
    here.do("UPDATE copy_delegations SET valid_to = :day", day=today(clock.now()))
    here.do("UPDATE templates SET next_on = starts_on WHERE id = :id", id=second["id"])
    templates.draft_due(here.store, clock.now())
    [item] = desk.ask(tasks.list_occurrences, VICE, template_id=second["id"])["items"]
    assert (item["outcome"], item["code"]) == ("refused", "not_authorised")
