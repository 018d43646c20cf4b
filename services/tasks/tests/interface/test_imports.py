"""Tasks under way elsewhere come in by files, and go out in the same columns."""

import base64
import hashlib
import io
import itertools
import zipfile
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter

from chassis import clock
from chassis.errors import CallFailed
from chassis.testing import until
from contracts import tasks
from kernel.errors import Refused
from kernel.working_time import today
from tasks.domain.assignment import Piece, fold
from tasks.domain.columns import COLUMNS
from tasks.importing.__main__ import run as carry_out
from tasks.service import Service
from tasks.storage.imports import files
from tasks.tests.interface.conftest import DEPT, HEAD, SUPPORT, VICE, Desk, day
from tasks.use_cases import exports, imports, seeing
from tests.support.town import claims, person, post, unit

CHIEF = claims("office chief_of_office")
MOST = 1000
HEADERS = [
    "Mã nhiệm vụ", "Nhiệm vụ", "Sản phẩm", "Văn bản số", "Ngày văn bản", "Khoản", "Nguồn giao", "Đơn vị chủ trì",
    "Đơn vị phối hợp", "Ngày giao", "Hạn hoàn thành", "Trạng thái", "Tiến độ (%)", "Kết quả", "Văn bản kết quả số",
    "Ngày văn bản kết quả", "Ngày trình kết quả",
]  # fmt: skip
_keys = itertools.count()


def a_line(code: str, lead: str = "Sở Nội vụ", state: str = "Đang thực hiện", **changes) -> list:
    """As the other system wrote it: days are cells of a spreadsheet."""
    line = dict(zip(HEADERS, [
        code, f"Rà soát thủ tục {code}", "Báo cáo", "12/CT-UBND", date(2026, 1, 5), "Khoản 2", "Thành ủy", lead,
        "", date(2026, 1, 6), today(clock.now()) + timedelta(days=30), state, 40, "", "", "", "",
    ], strict=True))  # fmt: skip
    return list((line | {name.replace("_", " "): value for name, value in changes.items()}).values())


RESULT = {
    "Kết_quả": "Đã xong", "Văn_bản_kết_quả_số": "9/BC-SNV", "Ngày_văn_bản_kết_quả": date(2026, 2, 2),
    "Ngày_trình_kết_quả": date(2026, 2, 3),
}  # fmt: skip


def a_file(*lines: list, headers=tuple(HEADERS)) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False})
    sheet, days = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
    for number, line in enumerate([list(headers), *lines]):
        for place, cell in enumerate(line):
            if isinstance(cell, date):
                sheet.write_datetime(number, place, datetime(cell.year, cell.month, cell.day), days)
            elif isinstance(cell, str) and cell.startswith("=SUM"):
                sheet.write_formula(number, place, cell)
            else:
                sheet.write(number, place, cell)
    book.close()
    return file.getvalue()


class Importer:
    """Brings files in, each carried out here and now; without a bus."""

    def __init__(self, town):
        self.town = town

    def ask(self, act, who: dict = CHIEF, **request):
        with self.town.store.transaction() as tx:
            return act(tx, who, request, clock.now())

    def hand_in(self, raw: bytes, who: dict = CHIEF, **options) -> str:
        begin = {
            "idempotency_key": f"import-{next(_keys)}", "form": "xlsx", "size": len(raw), "mapping": {},
            "sha256": hashlib.sha256(raw).hexdigest(), "assigner_post_id": None, "dry_run": True,
        } | options  # fmt: skip
        job = self.ask(imports.begin_import, who, **begin)
        content = base64.b64encode(raw).decode()
        self.ask(imports.add_part, who, id=job["id"], number=0, content=content)
        return job["id"]

    def work(self) -> None:
        files.work_on_next(self.town.store, lambda id_: carry_out(self.town.store.url, id_, MOST), clock.now())

    def compared(self, raw: bytes, **options) -> dict:
        id_ = self.hand_in(raw, **options)
        self.work()  # unless the service does, where it runs
        return until(lambda: self._ended(id_), 60)

    def _ended(self, id_: str) -> dict | None:
        found = self.ask(imports.get_import, id=id_)
        return None if found["state"] in ("waiting", "running") else found

    def taken(self, raw: bytes, **options) -> dict:
        return self.compared(raw, dry_run=False, **options)

    def rows(self, job: dict, kind: str | None = None) -> list[dict]:
        return self.ask(imports.list_rows, id=job["id"], kind=kind, cursor=None, limit=200)["items"]

    def parked(self) -> list[dict]:
        return self.ask(imports.list_parked, cursor=None, limit=200)["items"]

    def complete(self, parked: dict, version: int | None = None, **cells) -> dict:
        return self.ask(
            imports.complete_parked, id=parked["id"], version=version, cells=cells,
            idempotency_key=f"complete-{next(_keys)}",
        )  # fmt: skip

    def exported(self, who: dict = CHIEF, **chosen) -> list[list[str]]:
        wanted = dict.fromkeys(
            ("box", "state", "due", "source", "urgency", "unit_id", "field", "q", "from_day", "to_day", "in_period")
        )  # fmt: skip
        lines, cursor, headers = [], None, None
        while headers is None or cursor:
            page = self.ask(exports.export_tasks, who, **wanted | chosen, limit=2, cursor=cursor)
            headers, cursor = page["headers"], page["next_cursor"]
            lines += page["rows"]
        return [headers, *lines]


