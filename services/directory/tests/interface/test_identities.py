"""Who an account's holder is to another issuer, and what that opens."""

import pyotp
import pytest
import sqlalchemy as sa

from chassis import clock
from chassis.errors import CallFailed
from contracts import directory as contract
from directory.service import Service
from directory.storage import accounts
from directory.tests.support import begun
from directory.use_cases import identities
from kernel.directory_copy import resolve_actor
from kernel.errors import Refused

SEAL = sa.text("UPDATE accounts SET kind = 'break_glass' WHERE id = :id")
ISSUER, OTHER_ISSUER = "https://id.example", "https://other.example"


def account_id(city, role):
    person_id = city.roles[role]["person_id"]
    return str(city.one("SELECT id FROM accounts WHERE person_id = :id", id=person_id).id)


def link(city, role, subject, issuer=ISSUER):
    return city.do(identities.link, city.roles[role]["person_id"], issuer, subject, clock.now())


def feed(city, role, subject, by="administrator", now=None):
    now = now or clock.now()

    def say(tx):
        actor = resolve_actor(tx, city.claims(by), now, contract.feed_identity.full_name)
        return identities.feed(tx, actor, city.roles[role]["person_id"], ISSUER, subject, now)

    return city.do(say)


def agree(city, role, subject):
    """Two officials say the same. Roles stand for the administrators of a city that has several."""
    assert feed(city, role, subject)["state"] == "asked"
    return feed(city, role, subject, by="auditor")


def remove(city, role):
    city.do(identities.remove, city.roles[role]["person_id"], ISSUER)


def known(city, role, limit=50, cursor=None):
    request = {"person_id": city.roles[role]["person_id"], "limit": limit, "cursor": cursor}
    return city.ask(identities.list_known, request, clock.now())


def refusal(function, *arguments, **named):
    with pytest.raises((Refused, CallFailed)) as refused:
        function(*arguments, **named)
    return refused.value.refusal_code


def opens(city, issuer, subject):
    """Whose account an identity opens, the issuer having seen to a second factor."""
    asked = {"issuer": issuer, "subject": subject, "second_factor": True, "totp": None}
    try:
        return identities.sign_in(city.store, None, asked, clock.now())["person_id"]
    except Refused as refusal:
        assert refusal.refusal_code == "unknown_identity"
        return None


def events(city):
    return [(row.name, row.data) for row in city.all("SELECT name, data FROM outbox ORDER BY id")]


@pytest.fixture
def audited(own_city):
    """What the audit log has gained in this test."""
    before = own_city.one("SELECT count(*) AS rows FROM audit_log").rows
    return lambda: [
        row.action for row in own_city.all("SELECT action FROM audit_log ORDER BY number OFFSET :n", n=before)
    ]


def test_an_identity_is_an_issuer_and_a_subject_together(own_city):
    link(own_city, "official", "s-1")
    assert opens(own_city, ISSUER, "s-1") == own_city.roles["official"]["person_id"]
    for issuer, subject in ((OTHER_ISSUER, "s-1"), (ISSUER, "S-1"), (ISSUER, "s-1 "), (ISSUER + "/", "s-1")):
        assert opens(own_city, issuer, subject) is None


def test_linking_twice_changes_nothing_and_says_nothing(own_city, audited):
    first = link(own_city, "official", "s-1")
    assert link(own_city, "official", "s-1")["id"] == first["id"]
    assert audited() == ["identity.linked"]


def test_an_identity_that_is_somebody_elses_is_refused(own_city):
    link(own_city, "official", "s-1")
    assert refusal(link, own_city, "unit_head", "s-1") == "identity_taken"
    assert refusal(agree, own_city, "unit_head", "s-1") == "identity_taken"
    assert opens(own_city, ISSUER, "s-1") == own_city.roles["official"]["person_id"]


def test_of_each_issuer_one_and_who_links_himself_does_not_replace_it(own_city, audited):
    link(own_city, "official", "s-1")
    assert refusal(link, own_city, "official", "s-2") == "identity_linked_already"
    link(own_city, "official", "s-2", OTHER_ISSUER)
    assert audited() == ["identity.linked", "identity.linked"]


def test_nobody_says_alone_who_a_person_is(trial):
    for _ in range(2):
        assert feed(trial, "official", "s-1")["state"] == "asked"
    assert opens(trial, ISSUER, "s-1") is None
    assert feed(trial, "official", "s-2", by="auditor")["state"] == "asked"  # another word is none for the first
    assert feed(trial, "official", "s-1")["state"] == "asked"
    assert opens(trial, ISSUER, "s-1") is opens(trial, ISSUER, "s-2") is None
    assert feed(trial, "official", "s-1", by="auditor")["state"] == "linked"
    assert opens(trial, ISSUER, "s-1") == trial.roles["official"]["person_id"]
    assert feed(trial, "official", "s-1")["state"] == "linked"
    told = [
        row.action for row in trial.all("SELECT action FROM audit_log WHERE action LIKE 'identity.%' ORDER BY number")
    ]
    assert [each for each in told if each != "identity.unknown"] == ["identity.asked"] * 3 + ["identity.linked"]


