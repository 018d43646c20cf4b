"""What is taken over of what SCIM says, what is shown of it, and who moves where."""

from datetime import date

import pytest

from directory import scim
from directory.domain import provisioning as rules
from directory.domain.organisation import Membership
from directory.domain.provisioning import ENTERPRISE, Held, Taken
from kernel.errors import Refused

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TODAY = date(2026, 11, 23)


def refusal(act, *arguments):
    with pytest.raises(Refused) as refused:
        act(*arguments)
    return refused.value.refusal_code


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.mark.parametrize(
    "said, name",
    [
        ({"displayName": "Nguyễn Văn An", "name": {"formatted": "khác"}}, "Nguyễn Văn An"),
        ({"name": {"formatted": "Nguyễn Văn An", "givenName": "khác"}}, "Nguyễn Văn An"),
        ({"name": {"givenName": "An", "familyName": "Nguyễn", "middleName": "Văn"}}, "Nguyễn Văn An"),
        ({"name": {"givenName": "An"}}, "An"),
        ({}, "nv1"),
    ],
)
def test_the_name_is_what_was_said_most_clearly(said, name):
    assert rules.taken({"userName": "nv1", **said}).name == name


def test_a_mobile_number_is_not_taken_for_the_office():
    phones = [{"value": "0901", "type": "mobile", "primary": True}, {"value": "028", "type": "work"}]
    assert rules.taken({"userName": "a", "phoneNumbers": phones}) == Taken("a", "028", "0901", None)
    assert rules.taken({"userName": "a", "phoneNumbers": phones[:1]}).phone is None
    assert rules.said_now(None, None, Taken("a", "028", "0901", None))["phoneNumbers"] == [
        {"value": "028", "type": "work"}, {"value": "0901", "type": "mobile"},
    ]  # fmt: skip


def test_what_was_said_is_shown_until_somebody_else_changes_it():
    said = {"displayName": "A", "emails": [{"value": "a@x", "type": "home"}], "title": "T"}
    then = Taken("A", None, None, "a@x")
    assert rules.said_now(said, then, then) == said
    shown = rules.said_now(said, then, Taken("Trần Thị Bình", None, None, "a@x"))
    assert shown["displayName"] == shown["name"]["formatted"] == "Trần Thị Bình"
    assert shown["name"] | {"formatted": ""} == {
        "formatted": "", "familyName": "Trần", "middleName": "Thị", "givenName": "Bình",
    }  # fmt: skip
    assert (shown["emails"], shown["title"]) == (said["emails"], "T")
    assert "emails" not in rules.said_now(said, then, Taken("A", None, None, None))


@pytest.mark.parametrize(
    "value, fault",
    [
        ({"title": "Chuyên viên"}, None),
        ({"title": "a\u202eb"}, "title has characters that cannot be seen"),
        ({"name": {"givenName": "x" * 301}}, "name.givenName is longer than 300 characters"),
        ({"emails": [{"value": "a"}] * 21}, "emails has more than 20 values"),
        ({"emails": [{"value": " "}]}, "emails.value is empty"),
    ],
)
def test_what_cannot_be_kept_is_named(value, fault):
    assert rules.fault_in(value) == fault


@pytest.mark.parametrize("text, name", [(" NV1 ", "nv1"), ("hai từ", None), ("", None), ("x" * 101, None)])
def test_user_names(text, name):
    assert rules.username_of(text) == name


def holding(unit, kind="official", primary=True, number=1):
    return Held(Membership(f"m{number}", "p", f"o{number}", primary, TODAY, None), unit, kind)


def test_another_unit_moves_the_post_as_an_official_and_no_other():
    official, head = holding("u1"), holding("u1", "head", number=2)
    assert rules.moves([official], "u1", {"u2"}) == ([official], True)
    assert rules.moves([head], "u1", {"u2"}) == ([], True)
    assert rules.moves([holding("u3", primary=False)], None, {"u2"}) == ([], True)


def test_who_works_in_a_part_of_the_named_unit_stays_there():
    assert rules.moves([holding("u2.1")], None, {"u2", "u2.1"}) == ([], False)


def test_no_unit_any_more_ends_what_was_given_for_it():
    here, elsewhere = holding("u1"), holding("u2", number=2)
    assert rules.moves([here, elsewhere], "u1", set()) == ([here], False)


