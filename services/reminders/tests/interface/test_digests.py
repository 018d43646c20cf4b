"""The morning's digest: once for each person and working day, with what waits then."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from reminders.channels.mail import Mail
from reminders.channels.settings import MailSettings
from reminders.domain.preferences import Preferences
from reminders.storage import preferences
from reminders.tests.support import MORNING, mail_server, set_up
from reminders.use_cases import digests
from tests.support.town import id_of, person, post, unit

HEAD, OTHER = person("ward-1 head"), person("ward-2 head")
DAWN = MORNING.replace(hour=7, minute=30)
ITEM = """
    INSERT INTO action_items (id, kind, subject_id, version, open, post_id, unit_id, title, link, from_title,
        urgency_rank, due, raised_at)
    VALUES (:id, :kind, :id, 1, true, :post, :unit, :title, :link, 'Phó Chủ tịch', 3, :due, :raised)
"""


@pytest.fixture
def here(town):
    found = town("reminders")
    set_up(found, "email")
    item(found, "ward-1 head", "result_to_decide", "Duyệt báo cáo", DAWN - timedelta(days=1))
    item(found, "ward-1 head", "result_to_decide", "Duyệt tờ trình", DAWN + timedelta(days=1))
    item(found, "ward-2 head", "assignment_to_receive", "Rà soát chợ", None)
    return found


def item(here, who: str, kind: str, title: str, due) -> None:
    here.do(
        ITEM, id=id_of(title), kind=kind, post=post(who), unit=unit("ward-1"), title=title, due=due or "infinity",
        link=f"/api/v1/assignments/{id_of(title)}", raised=DAWN - timedelta(days=2),
    )  # fmt: skip


def planned(here, now) -> int:
    with here.store.transaction() as tx:
        return digests.plan(tx, now)


@pytest.mark.parametrize(
    ("now", "many"),
    [
        (DAWN, 4),
        (DAWN + timedelta(hours=5), 4),  # nothing ran in the morning
        (DAWN - timedelta(seconds=1), 0),
        (DAWN.replace(hour=17, minute=0), 0),
        (DAWN + timedelta(days=4), 0),  # a Saturday
    ],
)
def test_it_is_planned_in_working_hours_once_a_day(here, now, many):
    assert [planned(here, now), planned(here, now)] == [many, 0]


def test_it_is_planned_again_the_next_day_and_not_for_whom_nothing_waits_or_who_wants_none(here):
    planned(here, DAWN)
    with here.store.transaction() as tx:
        preferences.choose(tx, HEAD, 0, Preferences(digest=False))
    assert planned(here, DAWN + timedelta(days=1)) == 3
    here.do("DELETE FROM digest_days")
    planned(here, DAWN + timedelta(days=1))  # whatever else is lost, nobody gets it twice
    assert here.rows("SELECT count(*) AS n FROM deliveries") == [{"n": 7}]


def test_it_is_for_everybody_who_sees_what_waits(here):
    """Heads, those who work for them, and those to whom powers are lent for such matters."""
    item(here, "committee vice_chairman", "order_to_issue", "Ban hành", None)
    planned(here, DAWN)
    vice, deputy = person("committee vice_chairman"), person("office deputy_chief_of_office")
    clerks = {person("ward-1 clerk"), person("ward-2 clerk")}
    assert of_whom(here) == {HEAD, OTHER, vice, deputy} | clerks

    here.do("UPDATE copy_delegations SET scope = 'messaging'")
    planned(here, DAWN + timedelta(days=1))
    assert of_whom(here, "digest_on > '2026-11-24'") == {HEAD, OTHER, vice} | clerks


def of_whom(here, condition: str = "true") -> set[str]:
    return {row["id"] for row in here.rows(f"SELECT person_id::text AS id FROM deliveries WHERE {condition}")}


def test_while_the_directory_is_not_known_it_waits_and_says_only_what_waits_today(
    here, certificates, dispatch, tmp_path
):
    planned(here, DAWN)
    memberships = here.rows("SELECT * FROM copy_memberships")
    here.do("DELETE FROM copy_memberships")
    here.do("UPDATE copy_state SET filled = false")
    with mail_server(tmp_path, certificates) as server:
        settings = MailSettings("localhost", server.port, "congvu@city.example", ca_file=str(certificates.ca_file))
        mail = Mail(settings, "https://congvu.example")
        dispatch(here, "email", mail, DAWN)
        waiting = here.rows("SELECT DISTINCT state, fault FROM deliveries")
        assert (waiting, server.got) == ([{"state": "waiting", "fault": "directory_stale"}], [])

        for each in memberships:
            here.do(
                "INSERT INTO copy_memberships VALUES (:id, :version, :person_id, :post_id, :primary, :valid_from)",
                **{name: value for name, value in each.items() if name != "valid_to"},
            )
        here.do("UPDATE copy_state SET filled = true")
        here.do("UPDATE deliveries SET digest_on = digest_on - 1 WHERE person_id <> :head", head=HEAD)
        dispatch(here, "email", mail, DAWN + timedelta(minutes=5))
        assert len(server.got) == 1
    states = here.rows("SELECT state, count(*) AS n FROM deliveries GROUP BY 1 ORDER BY 1")
    assert [tuple(row.values()) for row in states] == [("dropped", 3), ("sent", 1)]


def test_without_e_mail_there_is_none(here):
    set_up(here)
    assert planned(here, DAWN) == 0


def test_it_says_what_waits_and_what_is_late_when_it_goes_out(here, certificates, dispatch, people, tmp_path):
    people[HEAD] = {"email": "head@city.example", "mobile": None}
    planned(here, DAWN)
    here.do("UPDATE action_items SET open = false WHERE title = 'Rà soát chợ'")
    with mail_server(tmp_path, certificates) as server:
        settings = MailSettings("localhost", server.port, "congvu@city.example", ca_file=str(certificates.ca_file))
        for now in (DAWN, DAWN + timedelta(minutes=1)):
            dispatch(here, "email", Mail(settings, "https://congvu.example"), now)
        by_address = {envelope["to"][0]: raw for envelope, raw in server.got}
    assert (len(server.got), set(by_address)) == (2, {"head@city.example", "an@city.example"})
    message = message_from_bytes(by_address["head@city.example"], policy=policy.default)
    assert message["Subject"] == "Công Vụ: 2 việc đang chờ, 1 việc quá hạn"
    text = message.get_body(("plain",)).get_content()
    assert "Kết quả chờ duyệt: 2" in text
    assert text.index("Duyệt báo cáo (quá hạn") < text.index("Duyệt tờ trình (hạn")
    states = here.rows("SELECT person_id::text, state FROM deliveries")
    assert {row["person_id"]: row["state"] for row in states} == {
        HEAD: "sent", person("ward-1 clerk"): "sent", OTHER: "dropped", person("ward-2 clerk"): "dropped",
    }  # fmt: skip
