"""E-mail by a real SMTP server: what arrives, what does not, and what becomes of it then."""

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import eventlet
import pytest

from reminders.channels.mail import Mail
from reminders.channels.settings import MailSettings
from reminders.domain.deliveries import Sent
from reminders.tests.support import MORNING, Directory, mail_server, occasion, plan, set_up
from reminders.use_cases import attention, dispatching
from tests.support.site import Certificates
from tests.support.town import id_of, person

HEAD = person("ward-1 head")
URL = "https://congvu.example"
LATER = MORNING + timedelta(minutes=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    with mail_server(tmp_path_factory.mktemp("mail"), certificates) as found:
        yield found


@pytest.fixture
def mail(server, certificates) -> Mail:
    for path in server.folder.glob("*.*"):
        path.unlink()
    return Mail(settings(server, certificates), URL)


@pytest.fixture
def here(town):
    found = town("reminders")
    set_up(found, "email")
    return found


def settings(server, certificates, **changes) -> MailSettings:
    given = {
        "host": "localhost", "port": server.port, "sender": "Công Vụ <congvu@city.example>",
        "ca_file": str(certificates.ca_file),
    }  # fmt: skip
    return MailSettings(**given | changes)


def states(here) -> list[tuple]:
    return [tuple(row.values()) for row in here.rows("SELECT state, attempts, fault FROM deliveries ORDER BY id")]


def test_a_bundle_arrives_as_text_and_html_with_a_link_for_each(here, server, mail, dispatch):
    hostile = occasion(2, title="<script>alert(1)</script>\r\nBcc: x@y.example")
    plan(here, occasion(1), hostile)
    dispatch(here, "email", mail)

    [(envelope, raw)] = server.got
    assert envelope == {"from": "congvu@city.example", "to": ["an@city.example"], "tls": True}
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Subject"] == "Công Vụ nhắc 2 việc: Rà soát nhà, đất công 1"
    assert (message["From"], message["To"]) == ("Công Vụ <congvu@city.example>", "an@city.example")
    assert message["Bcc"] is None and message.defects == []
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f"{URL}/assignments/1" in text and f'href="{URL}/assignments/2"' in html
    assert "<script>" not in html and "Nhiệm vụ đã quá hạn" in text
    [row] = here.rows("SELECT id::text, state, provider_id, attempts FROM deliveries")
    assert (row["state"], row["provider_id"], row["attempts"]) == ("sent", "1", 1)
    assert message["Message-ID"] == f"<{row['id']}@congvu.example>"
    assert here.rows("SELECT nudges, deliveries FROM nudge_counts") == [{"nudges": 2, "deliveries": 1}]


@pytest.mark.parametrize(
    ("to", "state", "fault"),
    [
        ("gone@city.example", "failed", "answers_550"),
        ("busy@city.example", "waiting", "answers_451"),
        ("an@city.example\r\nRCPT TO:<x@y.example>", "failed", "bad_address"),
        ("an@city", "failed", "bad_address"),
        (None, "failed", "no_address"),
    ],
)
def test_what_the_server_or_the_address_does_not_admit_is_kept_with_the_reason(
    here, server, mail, dispatch, people, to, state, fault
):
    people[HEAD] = {"email": to, "mobile": None}
    plan(here, occasion())
    dispatch(here, "email", mail)
    assert (states(here), server.got) == ([(state, 1, fault)], [])


def test_whose_account_is_revoked_is_told_nothing(here, server, mail, dispatch, people):
    people[HEAD] = None
    plan(here, occasion())
    dispatch(here, "email", mail)
    assert (states(here), server.got) == ([("failed", 1, "no_address")], [])


def test_what_failed_for_now_is_tried_again_later_and_arrives_once(here, server, mail, dispatch, people):
    people[HEAD] = {"email": "busy-once@city.example", "mobile": None}
    plan(here, occasion())
    for now in (MORNING, MORNING + timedelta(seconds=29), LATER, LATER + timedelta(hours=1)):
        dispatch(here, "email", mail, now)
    assert (states(here), len(server.got)) == ([("sent", 2, None)], 1)


def test_what_was_acted_on_while_it_waited_is_not_sent(here, server, mail, dispatch, people):
    people[HEAD] = {"email": "busy-once-again@city.example", "mobile": None}
    plan(here, occasion())
    dispatch(here, "email", mail)
    with here.store.transaction() as tx:
        attention.stop(tx, [occasion().subject_id])
    dispatch(here, "email", mail, LATER)
    assert (states(here), server.got) == ([("dropped", 2, None)], [])


def test_who_dies_while_sending_loses_nothing_and_what_he_says_late_counts_no_more(here, server, mail, dispatch):
    plan(here, occasion())
    with here.store.transaction() as tx:
        dispatching.gather(tx, "email", MORNING)
    with here.store.transaction() as tx:
        [taken] = dispatching.claim(tx, "email", MORNING, 8)
    dispatch(here, "email", mail, MORNING + timedelta(seconds=59))
    assert server.got == []
    dispatch(here, "email", mail, MORNING + timedelta(seconds=61))
    with here.store.transaction() as tx:
        dispatching.settle(tx, taken, Sent("late"), LATER)
    assert len(server.got) == 1
    [row] = here.rows("SELECT state, provider_id FROM deliveries")
    assert row["state"] == "sent" and row["provider_id"] != "late"
    assert here.rows("SELECT deliveries FROM nudge_counts") == [{"deliveries": 1}]


def test_while_the_directory_is_away_it_waits(here, server, mail, dispatch, directory, run):
    directory.stop()
    plan(here, occasion())
    dispatch(here, "email", mail)
    assert states(here) == [("waiting", 1, "directory_away")]
    run(Directory)
    dispatch(here, "email", mail, LATER)
    assert (states(here), len(server.got)) == ([("sent", 2, None)], 1)


def test_nothing_goes_without_tls_unless_the_operators_say_so(here, certificates, dispatch, tmp_path):
    with mail_server(tmp_path, certificates, tls="none") as bare:
        plan(here, occasion())
        dispatch(here, "email", Mail(settings(bare, certificates), URL))
        assert (states(here), bare.got) == ([("waiting", 1, "no_tls")], [])
        dispatch(here, "email", Mail(settings(bare, certificates, tls="none"), URL), LATER)
        assert [envelope["tls"] for envelope, _ in bare.got] == [False]


def test_tls_may_come_before_everything_else(here, certificates, dispatch, tmp_path):
    with mail_server(tmp_path, certificates, tls="implicit") as first:
        plan(here, occasion())
        dispatch(here, "email", Mail(settings(first, certificates, tls="implicit"), URL))
        assert [envelope["tls"] for envelope, _ in first.got] == [True]


def test_a_server_that_somebody_else_vouches_for_gets_nothing(here, server, mail, certificates, dispatch, tmp_path):
    others = Certificates.made(tmp_path)
    plan(here, occasion())
    dispatch(here, "email", Mail(settings(server, others), URL))
    assert (states(here), server.got) == ([("waiting", 1, "SSLCertVerificationError")], [])


def test_a_server_that_is_away_or_silent_holds_nobody_up(here, certificates, dispatch, monkeypatch):
    monkeypatch.setattr("reminders.channels.mail.SECONDS", 0.2)
    silent = eventlet.listen(("127.0.0.1", 0))
    away = MailSettings("localhost", silent.getsockname()[1], "congvu@city.example")
    plan(here, occasion())
    dispatch(here, "email", Mail(away, URL))
    silent.close()
    dispatch(here, "email", Mail(away, URL), LATER)
    [(state, attempts, fault)] = states(here)
    assert (state, attempts, fault) == ("waiting", 2, "ConnectionRefusedError")


def test_two_that_send_side_by_side_send_each_once_and_ask_for_addresses_in_batches(
    here, server, mail, certificates, dispatch, store
):
    somebody = [id_of(f"somebody {number}") for number in range(60)]
    plan(here, *[occasion(number, *somebody) for number in range(3)], occasion(4, *somebody[:5], urgency="express"))
    other = Mail(settings(server, certificates), URL)
    sides = [(mail, here.store), (other, store("reminders"))]
    for thread in [eventlet.spawn(dispatch, here, "email", channel, store=of) for channel, of in sides]:
        thread.wait()
    ids = Counter(message_from_bytes(raw)["Message-ID"] for _, raw in server.got)
    assert (len(ids), set(ids.values())) == (65, {1})
    assert {state for state, _, _ in states(here)} == {"sent"}
    assert len(Directory.asked) < 30