def test_nobody_makes_himself_a_second_one(trial):
    begun(trial, "auditor", 2)
    assert refusal(feed, trial, "official", "s-1", by="auditor") == "newly_appointed"  # nor a first one
    assert feed(trial, "official", "s-1")["state"] == "asked"
    assert refusal(feed, trial, "official", "s-1", by="auditor") == "newly_appointed"
    begun(trial, "auditor", 3)
    assert feed(trial, "official", "s-1", by="auditor")["state"] == "linked"


def test_a_word_counts_for_a_day(trial):
    feed(trial, "official", "s-1", now=clock.now() - identities.OPEN_FOR)
    assert known(trial, "official")["items"] == []
    assert feed(trial, "official", "s-1", by="auditor")["state"] == "asked"
    trial.do(identities.forget_old, clock.now() + identities.OPEN_FOR)
    assert trial.all("SELECT 1 FROM identity_proposals") == []


def test_nobody_alone_puts_an_identity_in_the_place_of_another(trial):
    link(trial, "official", "s-1")
    assert refusal(feed, trial, "official", "s-2") == "identity_linked_already"
    assert opens(trial, ISSUER, "s-1") == trial.roles["official"]["person_id"]
    assert events(trial) == []
    remove(trial, "official")
    assert feed(trial, "official", "s-2")["state"] == "asked"
    assert opens(trial, ISSUER, "s-2") is None
    assert feed(trial, "official", "s-2", by="auditor")["state"] == "linked"


def test_administrators_see_what_is_linked_and_what_waits_but_no_subject(trial):
    link(trial, "official", "s-1", OTHER_ISSUER)
    feed(trial, "official", "s-9")
    everything = known(trial, "official")["items"]
    assert [(each["issuer"], each["state"]) for each in everything] == [(ISSUER, "asked"), (OTHER_ISSUER, "linked")]
    assert everything[0]["asked_by"] == trial.roles["administrator"]["person_id"]
    assert "s-9" not in str(everything)
    first = known(trial, "official", limit=1)
    assert [*first["items"], *known(trial, "official", limit=1, cursor=first["next_cursor"])["items"]] == everything
    remove(trial, "official")
    assert [each["state"] for each in known(trial, "official")["items"]] == ["linked"]
    assert refusal(remove, trial, "official") == "not_found"
    feed(trial, "official", "s-9")
    link(trial, "official", "s-9")
    assert [each["state"] for each in known(trial, "official")["items"]] == ["linked", "linked"]


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_nobody_else_says_who_an_administrator_or_auditor_is(own_city, role):
    assert refusal(feed, own_city, role, "s-1", by="unit_head") == "not_authorised"
    link(own_city, role, "s-1")
    assert opens(own_city, ISSUER, "s-1") == own_city.roles[role]["person_id"]


def test_only_ones_own_identity_is_unlinked(own_city):
    official, head = (own_city.roles[role]["person_id"] for role in ("official", "unit_head"))
    identity = link(own_city, "official", "s-1")
    assert refusal(own_city.do, identities.unlink, head, identity["id"]) == "not_found"
    own_city.do(identities.unlink, official, identity["id"])
    assert events(own_city) == [("identity_removed", {"issuer": ISSUER, "subject": "s-1"})]  # its sessions end
    assert refusal(own_city.do, identities.unlink, official, identity["id"]) == "not_found"
    assert opens(own_city, ISSUER, "s-1") is None


def test_an_account_that_may_not_be_used_is_opened_by_nothing_and_gets_nothing(own_city):
    link(own_city, "official", "s-1")
    own_city.do(accounts.revoke, account_id(own_city, "official"), "unit", clock.now())
    assert opens(own_city, ISSUER, "s-1") is None
    assert refusal(link, own_city, "official", "s-2", OTHER_ISSUER) == "not_found"


def test_whoever_holds_no_post_any_more_is_not_let_in(own_city):
    link(own_city, "official", "s-1")
    person_id = own_city.roles["official"]["person_id"]
    leave = sa.text("UPDATE memberships SET valid_to = valid_from WHERE person_id = :id")
    own_city.do(lambda tx: tx.execute(leave, {"id": person_id}))
    assert opens(own_city, ISSUER, "s-1") is None


