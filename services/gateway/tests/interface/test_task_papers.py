"""Tasks through the gateway as files and papers."""

import io
from datetime import UTC, date, datetime

import pypdfium2
from openpyxl import load_workbook

from gateway.api.task_papers import PDF
from gateway.exporting import TYPE_OF
from gateway.import_faults import IMPORT_FAULTS
from gateway.tests.support import NEIGHBOURS, asked, assert_problem, imported, unit

LINES = [["NV-1", "=1+1"], ["NV-2", "- Rà soát"], ["NV-3", "Tổng kết"]]
FIGURES = {
    "carried_over": 1, "given": 4, "completed_on_time": 2, "completed_late": 1, "revoked": 0, "in_progress_in_time": 1,
    "in_progress_overdue": 1,
}  # fmt: skip
MARKUP = "Rà soát <font color='red'>đất</font> & nhà"
REPORT = {
    "from_day": date(2026, 1, 1), "to_day": date(2026, 1, 31), "as_of": datetime(2026, 1, 31, 16, tzinfo=UTC),
    "unit_id": None,
    "issuer": {
        "unit_name": "Văn phòng Ủy ban nhân dân Thành phố", "unit_kind": "office", "signer_title": "Chánh Văn phòng",
    },
    "units": [{"unit_id": unit("ward"), "unit_name": "Phường Thủ Dầu Một"} | FIGURES], "total": FIGURES,
    "late": [{
        "title": MARKUP, "code": None, "unit_name": "Phường Thủ Dầu Một", "due_on": date(2026, 1, 15), "days_late": 12,
    }],
}  # fmt: skip


def words(pdf: bytes) -> str:
    paper = pypdfium2.PdfDocument(pdf)
    return "\n".join(paper[number].get_textpage().get_text_bounded() for number in range(len(paper)))


def test_a_report_is_a_paper_as_the_state_writes_them(vice):
    NEIGHBOURS["tasks"].answers = {"tasks.get_period_report": REPORT}
    answer = vice.get("/task-reports/period.pdf?from=2026-01-01&to=2026-01-31")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, PDF)
    assert "attachment" in answer.headers["Content-Disposition"]
    ((_, request),) = asked("tasks.get_period_report")
    assert request == {"from_day": date(2026, 1, 1), "to_day": date(2026, 1, 31), "unit_id": None}
    said = words(answer.content)
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "VĂN PHÒNG", "/BC-VP", "BÁO CÁO",
        "Hoàn thành đúng hạn: 02 nhiệm vụ (40,0%)", "Nơi nhận:", "CHÁNH VĂN PHÒNG", "Phường Thủ Dầu Một",
    ):  # fmt: skip
        assert part in said, part
    assert MARKUP in " ".join(said.split()), "what looks like markup is printed as it stands"
    assert_problem(vice.get("/task-reports/period.pdf?from=2026-02-01&to=2026-01-31"), 422, "invalid_request")


A_DESK = {"post_id": unit("post"), "title": "Trưởng phòng", "unit_id": None, "unit_name": ""}
RED = {
    "assignment_id": unit("piece"), "task_id": unit("task"), "title": MARKUP, "unit_id": unit("ward"),
    "unit_name": "Phường Thủ Dầu Một", "urgency": "urgent", "source": "city_pc", "missing": "receipt", "late": A_DESK,
    "days": 3, "overdue_days": 0, "refusals": 0, "level": "unit",
    "decides": A_DESK | {"title": "Chủ tịch UBND phường"}, "current_due": datetime(2026, 1, 31, 16, tzinfo=UTC),
}  # fmt: skip


def the_board(rows: int):
    """As tasks gives it, page by page."""

    def page(request) -> dict:
        first = int(request["cursor"] or 0)
        last = min(rows, first + request["limit"])
        return {
            "as_of": datetime(2026, 1, 31, 3, tzinfo=UTC), "total": rows,
            "by_missing": [{"name": "receipt", "count": rows, "list": {"missing": "receipt"}}],
            "by_level": [{"name": "unit", "count": rows, "list": {"level": "unit"}}],
            "under_correction": {"name": "under_correction", "count": 2, "list": {"under_correction": True}},
            "items": [RED] * (last - first), "next_cursor": str(last) if last < rows else None,
        }  # fmt: skip

    return {"tasks.get_exception_board": page}


