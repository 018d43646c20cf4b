"""Sealed secrets: only for their owner, only with a key, and keys may change."""

import stat

import pytest
from cryptography.fernet import Fernet

from chassis.sealing import NotSealedHere, Sealer, make_sealing_keys


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sealing.keys"
    make_sealing_keys(path)
    return path


def test_what_is_sealed_opens_for_its_owner_only(path):
    sealer = Sealer(path)
    sealed = sealer.seal("JBSWY3DP", "account-1")
    assert "JBSWY3DP" not in sealed
    assert sealer.open(sealed, "account-1") == "JBSWY3DP"
    for strange in (sealed[:-5] + "AAAA=", Fernet(Fernet.generate_key()).encrypt(b"account-1\nx").decode(), ""):
        with pytest.raises(NotSealedHere):
            sealer.open(strange, "account-1")
    with pytest.raises(NotSealedHere):
        sealer.open(sealed, "account-2")


def test_a_new_key_on_top_leaves_the_old_ones_good(path):
    sealed = Sealer(path).seal("old", "1")
    path.write_text(Fernet.generate_key().decode() + "\n" + path.read_text())
    assert Sealer(path).open(sealed, "1") == "old"


def test_keys_are_made_once_for_their_owner_alone(path):
    before = path.read_text()
    make_sealing_keys(path)
    assert path.read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_without_keys_is_refused(tmp_path):
    bad = tmp_path / "bad"
    for content in ("", "not a key\n"):
        bad.write_text(content)
        with pytest.raises(ValueError, match="sealing keys"):
            Sealer(bad)
