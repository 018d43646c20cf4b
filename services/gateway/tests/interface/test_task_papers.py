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
