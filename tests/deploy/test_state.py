"""Files of a run: readable by their owner alone, whole or absent."""

import stat

from deploy.local.state import read_json, write_json
from deploy.local.terminal import short


def test_a_file_is_readable_by_its_owner_alone(tmp_path):
    write_json(tmp_path / "secrets.json", {"a": "b"})
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert read_json(tmp_path / "secrets.json") == {"a": "b"}


def test_a_file_that_a_crash_cut_short_reads_as_absent(tmp_path):
    (tmp_path / "run.json").write_text('{"base_url": ')
    assert read_json(tmp_path / "run.json") is None
    assert read_json(tmp_path / "never.json") is None


def test_a_log_line_is_shown_short():
    line = (
        '{"event":"started","level":"info","timestamp":"2026-11-22T02:54:22.4Z","service":"tasks",'
        '"call_id":"01a2","pid":7}'
    )
    assert short("tasks", line) == "tasks      | 02:54:22 started pid=7"
    assert short("tasks", "Traceback") == "tasks      | Traceback"
