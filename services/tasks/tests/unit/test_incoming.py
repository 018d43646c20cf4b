"""What a line of a file of tasks says, and what it would change."""

from datetime import date, timedelta

import pytest

from kernel.columns import Line, columns_in_place, map_headers, read_line
from tasks.domain.columns import COLUMNS
from tasks.domain.incoming import Order, Present, Unit, by_code, compare
from tasks.domain.lines import cells_of

TODAY = date(2026, 3, 2)
UNITS = {name: Unit(name, name, f"Đơn vị {name}", f"head of {name}") for name in ("A", "B", "C")}
LINE = {
    "Mã nhiệm vụ": "NV-1", "Nhiệm vụ": "Rà soát thủ tục", "Sản phẩm": "Báo cáo", "Đơn vị chủ trì": "A",
    "Ngày giao": "02/02/2026", "Hạn hoàn thành": "2026-04-01", "Trạng thái": "Đang thực hiện", "Tiến độ (%)": "40%",
}  # fmt: skip
RESULT = {
    "Kết quả": "Đã xong", "Văn bản kết quả số": "9/BC", "Ngày văn bản kết quả": "20/02/2026",
    "Ngày trình kết quả": "20/02/2026",
}  # fmt: skip


def find(text: str):
    names = [part.strip() for part in text.split(";")]
    return tuple(UNITS[name] for name in names) if set(names) <= UNITS.keys() else "unknown_unit"


def line(number: int = 2, **changes: str) -> Line:
    said = LINE | {name.replace("_", " "): text for name, text in changes.items()}
    headers = map_headers(COLUMNS, list(said), {})
    return read_line(columns_in_place(COLUMNS, headers), number, list(said.values()))


def only(*lines: Line, order: Order | None = None):
    [found] = compare(lines, order, find, TODAY)
    return found


def faults(*lines: Line, order: Order | None = None) -> set[tuple]:
    return {(fault.column, fault.code) for each in compare(lines, order, find, TODAY) if each for fault in each.faults}


def here(difference, *, was_imported: bool = True, lived_here: bool = False) -> Order:
    """As it stands when this difference was taken."""
    [lead] = difference.units["lead"]
    beside = {name: frozenset(unit.id for unit in difference.units.get(name, ())) for name in ("support", "inform")}
    present = Present("task", "piece", difference.values, beside)
    mode = "each" if difference.each else "joint"
    return Order("task", mode, was_imported, {lead.id: present}, frozenset({lead.id} if lived_here else ()))


def test_a_whole_line_is_a_new_order():
    found = only(line(Đơn_vị_phối_hợp="B; C"))
    assert (found.kind, found.code, found.values["urgency"], found.values["source"]) == (
        "new", "NV-1", "normal", "city_pc",
    )  # fmt: skip
    assert [unit.id for unit in found.units["support"]] == ["B", "C"]
    assert (found.values["percent"], found.values["original_due_on"]) == (40, date(2026, 4, 1))


def test_the_same_line_again_changes_nothing_and_an_empty_cell_neither():
    order = here(only(line(Đơn_vị_phối_hợp="B")))
    assert only(line(Đơn_vị_phối_hợp="B"), order=order) is None
    assert only(line(Đơn_vị_phối_hợp="", Hạn_hoàn_thành="", Trạng_thái=""), order=order) is None


def test_what_is_written_out_is_read_back_without_a_difference():
    found = only(line(Đơn_vị_phối_hợp="B; C", Khoản="-", Nội_dung_chi_tiết="'- Rà soát; = kiểm tra"))
    units = {name: [unit.id for unit in given] for name, given in found.units.items()}
    cells = cells_of(found.code, found.values, units)
    quoted = ["'" + cell if cell.startswith("-") and cell != "-" else cell for cell in cells]  # as a sheet reads it
    headers = map_headers(COLUMNS, [column.headers[0] for column in COLUMNS], {})
    again = read_line(columns_in_place(COLUMNS, headers), 2, quoted)
    assert (again.faults, only(again, order=here(found))) == ((), None)