@pytest.fixture
def importer(town) -> Importer:
    return Importer(town("tasks"))


def counts(job: dict) -> dict:
    return {kind: count for kind, count in job["counts"].items() if count}


def facts(town) -> list[tuple]:
    return [
        tuple(row.values())
        for row in town.rows(
            "SELECT t.code, t.mode, a.unit_code, a.role, a.state, a.version FROM tasks t JOIN assignments a"
            " ON a.task_id = t.id ORDER BY t.code, a.unit_code"
        )
    ]


def test_a_dry_run_changes_nothing_and_what_is_applied_is_owed_from_now_on(importer):
    raw = a_file(
        a_line("NV-1", Đơn_vị_phối_hợp="Phường 1; Phường 2"), a_line("NV-2", "Phường 1", "Chưa tiếp nhận"),
        a_line("NV-3", "Phường 3", "Hoàn thành", **RESULT), a_line("NV-4", "Phường 1"), a_line("NV-4", "Phường 2"),
    )  # fmt: skip
    found = importer.compared(raw)
    assert (found["state"], counts(found), facts(importer.town)) == ("compared", {"new": 5}, [])
    importer.ask(imports.apply_import, id=found["id"], version=found["version"])
    importer.work()
    done = importer.ask(imports.get_import, id=found["id"])
    assert (done["state"], counts(done)) == ("applied", {"new": 5})
    assert facts(importer.town) == [
        ("NV-1", "joint", "dept", "lead", "in_progress", 1), ("NV-1", "joint", "ward-1", "support", "in_progress", 1),
        ("NV-1", "joint", "ward-2", "support", "in_progress", 1), ("NV-2", "joint", "ward-1", "lead", "assigned", 1),
        ("NV-3", "joint", "ward-3", "lead", "completed", 1), ("NV-4", "each", "ward-1", "lead", "in_progress", 1),
        ("NV-4", "each", "ward-2", "lead", "in_progress", 1),
    ]  # fmt: skip
    [(name, told)] = importer.town.events()
    assert (name, len(told["orders"]), len(told["pieces"])) == ("tasks_imported", 3, 7)
    awaits = [piece["awaits"] and piece["awaits"]["kind"] for piece in told["pieces"]]
    assert sorted(filter(None, awaits)) == ["assignment_to_receive"]


def test_its_history_says_that_it_was_imported_and_folds_into_what_it_is(importer):
    importer.taken(a_file(a_line("NV-3", "Phường 3", "Hoàn thành", **RESULT)))
    importer.taken(a_file(a_line("NV-3", "Phường 3", "Tạm dừng", **dict.fromkeys(RESULT, "-"))))
    [row] = importer.town.rows("SELECT * FROM assignments")
    history = importer.town.rows("SELECT * FROM history WHERE assignment_id IS NOT NULL ORDER BY version")
    assert [(each["verb"], each["data"]["state"], each["actor_person_id"]) for each in history] == [
        ("import", state, row["submitted_by_person_id"] or history[0]["actor_person_id"]) for state in
        ("completed", "suspended")
    ]  # fmt: skip
    assert str(history[0]["actor_person_id"]) == person("office chief_of_office")
    piece = fold(Piece("lead", post("ward-3 head"), post("committee chairman")), history)
    for name in ("state", "version", "current_due", "accepted_at", "done_at", "closed_at", "suspended_at", "grade"):
        assert getattr(piece, name) == row[name], name
    assert importer.town.rows("SELECT outcome FROM results") == [{"outcome": "withdrawn"}]
    headers, line = importer.exported()
    assert line[headers.index("Kết quả")] == "", "what was withdrawn is no result"