def test_over_the_bus(own_city, run, caller, audited):
    run(Service)
    official, head, administrator = (own_city.claims(role) for role in ("official", "unit_head", "administrator"))
    asked = {"issuer": ISSUER, "subject": "s-1"}
    for password, count in ((None, 1), ("wrong", 9)):
        for _ in range(count):
            assert refusal(caller, contract.begin_linking, {"password": password}, head) == "wrong_password"
    assert refusal(caller, contract.begin_linking, {"password": own_city.password}, head) == "too_many_attempts"
    assert caller(contract.begin_linking, {"password": own_city.password}, official) == {}
    own_city.do(lambda tx: tx.execute(sa.text("UPDATE accounts SET password_hash = NULL")))
    assert caller(contract.begin_linking, {}, official) == {}
    linked = caller(contract.link_identity, asked, official)
    assert caller(contract.list_identities, {}, official)["items"] == [linked]
    assert "subject" not in linked
    signing_in = asked | {"second_factor": False}
    assert caller(contract.verify_identity, signing_in)["account_id"] == account_id(own_city, "official")
    caller(contract.unlink_identity, {"id": linked["id"]}, official)
    assert refusal(caller, contract.verify_identity, signing_in) == "unknown_identity"
    found = [action for action in audited() if action != "account.proof_refused"]
    assert found == ["identity.linked", "account.signed_in", "identity.unlinked", "identity.unknown"]

    fed = asked | {"person_id": official["sub"]}
    assert refusal(caller, contract.feed_identity, fed, official) == "not_authorised"
    assert refusal(caller, contract.feed_identity, fed | {"person_id": clock.new_id()}, administrator) == "not_found"
    assert caller(contract.feed_identity, fed, administrator)["state"] == "asked"
    assert refusal(caller, contract.verify_identity, signing_in) == "unknown_identity"
    asked_for = {"person_id": official["sub"]}
    [waiting] = caller(contract.list_identities_of, asked_for, administrator)["items"]
    assert waiting["state"] == "asked"
    assert refusal(caller, contract.list_identities_of, asked_for, official) == "not_authorised"
    feed(own_city, "official", "s-1", by="auditor")
    assert caller(contract.verify_identity, signing_in)["person_id"] == official["sub"]
    removing = {"person_id": official["sub"], "issuer": ISSUER}
    assert refusal(caller, contract.remove_identity, removing, official) == "not_authorised"
    caller(contract.remove_identity, removing, administrator)
    assert refusal(caller, contract.remove_identity, removing, administrator) == "not_found"


def test_a_second_factor_is_asked_for_unless_the_issuer_has_seen_to_it(own_city, run, caller):
    run(Service)
    link(own_city, "administrator", "s-1")
    asked = {"issuer": ISSUER, "subject": "s-1"}
    assert caller(contract.verify_identity, asked | {"second_factor": True})["account_id"]
    local = asked | {"second_factor": False}
    assert refusal(caller, contract.verify_identity, local) == "totp_required"
    code = pyotp.TOTP(own_city.roles["administrator"]["totp_secret"]).now()
    assert caller(contract.verify_identity, local | {"totp": code})["account_id"]
    assert refusal(caller, contract.verify_identity, local | {"totp": code}) == "wrong_credentials"
    for _ in range(9):
        refusal(caller, contract.verify_identity, local | {"totp": "000000"})
    assert refusal(caller, contract.verify_identity, local | {"totp": "000000"}) == "too_many_attempts"
    assert caller(contract.verify_identity, asked | {"second_factor": True})["account_id"]


def test_whoever_must_have_a_second_factor_and_has_none_must_set_one_up_first(own_city, run, caller):
    run(Service)
    link(own_city, "administrator", "s-1")
    gone = sa.text("UPDATE accounts SET totp_secret = NULL WHERE id = :id")
    own_city.do(lambda tx: tx.execute(gone, {"id": account_id(own_city, "administrator")}))
    asked = {"issuer": ISSUER, "subject": "s-1"}
    restricted = caller(contract.verify_identity, asked | {"second_factor": False})
    assert (restricted["restriction"], restricted["lacks_second_factor"]) == ("totp_enrolment_required", True)
    seen_to = caller(contract.verify_identity, asked | {"second_factor": True})
    assert (seen_to["restriction"], seen_to["lacks_second_factor"]) == (None, False)


def test_the_sealed_account_is_opened_by_no_issuer(own_city):
    link(own_city, "official", "s-9")
    assert opens(own_city, ISSUER, "s-9")
    own_city.do(lambda tx: tx.execute(SEAL, {"id": account_id(own_city, "official")}))
    assert opens(own_city, ISSUER, "s-9") is None
