"""The loader: whole or not at all, once."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from directory import load as loader
from directory.tests.conftest import empty, sealer

SERVICES = Path(loader.__file__).resolve().parent.parent


@pytest.fixture
def nobody(world):
    empty(world)
    yield
    empty(world)


def run(world, file, *options, **environment):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "directory.load", "--accounts-file", str(file), *options],
        env=os.environ
        | {"PYTHONPATH": str(SERVICES), "CONGVU_DATABASE_OWNER_URL": world.owners["directory"]}
        | {"CONGVU_SEALING_KEYS": f"{world.keys}/sealing.keys"}
        | environment,
        capture_output=True,
        text=True,
    )


def counts(store):
    with store("directory").reading() as tx:
        return {
            name: tx.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar()
            for name in ("units", "people", "entries", "accounts")
        }


def test_a_city_is_loaded_once(world, nobody, store, tmp_path):
    file = tmp_path / "made" / "accounts.json"
    loaded = run(world, file, "--people", "2500", CONGVU_DEMO_PASSWORD="mot-hai-ba")
    assert loaded.returncode == 0, loaded.stderr
    assert "the city is loaded" in loaded.stderr
    assert counts(store) == {"units": 959, "people": 2500, "entries": 2668, "accounts": 2500}
    accounts = orjson.loads(file.read_bytes())
    assert accounts["password"] == "mot-hai-ba"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (len(accounts["heads"]), len(accounts["accounts"])) == (184, 10)
    assert [a["role"] for a in accounts["accounts"] if "totp_secret" in a] == ["administrator"]

    again = run(world, tmp_path / "other.json", "--people", "2500")
    assert again.returncode == 3
    assert "there is a city" in again.stderr
    assert not (tmp_path / "other.json").exists()
    assert counts(store)["people"] == 2500


def test_an_interrupted_load_leaves_nothing(world, nobody, store, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(loader, "_write", full)
    with pytest.raises(OSError):
        loader.load(world.owners["directory"], 2500, 1, tmp_path / "a.json", "x", sealer(world), datetime.now(UTC))
    assert set(counts(store).values()) == {0}


@pytest.mark.parametrize(
    "options, environment, sentence",
    [
        (("--people", "100"), {}, "people are needed"),
        ((), {"CONGVU_DATABASE_OWNER_URL": ""}, "CONGVU_DATABASE_OWNER_URL is not set"),
        ((), {"CONGVU_DATABASE_OWNER_URL": "postgresql://nobody@127.0.0.1:1/none"}, "was not loaded"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(world, nobody, tmp_path, options, environment, sentence):
    failed = run(world, tmp_path / "a.json", *options, **environment)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert sentence in failed.stderr.strip().splitlines()[-1]