def test_the_same_file_again_doubles_nothing_and_a_later_one_changes(importer):
    first = a_file(*(a_line(f"NV-{n}") for n in range(5)))
    importer.taken(first)
    before = facts(importer.town)
    assert (counts(importer.taken(first)), facts(importer.town)) == ({"unchanged": 5}, before)
    later = a_file(a_line("NV-0", state="Đã hoàn thành", **RESULT), a_line("NV-1", Nhiệm_vụ="Tên khác"))
    assert counts(importer.taken(later)) == {"changed": 2}
    assert [state for _, _, _, _, state, _ in facts(importer.town)].count("completed") == 1
    assert importer.town.rows("SELECT title, version FROM tasks WHERE code = 'NV-1'") == [
        {"title": "Tên khác", "version": 2}
    ]  # fmt: skip


def test_incomplete_lines_are_parked_completed_or_discarded(importer):
    raw = a_file(
        a_line("NV-1", Hạn_hoàn_thành=""), a_line("NV-2", "Sở Không Có"), a_line("NV-3"),
        a_line("NV-4", Nhiệm_vụ="=SUM(1,1)"),
    )  # fmt: skip
    done = importer.taken(raw)
    assert counts(done) == {"new": 1, "incomplete": 3}
    assert [(row["line"], row["faults"]) for row in importer.rows(done, "incomplete")] == [
        (2, [{"column": "due_on", "code": "missing"}]), (3, [{"column": "lead", "code": "unknown_unit"}]),
        (5, [{"column": "title", "code": "formula"}]),
    ]  # fmt: skip
    one, two, three = importer.parked()
    assert importer.taken(raw)["counts"]["unchanged"] == 1 and len(importer.parked()) == 3, "the same, not twice"
    still = importer.complete(two, lead="Phường Không Có")["parked"]
    assert (still["faults"], still["cells"]["lead"]) == (
        [{"column": "lead", "code": "unknown_unit"}], "Phường Không Có",
    )  # fmt: skip
    with pytest.raises(Refused, match="changed since"):
        importer.complete(two, version=1, lead="Phường 2")
    assert importer.complete(two, lead="UBND Phường 2")["task_id"]
    assert importer.complete(one, due_on="-")["parked"] is None
    importer.ask(imports.discard_parked, id=three["id"], version=None, idempotency_key="discard")
    assert importer.parked() == []
    assert [code for code, *_ in facts(importer.town)] == ["NV-1", "NV-2", "NV-3"]
    assert importer.town.rows("SELECT current_due FROM assignments WHERE unit_code = 'dept' ORDER BY task_id")[1]


def test_a_line_that_comes_again_complete_is_parked_no_more(importer):
    importer.taken(a_file(a_line("NV-1", Hạn_hoàn_thành="")))
    assert len(importer.parked()) == 1
    importer.taken(a_file(a_line("NV-1")))
    assert importer.parked() == []


def test_what_is_followed_here_is_left_to_its_verbs(here, desk, importer):
    native = desk.order()
    own = Importer(here)
    own.taken(a_file(a_line("NV-1")))
    [piece] = here.rows("SELECT * FROM assignments WHERE unit_code = 'dept'")
    desk(tasks.submit_result, str(piece["id"]), DEPT, summary="Xong",
         document={"number": "1/BC", "issued_on": "2026-03-02"})  # fmt: skip
    lines = own.exported()
    raw = a_file(
        a_line("NV-1", state="Tạm dừng"), a_line(native["id"], "Phường 1", "Tạm dừng"), a_line("NV-9"),
    )  # fmt: skip
    done = own.taken(raw)
    assert counts(done) == {"new": 1, "conflict": 2}
    assert [row["faults"][0]["code"] for row in own.rows(done, "conflict")] == ["followed_here", "given_here"]
    assert [line for line in own.exported() if line[0] != "NV-9"] == lines


