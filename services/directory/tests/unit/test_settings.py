"""A wrong setting of the directory is refused at start, by name, in one sentence."""

import pytest

from chassis.sealing import make_sealing_keys
from chassis.settings import read_or_exit
from chassis.tests.unit.test_settings import GOOD
from directory.settings import read


@pytest.fixture
def environment(monkeypatch, tmp_path):
    make_sealing_keys(tmp_path / "keys")
    for each in (GOOD | {"CONGVU_SEALING_KEYS": str(tmp_path / "keys")}).items():
        monkeypatch.setenv(*each)
    return monkeypatch


def test_good_settings_are_read(environment):
    environment.setenv("CONGVU_PEOPLE_ALERT", "10")
    environment.setenv("CONGVU_PEOPLE_MOST", "10")
    assert (read().people_alert, read().people_most) == (10, 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONGVU_SEALING_KEYS", None),
        ("CONGVU_SEALING_KEYS", ""),
        ("CONGVU_SEALING_KEYS", "/nowhere"),
        ("CONGVU_SEALING_KEYS", "/dev/null"),
        ("CONGVU_SEALING_KEYS", __file__),
        ("CONGVU_TOTP_REQUIRED_FOR", "head,boss"),
        ("CONGVU_PEOPLE_ALERT", "0"),
        ("CONGVU_PEOPLE_MOST", "many"),
        ("CONGVU_PEOPLE_MOST", "1499"),
    ],
)
def test_a_wrong_value_ends_the_start_with_one_sentence(environment, name, value):
    environment.delenv(name, raising=False)
    if value is not None:
        environment.setenv(name, value)
    with pytest.raises(SystemExit, match=name) as ended:
        read_or_exit(read)
    assert "\n" not in str(ended.value)
