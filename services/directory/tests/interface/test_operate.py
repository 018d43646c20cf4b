"""What only the operator does: the first administrator, the break-glass account, handing over the whole city."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from openpyxl import load_workbook

from directory import papers
from directory.tests.conftest import empty
from directory.tests.support import OFFICE, refusal, said, sign_in

SERVICES = Path(__file__).resolve().parents[3]
FORGET = """
    UPDATE accounts SET password_hash = NULL WHERE person_id IN (
        SELECT m.person_id FROM memberships m JOIN posts p ON p.id = m.post_id JOIN units u ON u.id = p.unit_id
        WHERE u.code LIKE '25747%')
"""


def operate(world, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "directory.operate", *arguments],
        env=os.environ | {"PYTHONPATH": str(SERVICES), "CONGVU_DATABASE_URL": world.databases["directory"]},
        capture_output=True,
        text=True,
    )


def test_the_first_administrator_founds_an_empty_platform_once(world, security, own_city):
    empty(world)
    done = operate(world, "first-administrator", "--name", "Nguyễn Văn An")
    assert done.returncode == 0, done.stderr
    username, password = re.findall(r": (\S+)$", done.stdout, re.M)
    assert username == "annv"
    assert sign_in(own_city, security, username, password)["restriction"] == "password_change_required"
    again = operate(world, "first-administrator", "--name", "Kẻ Khác")
    assert again.returncode == 3 and "already" in again.stderr
    [(name, data)] = said(own_city)
    assert name == "membership_changed"
    assert [fact["kind"] for fact in data["facts"]] == ["unit", "post", "membership"]


def test_where_somebody_administers_there_is_no_first_administrator(own_city, world):
    assert operate(world, "first-administrator", "--name", "Kẻ Khác").returncode == 3


def test_the_break_glass_account_works_without_a_phone_and_raises_an_alert(own_city, security, world, capsys):
    sealed = [operate(world, "break-glass") for _ in range(2)]
    assert [done.returncode for done in sealed] == [0, 0], sealed[0].stderr + sealed[1].stderr
    old, new = (re.findall(r": (\S+)$", done.stdout, re.M)[1] for done in sealed)
    assert refusal(sign_in, own_city, security, "khancap", old) == "wrong_credentials"
    assert sign_in(own_city, security, "khancap", new, address=OFFICE)["restriction"] is None
    assert capsys.readouterr().out.count("the break-glass account is being used") == 2
    sealed, used = [(name, data) for name, data in said(own_city) if name.startswith("break_glass")]
    assert (sealed[0], used[0]) == ("break_glass_sealed", "break_glass_used")  # a wrong guess is told to the operator
    assert used[1].keys() == {"account_id", "person_id", "at"}
    assert ("account.signed_in", "break_glass") in [
        (row.action, row.kind) for row in own_city.all("SELECT action, details->>'kind' AS kind FROM audit_log")
    ]


def test_sealing_anew_keeps_the_name_that_the_account_has(own_city, security, world):
    first, anew, renamed = (
        operate(world, "break-glass", *named) for named in (["--username", "cuaphu"], [], ["--username", "cuasau"])
    )
    assert [re.findall(r": (\S+)$", done.stdout, re.M)[0] for done in (first, anew, renamed)] == [
        "cuaphu", "cuaphu", "cuasau",
    ]  # fmt: skip
    password = re.findall(r": (\S+)$", renamed.stdout, re.M)[1]
    assert sign_in(own_city, security, "cuasau", password, address=OFFICE)["restriction"] is None


def test_the_whole_city_is_handed_over_in_files_for_the_operator_alone(own_city, security, world, tmp_path):
    with own_city.store.transaction() as tx:
        tx.execute(sa.text(FORGET))
    done = operate(world, "handover", "--folder", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["25747.html", "25747.xlsx"]
    sheet = tmp_path / "out" / "25747.xlsx"
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    header, *found = load_workbook(sheet).active.values
    assert header == papers.HEADER
    assert done.stdout.startswith(f"{len(found)} accounts")
    assert sign_in(own_city, security, found[0][3], found[0][4])
    assert not any(row[4] in done.stdout + done.stderr for row in found)