def test_the_exception_board_is_a_paper_with_its_first_rows(vice, monkeypatch):
    monkeypatch.setattr("gateway.api.task_papers.MOST_RED", 5)
    monkeypatch.setattr("gateway.api.task_papers.ROWS_AT_ONCE", 3)
    NEIGHBOURS["tasks"].answers = the_board(7)
    answer = vice.get("/exception-board.pdf?missing=receipt&as_of=2026-01-31")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, PDF)
    requests = [request for _, request in asked("tasks.get_exception_board")]
    assert [(each["limit"], each["cursor"], each["missing"]) for each in requests] == [
        (3, None, "receipt"), (2, "3", "receipt"),
    ]  # fmt: skip
    said = " ".join(words(answer.content).split())
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Tổng số nhiệm vụ chậm: 07", "Danh sách chỉ gồm 05 nhiệm vụ đứng đầu",
        "Còn thiếu: tiếp nhận: 07 nhiệm vụ", "chưa tính vào số trên: 02", "Chủ tịch UBND phường", "Nơi nhận:",
    ):  # fmt: skip
        assert part in said, part
    NEIGHBOURS["tasks"].answers = the_board(5)
    assert "chỉ gồm" not in words(vice.get("/exception-board.pdf").content)
    NEIGHBOURS["tasks"].answers = the_board(0)
    assert "Không có nhiệm vụ chậm." in words(vice.get("/exception-board.pdf").content)
    assert_problem(vice.get("/exception-board.pdf?limit=600"), 422, "invalid_request")


def test_exported_tasks_are_texts_and_bounded(vice, monkeypatch):
    pages = {None: (LINES[:2], "next"), "next": (LINES[2:], None)}

    def lines(request):
        rows, cursor = pages[request["cursor"]]
        return {"headers": ["Mã nhiệm vụ", "Nhiệm vụ"], "rows": rows, "next_cursor": cursor}

    NEIGHBOURS["tasks"].answers = {"tasks.export_tasks": lines}
    answer = vice.get("/task-exports?in_period=overdue&from=2026-01-01&to=2026-01-31&source=city_pc")
    assert answer.headers["Content-Type"] == TYPE_OF["xlsx"]
    asked_for = asked("tasks.export_tasks")[0][1]
    assert (asked_for["in_period"], asked_for["from_day"], asked_for["source"]) == (
        "overdue", date(2026, 1, 1), "city_pc",
    )  # fmt: skip
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == LINES
    assert [cell.quotePrefix for row in sheet.iter_rows(min_row=2, min_col=2) for cell in row] == [True, True, False]
    assert {cell.data_type for row in sheet for cell in row} == {"s"}
    monkeypatch.setattr("gateway.api.task_papers.MOST_LINES", 2)
    assert_problem(vice.get("/task-exports?format=csv"), 422, "too_many_to_export")


def test_an_import_of_tasks_tells_its_faults_in_the_readers_language(vice):
    job = imported(assigner_post_id=unit("any"), state="refused", fault={"code": "macros", "details": {}})
    NEIGHBOURS["tasks"].answers = {"tasks.get_import": job}
    told = vice.get(f"/task-imports/{job['id']}", headers={"Accept-Language": "en"}).json()
    assert told["fault"]["message"] == IMPORT_FAULTS["macros"][1]
    fault = {"column": "due_on", "code": "missing"}
    row = {"number": 0, "kind": "incomplete", "line": 2, "key": "NV-1", "changes": [], "faults": [fault]}
    NEIGHBOURS["tasks"].answers = {"tasks.list_import_rows": {"items": [row], "next_cursor": None}}
    (told,) = vice.get(f"/task-imports/{job['id']}/rows?kind=incomplete").json()["items"]
    assert told["faults"] == [fault | {"message": IMPORT_FAULTS["missing"][0]}]