def test_a_later_state_of_what_came_in_is_a_change():
    order = here(only(line()))
    done = only(line(Trạng_thái="Đã hoàn thành", Mức_độ_hoàn_thành="Tốt", **RESULT), order=order)
    assert (done.kind, done.changes["state"], done.values["grade"]) == ("changed", ("in_progress", "completed"), "good")


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"Ngày_giao": ""}, {("assigned_on", "missing")}),
        ({"Hạn_hoàn_thành": ""}, {("due_on", "missing")}),
        ({"Hạn_hoàn_thành": "-"}, set()),
        ({"Trạng_thái": ""}, {("state", "missing")}),
        ({"Sản_phẩm": ""}, {("expected_result", "missing")}),
        ({"Trạng_thái": "Hoàn thành"}, {(name, "missing") for name in
         ("result", "result_number", "result_issued_on", "submitted_on")}),
        ({"Trạng_thái": "Thu hồi gì đó"}, {("state", "unknown_word")}),
        ({"Trạng_thái": "Đã thu hồi"}, {("state", "state_not_imported")}),
        ({"Ngày_giao": "31/02/2026"}, {("assigned_on", "not_a_date")}),
        ({"Ngày_giao": "03/03/2026"}, {("assigned_on", "yet_to_come")}),
        ({"Hạn_hoàn_thành": "01/01/2026"}, {("due_on", "before_given"), ("original_due_on", "before_given")}),
        ({"Tiến_độ_(%)": "140"}, {("percent", "not_a_percentage")}),
        ({"Đơn_vị_chủ_trì": "Sở Không Có"}, {("lead", "unknown_unit")}),
        ({"Đơn_vị_chủ_trì": "A; B"}, {("lead", "one_unit")}),
        ({"Đơn_vị_phối_hợp": "A"}, {("support", "unit_twice")}),
        ({"Mã_nhiệm_vụ": ""}, {("code", "missing")}),
        ({"Nhiệm_vụ": "x" * 301}, {("title", "too_long")}),
        ({"Nhiệm_vụ": "=1+1"}, {("title", "formula")}),
    ],
)  # fmt: skip
def test_what_a_line_lacks_is_said_by_column_and_code(changes, expected):
    assert faults(line(**changes)) == expected


def test_lines_of_one_code_are_an_order_of_each_for_itself():
    first, second = line(), line(3, Đơn_vị_chủ_trì="B")
    assert [[each.number for each in group] for group in by_code([first, line(9, Mã_nhiệm_vụ="X"), second])] == [
        [2, 3],
        [9],
    ]
    assert all(each.each for each in compare([first, second], None, find, TODAY))
    assert faults(first, line(3, Đơn_vị_chủ_trì="A")) == {("lead", "duplicate_key")}
    assert faults(first, line(3, Đơn_vị_chủ_trì="B", Nhiệm_vụ="Khác")) == {("title", "differs_in_order")}
    assert ("support", "support_of_each") in faults(first, line(3, Đơn_vị_chủ_trì="B", Đơn_vị_phối_hợp="C"))


def test_what_is_followed_here_is_not_moved_by_a_file():
    new = only(line())
    changed = line(Trạng_thái="Tạm dừng")
    assert faults(changed, order=here(new, was_imported=False)) == {(None, "given_here")}
    assert faults(changed, order=here(new, lived_here=True)) == {(None, "followed_here")}
    assert only(line(), order=here(new, was_imported=False)) is None
    assert faults(line(Đơn_vị_chủ_trì="B"), order=here(new)) == {("lead", "other_lead")}
    assert faults(line(Đơn_vị_phối_hợp="C"), order=here(new)) == {("support", "other_units")}


def test_another_unit_of_each_may_come_later():
    first, second = line(), line(3, Đơn_vị_chủ_trì="B")
    order = here(compare([first, second], None, find, TODAY)[0])
    assert [each and each.kind for each in compare([first, second], order, find, TODAY)] == [None, "new"]


def test_a_day_is_a_day_whatever_is_wanted_of_it():
    assert only(line(Ngày_giao=(TODAY - timedelta(days=1)).isoformat())).values["assigned_on"] == date(2026, 3, 1)