def test_what_is_reported_or_asked_here_lives_here_and_what_a_file_reported_does_not(here, desk, importer):
    own = Importer(here)
    own.taken(a_file(*(a_line(f"NV-{n}", **{"Tiến độ (%)": 10}) for n in range(5))))
    later = own.taken(a_file(*(a_line(f"NV-{n}", **{"Tiến độ (%)": 20}) for n in range(5))))
    assert counts(later) == {"changed": 5}
    rows = here.rows("SELECT a.id FROM assignments a JOIN tasks t ON t.id = a.task_id ORDER BY t.code")
    one, two, three, four, _ = ({"id": str(row["id"])} for row in rows)
    desk.report(one, DEPT)
    desk.block(two, DEPT)
    desk.correct(three, DEPT, "original_due", day(20))
    desk.request(four, DEPT)
    done = own.taken(a_file(*(a_line(f"NV-{n}", state="Tạm dừng", **{"Tiến độ (%)": 30}) for n in range(5))))
    assert counts(done) == {"changed": 1, "conflict": 4}


def test_of_work_from_above_the_superior_moves_the_date(here, desk, importer):
    own = Importer(here)
    own.taken(a_file(a_line("NV-1"), a_line("NV-2", Nguồn_giao="UBND Thành phố")))

    def dues() -> list[tuple]:
        rows = here.rows("SELECT t.superior_due, a.original_due FROM tasks t JOIN assignments a ON a.task_id = t.id"
                         " ORDER BY t.code")  # fmt: skip
        return [tuple(row.values()) for row in rows]

    [(above, due), (none, _)] = dues()
    assert (above, none) == (due, None)
    headers = (*HEADERS, "Hạn ban đầu")
    sooner = today(clock.now()) + timedelta(days=20)
    own.taken(a_file([*a_line("NV-1"), sooner], [*a_line("NV-2", Nguồn_giao="Thành ủy"), ""], headers=headers))
    [(above, due), (now, other)] = dues()
    assert (above, above.date()) == (due, sooner)
    assert now == other
    [row, _] = here.rows("SELECT a.id FROM assignments a JOIN tasks t ON t.id = a.task_id ORDER BY t.code")
    asked = desk.request({"id": str(row["id"])}, DEPT)
    granted = desk(tasks.grant_extension, asked["id"], claims("committee chairman"))
    assert granted["state"] == "awaiting_superior"


def test_a_line_is_not_completed_into_another_that_is_parked(importer):
    importer.taken(a_file(a_line("NV-1", Hạn_hoàn_thành=""), a_line("NV-2", Hạn_hoàn_thành="")))
    one, two = importer.parked()
    with pytest.raises(Refused) as refusal:
        importer.complete(two, code=one["code"])
    assert refusal.value.refusal_code == "already_parked"
    assert importer.parked() == [one, two]


def test_what_goes_out_comes_in_again_without_a_difference(here, desk, importer):
    own = Importer(here)
    own.taken(
        a_file(
            a_line("NV-1", Đơn_vị_phối_hợp="Phường 1; Phường 2", Nhiệm_vụ="+ Rà soát; - thống kê"),
            a_line("NV-3", "Phường 3", "Hoàn thành", **RESULT), a_line("NV-4", "Phường 1"),
            a_line("NV-4", "Phường 2", Hạn_hoàn_thành="-"),
        )
    )  # fmt: skip
    desk.order(no_deadline=True, content="Dòng một\nDòng hai")
    headers, *lines = own.exported()
    assert headers == [column.headers[0] for column in COLUMNS] and len(lines) == 5
    before = facts(here), len(here.events())
    again = own.taken(a_file(*lines, headers=headers))
    assert counts(again) == {"unchanged": 5}, own.rows(again)
    assert (facts(here), len(here.events())) == before


def test_everybody_takes_out_what_he_sees(here, desk, importer):
    own = Importer(here)
    own.taken(
        a_file(a_line("NV-1", Đơn_vị_phối_hợp="Phường 2"), a_line("NV-4", "Phường 1"), a_line("NV-4", "Phường 2"))
    )
    place = {column.name: number for number, column in enumerate(COLUMNS)}

    def units(who: dict, **chosen) -> list[tuple[str, str, str]]:
        lines = own.exported(who, **chosen)[1:]
        return sorted((line[0], line[place["lead"]], line[place["support"]]) for line in lines)

    assert units(CHIEF) == [("NV-1", "Sở Nội vụ", "Phường 2"), ("NV-4", "Phường 1", ""), ("NV-4", "Phường 2", "")]
    assert units(DEPT) == [("NV-1", "Sở Nội vụ", "Phường 2")]
    assert units(HEAD) == [("NV-4", "Phường 1", "")]
    assert units(SUPPORT) == [("NV-1", "", "Phường 2"), ("NV-4", "Phường 2", "")]
    assert units(claims("ward-3 head")) == units(VICE, box="issued") == []
    assert units(CHIEF, unit_id=unit("ward-1")) == [("NV-4", "Phường 1", "")]
    done = here.rows("SELECT details FROM audit_log WHERE action = 'tasks.exported'")
    assert len(done) > 4