def test_attributes_are_chosen_by_path_and_without_case():
    resource = {
        "schemas": [USER, ENTERPRISE], "id": "1", "userName": "a", "name": {"givenName": "An", "familyName": "N"},
        "emails": [{"value": "a@x", "type": "work"}], ENTERPRISE: {"department": "D", "costCenter": "C"},
    }  # fmt: skip
    assert rules.part_of(resource, [], []) == resource
    assert rules.part_of(resource, ["USERNAME", "name.givenname"], []) == {
        "schemas": [USER], "id": "1", "userName": "a", "name": {"givenName": "An"},
    }  # fmt: skip
    assert rules.part_of(resource, ["emails.value", f"{ENTERPRISE}:department"], []) == {
        "schemas": [USER, ENTERPRISE], "id": "1", "emails": [{"value": "a@x"}], ENTERPRISE: {"department": "D"},
    }  # fmt: skip
    assert rules.part_of(resource, [], ["id", "emails", "name.givenName", ENTERPRISE]) == {
        "schemas": [USER], "id": "1", "userName": "a", "name": {"familyName": "N"},
    }  # fmt: skip


def test_a_version_follows_what_is_shown_and_if_match_names_it():
    one = rules.version_of({"id": "1", "userName": "a", "meta": {"lastModified": "x"}})
    assert one == rules.version_of({"userName": "a", "id": "1", "meta": {}})
    assert one != rules.version_of({"userName": "b", "id": "1"})
    assert rules.matches(one, one) and rules.matches(f'"other", {one.removeprefix("W/")}', one)
    assert rules.matches("*", one) and not rules.matches('W/"other"', one) and not rules.matches("", one)


@pytest.mark.parametrize(
    "operation, code",
    [
        ({"op": "replace", "path": "id", "value": "1"}, "scim_mutability"),
        ({"op": "add", "path": "groups", "value": [{"value": "1"}]}, "scim_mutability"),
        ({"op": "remove", "path": "userName"}, "scim_mutability"),
        ({"op": "remove", "path": "active"}, "scim_mutability"),
        ({"op": "remove"}, "scim_no_target"),
        ({"op": "replace", "path": 'emails[type co "x"].value', "value": "1"}, "scim_no_target"),
        ({"op": "add", "path": "emails[" * 40, "value": "1"}, "scim_invalid_path"),
        ({"op": "replace", "path": "__class__.__name__", "value": "1"}, "scim_invalid_path"),
        ({"op": "replace", "path": "password", "value": "1"}, "scim_invalid_path"),
        ({"op": "add", "value": {"isAdministrator": True}}, "scim_invalid_value"),
        ({"op": "add", "path": "emails", "value": 7}, "scim_invalid_value"),
        ({"op": "copy", "path": "title", "value": "1"}, "scim_invalid_value"),
    ],
)
def test_a_hostile_patch_is_refused(operation, code):
    user = {"schemas": [USER], "userName": "a", "active": True, "emails": [{"value": "a@x", "type": "work"}]}
    assert refusal(scim.patched, user, patch(operation)) == code


@pytest.mark.parametrize("body", [None, [], "x", 1, {}, {"schemas": [PATCH], "Operations": []}, patch(*[{}] * 101)])
def test_what_is_no_patch_is_refused(body):
    user = {"schemas": [USER], "userName": "a"}
    assert refusal(scim.patched, user, body) in ("scim_invalid_syntax", "scim_invalid_value")


def test_acts_on_members_are_read_one_by_one():
    acts = patch(
        {"op": "Add", "path": "members", "value": [{"value": "a"}, {"value": "b", "display": "x"}]},
        {"op": "remove", "path": 'members[value eq "c" or value eq "d"]'},
        {"op": "remove", "path": "members", "value": [{"value": "e"}]},
        {"op": "replace", "value": {"members": []}},
        {"op": "remove", "path": "members"},
    )
    values = [(act, ids and [each["value"] for each in ids]) for act, ids in scim.member_operations(acts)]
    assert values == [
        ("add", ["a", "b"]), ("remove", ["c", "d"]), ("remove", ["e"]), ("replace", []), ("remove", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "displayName", "value": "x"},
        {"op": "remove", "path": 'members[value co "a"]'},
        {"op": "add", "path": "members", "value": [{"display": "a"}]},
        {"op": "add", "value": {"displayName": "x"}},
        {"op": "add", "path": 'members[value eq "a"].display', "value": "x"},
    ],
)
def test_other_acts_on_units_are_refused(operation):
    code = refusal(lambda: list(scim.member_operations(patch(operation))))
    assert code in ("scim_mutability", "scim_invalid_path", "scim_invalid_value")
