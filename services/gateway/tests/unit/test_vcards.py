"""A person as an address book reads him."""

import vobject

from gateway.vcards import written

PERSON = {
    "id": "0197c1c8-0280-7eed-bce1-c4562583a542",
    "name": "Đặng Thị Ngọc Ân",
    "entries": [
        {"title": "Trưởng phòng; Tổ chức, cán bộ", "unit_name": "Phòng Tổ chức\nSở Nội vụ"},
        {"title": "Phó Ban", "unit_name": "Ban"},
    ],
    "contact": {"phone": "(028) 0123 4567", "mobile": None, "email": "an@hcm.example", "room": "P. 1"},
}


def read(**changes):
    return vobject.readOne(written(PERSON | changes).decode())


def test_names_are_put_where_address_books_look_for_them():
    card = read()
    assert card.fn.value == "Đặng Thị Ngọc Ân"
    assert (card.n.value.family, card.n.value.additional, card.n.value.given) == ("Đặng", "Thị Ngọc", "Ân")
    assert card.uid.value == f"urn:uuid:{PERSON['id']}"


def test_a_single_name_is_a_family_name():
    assert read(name="Ân").n.value.family == "Ân"


def test_signs_of_the_format_are_only_signs():
    card = read()
    assert card.title.value == "Trưởng phòng; Tổ chức, cán bộ"
    assert card.org.value == ["Phòng Tổ chức\nSở Nội vụ"]


def test_what_one_may_not_know_is_not_in_it():
    card = read()
    assert [line.value for line in card.tel_list] == ["(028) 0123 4567"]
    assert card.tel.params["TYPE"] == ["WORK", "VOICE"]
    hidden = read(contact=dict.fromkeys(PERSON["contact"]))
    assert "tel" not in hidden.contents and "email" not in hidden.contents


def test_whoever_holds_no_post_has_a_card_too():
    assert "title" not in read(entries=[]).contents


def test_long_lines_are_folded_and_come_back_whole():
    name = "Nguyễn " + "Ngọc " * 30 + "Ân"
    assert read(name=name).fn.value == name
    assert all(len(line) <= 76 for line in written(PERSON | {"name": name}).splitlines())