def test_what_goes_out_is_chosen_as_in_the_lists(here, desk, importer):
    own = Importer(here)
    late, soon = today(clock.now()) - timedelta(days=10), today(clock.now())
    own.taken(
        a_file(
            a_line("NV-1", Nhiệm_vụ="Rà soát đất đai", Hạn_hoàn_thành=late), a_line("NV-2", Hạn_hoàn_thành=soon),
            a_line("NV-3", "Phường 3", "Hoàn thành", **RESULT | {"Hạn_hoàn_thành": date(2026, 1, 30)}),
            a_line("NV-4", "Phường 3", "Hoàn thành", **RESULT), a_line("NV-5", Hạn_hoàn_thành="-"),
            a_line("NV-6", "Phường 1", "Tạm dừng", Hạn_hoàn_thành=late),
        )
    )  # fmt: skip

    def codes(**chosen) -> list[str]:
        return sorted(line[0] for line in own.exported(**chosen)[1:])

    word_of = {
        row["code"]: desk.read(str(row["id"]), CHIEF)["due_state"]
        for row in here.rows("SELECT t.code, a.id FROM tasks t JOIN assignments a ON a.task_id = t.id")
    }
    assert set(word_of.values()) == {"overdue", "due_today", "late", "early", "no_deadline"}
    for word in set(word_of.values()):
        assert codes(due=word) == sorted(code for code in word_of if word_of[code] == word)
    assert codes(q="ra soat DAT") == ["NV-1"] and codes(q="12/ct-ubnd") == sorted(word_of) and codes(q="-!") == []
    assert codes(state="suspended") == ["NV-6"] and codes(state="closed") == ["NV-3", "NV-4"]
    assert codes(state="open", due="overdue", source="city_party_committee") == ["NV-1", "NV-6"]


def test_hostile_files_are_refused_with_their_reason(importer):
    whole = a_file(a_line("NV-1"))
    bomb = io.BytesIO(whole)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/zeros.bin", bytes(300_000_000 // 10))
    macros = io.BytesIO(whole)
    with zipfile.ZipFile(macros, "a") as package:
        package.writestr("xl/vbaProject.bin", b"")
    for raw, code in [
        (bomb.getvalue(), "zip_bomb"), (macros.getvalue(), "macros"), (b"PK\x03\x04", "not_a_spreadsheet"),
        (a_file(*(a_line(f"N{n}") for n in range(MOST + 1))), "too_many_lines"),
        (a_file(["x"], headers=["Nội dung khác"]), "columns_missing"),
    ]:  # fmt: skip
        found = importer.compared(raw)
        assert (found["state"], found["fault"]["code"]) == ("refused", code)
    long = importer.compared(a_file(a_line("NV-1", Kết_quả="x" * 20_001)))
    assert importer.rows(long)[0]["faults"] == [{"column": "result", "code": "too_long"}]
    assert facts(importer.town) == []


def test_a_run_that_died_goes_on_where_it_stopped(importer, monkeypatch):
    monkeypatch.setattr("tasks.importing.work.AT_ONCE", 2)
    id_ = importer.hand_in(a_file(*(a_line(f"NV-{n}") for n in range(5))), dry_run=False)
    change = files.change

    def dies(tx, import_id, **values):
        change(tx, import_id, **values)
        if values.get("applied") == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "change", dies)
    with pytest.raises(KeyboardInterrupt):
        importer.work()
    monkeypatch.setattr(files, "change", change)
    assert len(facts(importer.town)) == 2, "a part that was not committed is not there"
    files.work_on_next(importer.town.store, lambda each: carry_out(importer.town.store.url, each, MOST),
                       clock.now() + timedelta(minutes=5))  # fmt: skip
    done = importer.ask(imports.get_import, id=id_)
    assert (done["state"], counts(done), len(facts(importer.town))) == ("applied", {"new": 5}, 5)
    assert [row["number"] for row in importer.rows(done)] == list(range(5))


