"""Files through the gateway: handed on in parts, told in the reader's language, written without a formula."""

import base64
import hashlib
import io
import re
from pathlib import Path

from openpyxl import load_workbook

from contracts.imports import MOST_BYTES, PART_BYTES
from gateway.exporting import TYPE_OF
from gateway.import_faults import IMPORT_FAULTS
from gateway.tests.support import NEIGHBOURS, asked, assert_problem, imported

CSV = {"Content-Type": "text/csv", "Idempotency-Key": "k"}
LINES = [["CB1", "=1+1", "+84 28"], ["CB2", "'=x", "-"], ["CB3", "Đặng Thị Ân", ""]]


def test_a_large_file_is_handed_on_in_parts(vice):
    raw = bytes(range(256)) * (PART_BYTES // 256) * 2 + b"the rest"
    answer = vice.call("POST", "/directory/imports?what=people&end_missing=true", data=raw, headers=CSV)
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(answer.json()["id"])
    ((_, begun),) = asked("directory.begin_import")
    assert (begun["size"], begun["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert (begun["form"], begun["dry_run"], begun["end_missing"]) == ("csv", True, True)
    parts = [request for _, request in asked("directory.add_import_part")]
    assert [part["number"] for part in parts] == [0, 1, 2]
    assert b"".join(base64.b64decode(part["content"]) for part in parts) == raw


def test_an_import_that_has_its_file_is_not_sent_it_again(vice):
    NEIGHBOURS["directory"].answers = {"directory.begin_import": imported(state="compared")}
    assert vice.call("POST", "/directory/imports?what=units", data=b"x", headers=CSV).status_code == 202
    assert asked("directory.add_import_part") == []


def test_what_is_no_import_is_refused(vice, client):
    def refused(status, code, path="?what=people", data=b"x", headers=CSV, who=vice):
        assert_problem(who.call("POST", f"/directory/imports{path}", data=data, headers=headers), status, code)

    refused(401, "unauthenticated", who=client)
    refused(
        415, "unsupported_media_type", headers=CSV | {"Content-Type": "application/vnd.ms-excel.sheet.macroEnabled.12"}
    )
    refused(400, "idempotency_key_required", headers={"Content-Type": "text/csv"})
    refused(422, "invalid_request", path="?what=anything")
    refused(422, "invalid_request", path="?what=people&mapping=[1]")
    refused(422, "invalid_request", data=b"")
    refused(413, "body_too_large", data=bytes(MOST_BYTES + 1))
    assert asked("directory.begin_import") == []


def test_faults_are_told_in_the_readers_language(vice):
    fault = {"code": "wrong_encoding", "details": {"looks_like": "TCVN3 (ABC)"}}
    NEIGHBOURS["directory"].answers = {"directory.get_import": imported(state="refused", fault=fault)}
    path = f"/directory/imports/{imported()['id']}"
    assert vice.get(path).json()["fault"]["message"] == IMPORT_FAULTS["wrong_encoding"][0]
    english = vice.get(path, headers={"Accept-Language": "en"}).json()
    assert english["fault"] == fault | {"message": IMPORT_FAULTS["wrong_encoding"][1]}


def test_what_goes_out_is_no_formula_to_a_spreadsheet(vice):
    pages = {None: (LINES[:2], "next"), "next": (LINES[2:], None)}

    def lines(request):
        rows, cursor = pages[request["cursor"]]
        return {"headers": ["Mã", "Họ và tên", "Điện thoại"], "rows": rows, "next_cursor": cursor}

    NEIGHBOURS["directory"].answers = {"directory.export_lines": lines}
    answer = vice.get("/directory/exports?what=people")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode("utf-8").split("\r\n") == [
        "\ufeffMã,Họ và tên,Điện thoại", "CB1,'=1+1,'+84 28", "CB2,''=x,'-", "CB3,Đặng Thị Ân,", "",
    ]  # fmt: skip
    answer = vice.get("/directory/exports?what=people&format=xlsx")
    assert answer.headers["Content-Type"] == TYPE_OF["xlsx"]
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)] == LINES
    assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}


def test_every_fault_that_occurs_is_told_in_both_languages():
    house = Path(__file__).resolve().parents[3]
    said = r'(?:BadFile\(|BadHeaders\(|Fault\([^,()]+(?:\([^()]*\)[^,()]*)?, |clashes\([^,]+, )"([a-z_0-9]+)"'
    rooms = [house / service / room for service in ("directory", "tasks") for room in ("importing", "domain")]
    sources = [path for room in (*rooms, house / "kernel") for path in room.glob("*.py")]
    codes = {code for path in sources for code in re.findall(said, path.read_text())}
    columns = (house / "kernel/columns.py").read_text()
    codes |= set(re.findall(r'"(not_\w+|unknown_\w+|missing|formula)"', columns))
    assert {"formula", "cycle", "zip_bomb", "duplicate_key", "post_held", "not_a_phone", "not_text"} <= codes
    assert codes - IMPORT_FAULTS.keys() == set()
    assert all(english.isascii() for _, english in IMPORT_FAULTS.values())
