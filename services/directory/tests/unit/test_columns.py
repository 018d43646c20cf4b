"""Headers and cells of files that come in."""

import pytest

from directory.domain.columns import COLUMNS, BadHeaders, Fault, columns_in_place, map_headers, read_line, tidy, written

PEOPLE = ["Mã số cán bộ", "Họ và tên", "Mã đơn vị", "Loại chức vụ"]


def line(*cells, headers=PEOPLE, what="people"):
    return read_line(columns_in_place(what, map_headers(what, headers, {})), 2, cells)


def bad(*headers, mapping=None):
    with pytest.raises(BadHeaders) as refused:
        map_headers("people", headers, mapping or {})
    return refused.value


@pytest.mark.parametrize("headers", [
    PEOPLE, [name.upper() for name in PEOPLE], ["MA SO CAN BO", "ho ten", "don vi", "loai chuc vu"],
    ["employee_number", "name", "unit_code", "post_kind"], ["Số hiệu", "Họ tên", "Unit code", "post kind"],
])  # fmt: skip
def test_headers_are_known_in_vietnamese_and_english_with_and_without_diacritics(headers):
    assert [each.column for each in map_headers("people", headers, {})] == [
        "employee_number", "name", "unit_code", "post_kind",
    ]  # fmt: skip


def test_what_goes_out_is_known_when_it_comes_in():
    for what, columns in COLUMNS.items():
        found = map_headers(what, [column.headers[0] for column in columns], {})
        assert [each.column for each in found] == [column.name for column in columns]


def test_a_mapping_comes_before_the_known_names():
    headers = ["Số BHXH", "Họ và tên", "Mã đơn vị", "Loại chức vụ", "Ghi chú"]
    found = map_headers("people", headers, {"số bhxh": "employee_number"})
    assert [each.column for each in found] == ["employee_number", "name", "unit_code", "post_kind", None]


def test_a_header_that_is_not_known_gets_a_proposal():
    refused = bad("Mã số cán bô viên chức", *PEOPLE[1:])
    assert (refused.code, refused.names) == ("columns_missing", ["employee_number"])
    assert refused.headers[0].proposed == "employee_number"


def test_headers_that_leave_doubt_are_refused():
    assert bad(*PEOPLE, "Họ tên").code == "duplicate_header"
    assert bad(*PEOPLE, mapping={"Không có": "name"}).names == ["Không có"]
    assert bad(*PEOPLE, mapping={"Họ và tên": "nonsense"}).names == ["nonsense"]
    assert bad("").code == "columns_missing"


def test_a_line_is_read_by_its_columns():
    read = line(" CB1 ", "Đặng  Thị\tÂn", "STC", "Trưởng đơn vị")
    assert read.faults == ()
    assert read.values == {
        "employee_number": "CB1", "name": "Đặng Thị Ân", "unit_code": "STC", "post_kind": "head",
    }  # fmt: skip


@pytest.mark.parametrize(
    "column, cell, code",
    [
        ("name", "", "missing"), ("name", "=1+1", "formula"), ("name", "@SUM(A1)", "formula"),
        ("name", "-2+3", "formula"), ("name", "+A1", "formula"), ("name", "x" * 201, "too_long"),
        ("name", "NguyÔn V¨n An", "looks_like_tcvn3"), ("name", "Nguyeãn Vaên An", "looks_like_vni"),
        ("unit_code", "a b", "not_a_code"), ("post_kind", "trưởng thôn", "unknown_word"),
        ("email", "nobody", "not_an_email"), ("phone", "gọi sau", "not_a_phone"), ("phone", "=1", "formula"),
        ("post_number", "0", "not_a_number"), ("post_number", "1e9", "not_a_number"),
        ("primary", "maybe", "not_yes_or_no"), ("name", Fault(None, "cell_error"), "cell_error"),
    ],
)  # fmt: skip
def test_a_cell_that_is_wrong_is_told_with_its_column(column, cell, code):
    names = [each.name for each in COLUMNS["people"]]
    cells = dict(zip(names, ["CB1", "An", "", "", "", "", "STC", "head", "", "", "x"], strict=True)) | {column: cell}
    assert line(*cells.values(), headers=names).faults == (Fault(column, code),)


@pytest.mark.parametrize("text", ["=1+1", "'=1", "''-", "-", "@a", "+84 28", "'", "plain"])
def test_a_text_that_was_marked_as_no_formula_comes_back_as_it_was(text):
    names = ["code", "kind", "name", "full_name"]
    quoted = "'" + text if text.lstrip("'")[:1] in ("=", "+", "-", "@") else text
    read = line("A", "ward", quoted, "x", headers=names, what="units")
    assert (read.values["name"], read.faults) == (text, ())


def test_values_are_written_as_they_are_read():
    columns = COLUMNS["people"]
    values = ["CB1", "Ân", "(028) 01", "+84 901", "a@b.vn", "A 2.01", "STC", "head", "Giám đốc", 2, False]
    cells = [written(column, value) for column, value in zip(columns, values, strict=True)]
    assert list(line(*cells, headers=[each.name for each in columns]).values.values()) == values


CONTACT = ["phone", "mobile", "email", "room"]


def test_an_empty_cell_says_nothing_of_how_somebody_is_reached_and_a_dash_that_there_is_no_such_thing():
    def said(*cells):
        read = line("CB1", "Ân", "STC", "head", *cells, headers=[*PEOPLE, *CONTACT])
        assert read.faults == ()
        return {name: value for name, value in read.values.items() if name in CONTACT}

    assert said("", " ", "\u200b", "") == {}
    assert said("-", " - ", "-", "-") == dict.fromkeys(CONTACT)
    assert said("", "", "", "'-") == {"room": "-"}, "a room that is called so"


def test_a_place_of_work_is_no_room():
    assert [each.column for each in map_headers("people", [*PEOPLE, "Nơi làm việc"], {})][-1] is None


def test_what_cannot_be_seen_is_taken_away():
    assert tidy("A\u0302n\u200b\u202e\x00 \u00a0B\r\nC") == "Ân B C"
