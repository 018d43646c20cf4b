"""What a sibling may say that waits."""

import pytest
from marshmallow import ValidationError

from chassis.contract import schema
from contracts.inbound import WaitingItem
from reminders.domain.items import subject_of
from tests.support.town import post

SAID = {
    "kind": "citizen_case", "unit_code": "ward-1", "title": "Đèn đường hỏng", "due": "2026-03-05T10:00:00+07:00",
    "link": "https://1022.tphcm.gov.vn/phan-anh/71?tab=xu-ly#tra-loi",
}  # fmt: skip
FAULTS = {
    "another kind": {"kind": "assignment_to_receive"},
    "nobody": {"unit_code": None},
    "two": {"post_id": post("ward-1 head")},
    "no id": {"unit_code": None, "person_id": "annv"},
    "no title": {"title": "\u202e "},
    "the end of time": {"due": "9999-12-31T23:59:59-12:00"},
    "no offset": {"due": "2026-03-05T10:00:00"},
    "no address": {"link": "phan-anh/71"},
    "in the clear": {"link": "http://1022.tphcm.gov.vn/"},
    "a script": {"link": "javascript:alert(1)"},
    "somebody's name": {"link": "https://tphcm.gov.vn@evil.example/"},
    "another host behind it": {"link": "https://tphcm.gov.vn\\@evil.example/"},
    "a line end": {"link": "https://1022.tphcm.gov.vn/\n"},
    "a quotation mark": {"link": 'https://1022.tphcm.gov.vn/"onclick="x'},
    "what turns letters around": {"link": "https://1022.tphcm.gov.vn/\u202e"},
    "too long": {"link": "https://1022.tphcm.gov.vn/" + "a" * 2000},
}


def test_what_is_whole_is_understood():
    assert schema(WaitingItem).load(SAID)["urgency"] == "normal"


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_not(fault):
    with pytest.raises(ValidationError):
        schema(WaitingItem).load(SAID | FAULTS[fault])


def test_names_of_two_siblings_never_meet():
    assert len({subject_of("mail", "a:b"), subject_of("mail", "a"), subject_of("archive", "a:b")}) == 3