def test_a_process_of_its_own_carries_it_out_and_only_the_office_brings_in(town, run, caller):
    here = town("tasks")
    run(Service)
    desk = Desk(caller)
    raw = a_file(a_line("NV-1"))
    begin = {
        "idempotency_key": "once", "form": "xlsx", "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest(),
        "dry_run": False,
    }  # fmt: skip
    assert desk.refused_to_ask(tasks.begin_import, HEAD, **begin) == "not_authorised"
    assert desk.refused_to_ask(
        tasks.begin_import, CHIEF, **begin, assigner_post_id=post("ward-1 head")
    ) == "unknown_post"  # fmt: skip
    job = desk.ask(tasks.begin_import, CHIEF, **begin)
    assert desk.ask(tasks.begin_import, CHIEF, **begin)["id"] == job["id"]
    desk.ask(tasks.add_import_part, CHIEF, id=job["id"], number=0, content=base64.b64encode(raw).decode())
    until(lambda: desk.ask(tasks.get_import, CHIEF, id=job["id"])["state"] == "applied", 60)
    [(_, told)] = here.events()
    piece = told["pieces"][0]
    assert "submit_result" in desk.read(piece["assignment_id"], DEPT)["allowed"]
    correction = desk.correct({"id": piece["assignment_id"]}, DEPT, "original_due", day(20))
    desk(tasks.accept_correction, correction, claims("committee chairman"), reason="Nhập nhầm")
    assert desk.read(piece["assignment_id"], DEPT)["original_due"][:10] == day(20)
    with pytest.raises(CallFailed):
        desk.ask(tasks.get_import, CHIEF, id=clock.new_id())


def test_a_report_of_a_period_adds_up(importer):
    past = today(clock.now()) - timedelta(days=10)
    importer.taken(
        a_file(
            a_line("NV-1"), a_line("NV-2", Hạn_hoàn_thành=past), a_line("NV-3", "Phường 3", "Hoàn thành", **RESULT),
            a_line("NV-5", "Phường 3", "Hoàn thành", **RESULT | {"Hạn_hoàn_thành": date(2026, 1, 30)}),
        )
    )  # fmt: skip
    asked = {"from_day": date(2026, 1, 6), "to_day": today(clock.now()), "unit_id": None}
    report = importer.ask(exports.get_period_report, **asked)
    total = report["total"]
    assert total == {
        "carried_over": 0, "given": 4, "completed_on_time": 1, "completed_late": 1, "revoked": 0,
        "in_progress_in_time": 1, "in_progress_overdue": 1,
    }  # fmt: skip
    for of_unit in [total, *report["units"]]:
        done = sum(of_unit[name] for name in total if name not in ("carried_over", "given"))
        assert of_unit["carried_over"] + of_unit["given"] == done
    period = {"from_day": asked["from_day"], "to_day": asked["to_day"]}
    for name in ("given", "completed_on_time", "completed_late"):
        assert len(importer.exported(in_period=name, **period)) - 1 == total[name]
    assert len(importer.exported(in_period="overdue", **period)) - 1 == total["in_progress_overdue"] == 1
    assert [(row["code"], row["days_late"] > 0) for row in report["late"]] == [("NV-2", True)]
    counted = importer.ask(seeing.get_statistics, by="unit", as_of=None, **{"from": asked["from_day"], "to": None})
    assert counted["total"]["given"] == total["given"]
    assert {
        name: counted["total"]["current"][name] for name in total if name != "carried_over" and name != "given"
    } == {name: count for name, count in total.items() if name not in ("carried_over", "given")}
    before = today(clock.now()) - timedelta(days=1)
    that_day = importer.ask(seeing.get_statistics, by="unit", as_of=before, **{"from": asked["from_day"], "to": None})
    assert that_day["total"]["given"] == 0, "nothing of it was followed here then"
    with importer.town.store.transaction() as tx:
        seeing.settle_outcomes(tx, clock.now())
    again = importer.ask(seeing.get_statistics, by="unit", as_of=before, **{"from": asked["from_day"], "to": None})
    assert again["total"] == that_day["total"]
    own = importer.ask(exports.get_period_report, claims("ward-3 head"), **asked)
    assert (own["unit_id"], own["total"]["given"]) == (unit("ward-3"), 2)
    with pytest.raises(Refused) as refusal:
        importer.ask(exports.get_period_report, HEAD, **asked | {"unit_id": unit("ward-3")})
    assert refusal.value.refusal_code == "not_found"
