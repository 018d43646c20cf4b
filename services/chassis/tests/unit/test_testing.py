"""What the plugin promises to the tests themselves."""

import os
import subprocess
import sys

TESTS = """
import eventlet, pytest
pytestmark = pytest.mark.timeout(0.2)

@pytest.fixture
def endless(): eventlet.sleep(600)

def test_endless():
    try:
        eventlet.sleep(600)
    except Exception:
        pass

def test_with_an_endless_fixture(endless): pass

@pytest.mark.timeout(60)
def test_next(): eventlet.sleep(0.5)
"""


def test_whatever_takes_too_long_fails_and_the_next_is_run(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    plugins = ["-pchassis.testing", "-ppytest_timeout", "-pno:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={tmp_path}", *plugins, str(tmp_path)],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.count("E       Failed: it takes longer than 0.2 s")) == (1, 2), done.stdout
    assert "1 failed, 1 passed, " in done.stdout.splitlines()[-1]
